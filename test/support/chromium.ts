/** A real Chromium, unpacked once from its package: nothing is downloaded. */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import chromium from "@sparticuz/chromium";
import { type Browser, chromium as driver } from "playwright-core";

/** Its package unpacks into the system's folder for temporary files, where another version's may lie. */
const HOME = resolve("node_modules/.cache/keepwarm-chromium");

export async function launchChromium(): Promise<Browser> {
  return driver.launch({
    executablePath: await unpacked(),
    args: ["--disable-gpu", "--font-render-hinting=none"],
  });
}

async function unpacked(): Promise<string> {
  const executable = join(HOME, "chromium");
  if (existsSync(executable)) return executable;
  mkdirSync(join(HOME, ".."), { recursive: true });
  const fresh = mkdtempSync(`${HOME}-`);
  const { TMPDIR } = process.env;
  process.env.TMPDIR = fresh;
  try {
    await chromium.executablePath();
    // Whole or not at all, whoever else unpacks it at this moment.
    renameSync(fresh, HOME);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    if (!existsSync(executable)) throw error;
  } finally {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
  }
  return executable;
}
