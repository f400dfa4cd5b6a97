/** The control token: one secret a state directory, made by whoever needs it first. */
import { randomBytes } from "node:crypto";
import { open, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { makeFolder } from "../storage/index.ts";

const TOKEN_BYTES = 32;
/** Base64url of {@link TOKEN_BYTES}. */
const TOKEN = /^[\w-]{43}$/;
/** How long a process that has just made the file is given to write it, in ms. */
const PATIENCE_MS = 1_000;
const LOOK_AGAIN_MS = 10;

/** The token cannot be trusted, or not be read. `message` says what to do. */
export class TokenError extends Error {
  override readonly name = "TokenError";
}

/** The token of a state directory; makes directory and token where there are none. @throws {TokenError} */
export async function controlToken(directory: string): Promise<string> {
  const file = tokenFile(directory);
  try {
    makeFolder(directory);
  } catch (error) {
    throw new TokenError(`${directory} could not be made (KEEPWARM_HOME names another): ${messageOf(error)}`);
  }
  try {
    // Exclusively, so that of two processes that start at once one makes it and the other reads it.
    const handle = await open(file, "wx", 0o600);
    try {
      await handle.writeFile(randomBytes(TOKEN_BYTES).toString("base64url"));
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw new TokenError(`${file} could not be made: ${messageOf(error)}`);
  }
  const token = await readToken(directory);
  if (token === null) throw new TokenError(`${file} has vanished while it was read: try again`);
  return token;
}

/** The token of a state directory, or null where none was made yet. @throws {TokenError} */
export async function readToken(directory: string): Promise<string | null> {
  const file = tokenFile(directory);
  try {
    await refuseShared(file);
    for (let waitedMs = 0; ; waitedMs += LOOK_AGAIN_MS) {
      const token = (await readFile(file, "utf8")).trim();
      if (TOKEN.test(token)) return token;
      if (waitedMs >= PATIENCE_MS) break;
      await sleep(LOOK_AGAIN_MS);
    }
  } catch (error) {
    if (error instanceof TokenError) throw error;
    if (codeOf(error) === "ENOENT") return null;
    throw new TokenError(`${file} could not be read: ${messageOf(error)}`);
  }
  throw new TokenError(`${file} holds no token: remove it, and keepwarm start makes a new one`);
}

/**
 * Refused rather than tightened: who could read it may have done so, and knows it still when the file is closed.
 */
async function refuseShared(file: string): Promise<void> {
  // Windows keeps no such mode; there the folder's access list guards it.
  if (process.platform === "win32") return;
  const mode = (await stat(file)).mode & 0o777;
  if ((mode & 0o077) === 0) return;
  throw new TokenError(
    `others on this machine may read ${file} (mode ${mode.toString(8)}), so its token is no secret any more: ` +
      "stop the gateway, remove the file, and keepwarm start makes a new one",
  );
}

function tokenFile(directory: string): string {
  return join(directory, "token");
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | null)?.code;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
