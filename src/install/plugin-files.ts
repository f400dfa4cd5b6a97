/** The files of a plugin: where the package has them, and where a program loads them from. */
import { cpSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeFolder } from "../storage/index.ts";
import { InstallError } from "./host-plugin.ts";

/** In the plugin's folder: which keepwarm its files are of. */
const VERSION_FILE = "keepwarm-version";

/** A folder of keepwarm's own: where the package lies may be gone tomorrow (npx), or be another (a new Node). */
export function pluginDirectory(stateDirectory: string, id: string): string {
  return join(stateDirectory, "plugins", id);
}

/** @throws {InstallError} where this package was not built */
export function builtFiles(id: string): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package.json"))) folder = dirname(folder);
  const built = join(folder, "dist", "hosts", id);
  if (existsSync(built)) return built;
  throw new InstallError(`this keepwarm has no plugin built for ${id}: run npm run build first`);
}

/** Puts the files in place, all at once. */
export function placeFiles(from: string, directory: string, version: string): void {
  const draft = `${directory}.new`;
  const old = `${directory}.old`;
  makeFolder(dirname(directory));
  for (const leftOver of [draft, old]) rmSync(leftOver, { recursive: true, force: true });
  cpSync(from, draft, { recursive: true });
  writeFileSync(join(draft, VERSION_FILE), version);
  if (existsSync(directory)) renameSync(directory, old);
  renameSync(draft, directory);
  rmSync(old, { recursive: true, force: true });
}

/** Null where there are none. */
export function placedVersion(directory: string): string | null {
  try {
    return readFileSync(join(directory, VERSION_FILE), "utf8").trim();
  } catch {
    return null;
  }
}

export function removeFiles(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
}
