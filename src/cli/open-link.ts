/**
 * Opens a link that is a secret. On a command line everybody on the machine could read it, so the browser is given
 * a file that only its owner may read, and that sends it on.
 */
import { ChildProcess } from "node:child_process";
import { rename, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import open from "open";
import { makeFolder, stateDirectory } from "../storage/index.ts";

/** @throws a sentence, when no browser could be opened */
export async function openLink(
  link: string,
  { directory = stateDirectory(), launch = (file: string): Promise<unknown> => open(file) } = {},
): Promise<void> {
  makeFolder(directory);
  const file = join(directory, "console.html");
  const fresh = `${file}.${process.pid}.new`;
  await writeFile(fresh, pageTo(link), { mode: 0o600 });
  await rename(fresh, file);
  try {
    await refusal(await launch(file));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`no browser could be opened (${reason}): open the link yourself`);
  }
}

/** How long what starts a browser may take to say that it cannot, in ms. */
const PATIENCE_MS = 2_000;

/** It is a program of its own, which finds out by itself that there is no browser. @throws when it ends in failure */
async function refusal(launched: unknown): Promise<void> {
  if (!(launched instanceof ChildProcess)) return;
  const code = await new Promise<number | null>((resolve) => {
    const timer = setTimeout(resolve, PATIENCE_MS, null);
    const over = (code: number | null) => {
      clearTimeout(timer);
      resolve(code);
    };
    if (launched.exitCode !== null) over(launched.exitCode);
    else launched.once("exit", over);
  });
  if (code !== null && code !== 0) throw new Error(`${basename(launched.spawnfile)} ended with ${code}`);
}

function pageTo(link: string): string {
  // Neither quotes nor brackets: a loopback address, and a token of letters, digits, - and _.
  const url = encodeURI(link);
  return `<!doctype html><meta charset="utf-8"><title>keepwarm</title><meta http-equiv="refresh" content="0;url=${url}"><a href="${url}">The console</a>\n`;
}
