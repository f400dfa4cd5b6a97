/** Installs the agents of `test/hosts/package.json` where they are missing or of another version. */
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { installPiWithThreads } from "./install-pi.ts";

const LIST = resolve("test/hosts/package.json");
/** Not beside the tests: what agents depend on would be found there before our own. */
export const FOLDER = resolve("node_modules/.hosts");

/** The agent's program. */
export function program(name: string): string {
  return join(FOLDER, "node_modules", ".bin", name);
}

export default function install(): void {
  installPiWithThreads();
  const { dependencies = {} } = packageIn(LIST);
  const missing = Object.entries(dependencies).filter(
    ([name, version]) => installedVersion(name) !== version,
  );
  if (missing.length === 0) return;
  mkdirSync(FOLDER, { recursive: true });
  copyFileSync(LIST, join(FOLDER, "package.json"));
  const args = ["install", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"];
  execFileSync("npm", args, { cwd: FOLDER, stdio: "inherit" });
}

/** The version that is to be installed. */
export function listedVersion(name: string): string {
  const version = packageIn(LIST).dependencies?.[name];
  if (version === undefined) throw new Error(`${LIST} does not list ${name}`);
  return version;
}

export function installedVersion(name: string): string | undefined {
  return packageIn(join(FOLDER, "node_modules", name, "package.json")).version;
}

interface Package {
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

function packageIn(file: string): Package {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return {};
  }
}
