/** The key that pre-warms are sent with: one that somebody configured, never one that passed by. */
import { readFile, stat } from "node:fs/promises";

export interface KeySources {
  /** A file that holds it, readable by its owner alone; absolute. */
  readonly file: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Read at each use, so that a new one holds at once. @throws a sentence for people, without the key */
export async function configuredKey({ file, env }: KeySources): Promise<string> {
  const key = file === undefined ? env.ANTHROPIC_API_KEY?.trim() : await keyIn(file);
  if (key === undefined || key === "") {
    throw new Error(
      file === undefined
        ? "there is no key to pre-warm with: set ANTHROPIC_API_KEY, or prewarmKeyFile to a file that holds one"
        : `${file} holds no key: write one API key into it, and nothing else`,
    );
  }
  // Whatever else it is would be an invalid header, or two of them.
  if (!/^[\x21-\x7e]+$/.test(key))
    throw new Error(`${file ?? "ANTHROPIC_API_KEY"} holds more than one API key`);
  // No setting allows it here.
  if (key.startsWith("sk-ant-oat")) {
    throw new Error(
      `${file ?? "ANTHROPIC_API_KEY"} holds a subscription's token: pre-warms need an API key (sk-ant-api…)`,
    );
  }
  return key;
}

async function keyIn(file: string): Promise<string> {
  let mode: number;
  let key: string;
  try {
    mode = (await stat(file)).mode & 0o777;
    key = (await readFile(file, "utf8")).trim();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new Error(`the key file ${file} cannot be read (${code})`);
  }
  // Windows keeps no such mode; there the folder's access list guards it.
  if (process.platform !== "win32" && (mode & 0o077) !== 0) {
    throw new Error(
      `others on this machine may read ${file} (mode ${mode.toString(8)}): chmod 600 ${file}, and use another key`,
    );
  }
  return key;
}
