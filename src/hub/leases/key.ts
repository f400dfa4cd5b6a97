/** The key by which the processes of one person name a prefix alike, and nobody else can. */
import { randomBytes } from "node:crypto";
import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "../../storage/index.ts";
import { LEASE_KEY, LEASE_KEY_FILE } from "./key-file.ts";

/** Made by whoever needs it first. @throws the system's error where it can neither be read nor made */
export function leaseKey(stateDirectory: string): string {
  const file = join(stateDirectory, LEASE_KEY_FILE);
  const known = read(file);
  if (known !== null) return known;
  makeFolder(stateDirectory);
  const draft = `${file}.${randomBytes(6).toString("hex")}`;
  try {
    writeFileSync(draft, randomBytes(32).toString("base64url"), { mode: 0o600, flag: "wx" });
    // Not renamed: of two that make one at once, the first stays.
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  const key = read(file);
  if (key === null) throw new Error(`${file} holds no key: remove it, and a new one is made`);
  return key;
}

function read(file: string): string | null {
  try {
    const key = readFileSync(file, "utf8").trim();
    return LEASE_KEY.test(key) ? key : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
