/** A program's settings file, read and replaced without changing more of it than is meant. */
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, resolve } from "node:path";
import { InstallError } from "./host-plugin.ts";

export interface ConfigText {
  /** Without its byte order mark. */
  readonly text: string;
  readonly hasMark: boolean;
}

const MARK = "\uFEFF";

/** Null where there is none. @throws {InstallError} when it cannot be read, or is no UTF-8 */
export function readConfig(path: string): ConfigText | null {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw new InstallError(`${path} could not be read: ${messageOf(error)}`);
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new InstallError(`${path} is no UTF-8 text, so it was left alone: save it as UTF-8 first`);
  }
  const hasMark = text.startsWith(MARK);
  return { text: hasMark ? text.slice(1) : text, hasMark };
}

/** @throws {InstallError} when it may not be written */
export function refuseReadOnly(path: string): void {
  try {
    // By its mode, because replacing a file asks only for its folder's, and its owner meant something by it.
    if ((statSync(path).mode & 0o222) !== 0) return;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return;
    throw new InstallError(`${path} could not be read: ${messageOf(error)}`);
  }
  throw new InstallError(`${path} is read-only, so it was left alone: allow writing it first`);
}

/**
 * Replaced whole, so that nobody reads half of it; a link stays one, and the mode stays.
 *
 * @param expected what it must still hold; null: it must still be missing
 * @throws {InstallError} when it cannot be, or holds something else by now
 */
export function writeConfig(path: string, { text, hasMark }: ConfigText, expected: ConfigText | null): void {
  refuseReadOnly(path);
  const target = targetOf(path);
  const draft = `${target}.keepwarm-${randomBytes(6).toString("hex")}`;
  try {
    writeFileSync(draft, (hasMark ? MARK : "") + text, { mode: 0o600, flag: "wx" });
    chmodSync(draft, modeOf(target));
    const there = readConfig(path);
    if (there?.text !== expected?.text || there?.hasMark !== expected?.hasMark) {
      throw new InstallError(`${path} was changed meanwhile, so it was left alone: try again`);
    }
    renameSync(draft, target);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error instanceof InstallError
      ? error
      : new InstallError(`${path} could not be written: ${messageOf(error)}`);
  }
}

/** Where a link leads, though nothing may be there. */
function targetOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    try {
      return resolve(dirname(path), readlinkSync(path));
    } catch {
      return path;
    }
  }
}

function modeOf(path: string): number {
  try {
    return statSync(path).mode & 0o777;
  } catch {
    return 0o600;
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | null)?.code;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
