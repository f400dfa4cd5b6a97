/**
 * The pi that has message threads. Its package cannot be installed whole, because some of what it names is not
 * published; what it runs is one bundle, which needs these three alone.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

export const PI_WITH_THREADS_VERSION = "1.5.2";
const NEEDED = { "@silvia-odwyer/photon-node": "0.3.4", jiti: "2.7.0", typebox: "1.3.27" };
const FOLDER = resolve("node_modules/.hosts-pi");
const PACKAGE = join(FOLDER, "node_modules", "@earendil-works", "pi-coding-agent");

/** What Node is to run. */
export const PI_WITH_THREADS = join(PACKAGE, "dist", "bundle", "cli.js");

export function installPiWithThreads(): void {
  const done = join(FOLDER, `installed-${PI_WITH_THREADS_VERSION}`);
  if (existsSync(done)) return;
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, "package.json"), JSON.stringify({ private: true, dependencies: NEEDED }));
  const npm = (...args: string[]) =>
    execFileSync("npm", [...args, "--loglevel=error"], {
      cwd: FOLDER,
      stdio: ["ignore", "ignore", "inherit"],
    });
  npm("install", "--no-package-lock", "--no-audit", "--no-fund");
  npm("pack", `@earendil-works/pi-coding-agent@${PI_WITH_THREADS_VERSION}`);
  const [archive] = readdirSync(FOLDER).filter((name) => name.endsWith(".tgz"));
  if (archive === undefined) throw new Error(`npm pack left nothing of pi ${PI_WITH_THREADS_VERSION}`);
  execFileSync("tar", ["xzf", archive], { cwd: FOLDER });
  mkdirSync(join(PACKAGE, ".."), { recursive: true });
  renameSync(join(FOLDER, "package"), PACKAGE);
  writeFileSync(done, "");
}

export function installedPiWithThreads(): string | undefined {
  return JSON.parse(readFileSync(join(PACKAGE, "package.json"), "utf8")).version;
}
