/**
 * Opens a link that is a secret. On a command line everybody on the machine could read it, so the browser is given
 * a file that only its owner may read, and that sends it on.
 */
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
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
    await launch(file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`no browser could be opened (${reason}): open the link yourself`);
  }
}

function pageTo(link: string): string {
  // Neither quotes nor brackets: a loopback address, and a token of letters, digits, - and _.
  const url = encodeURI(link);
  return `<!doctype html><meta charset="utf-8"><title>keepwarm</title><meta http-equiv="refresh" content="0;url=${url}"><a href="${url}">The console</a>\n`;
}
