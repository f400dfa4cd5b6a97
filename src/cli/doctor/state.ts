/** What keepwarm keeps on disk: whether it can be written, and by nobody else. */
import { constants } from "node:fs";
import { access, mkdtemp, rmdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { readToken } from "../../hub/index.ts";
import { inspectStore } from "../../storage/index.ts";
import { type Finding, good, note, wrong } from "./finding.ts";

export async function stateFindings(directory: string): Promise<Finding[]> {
  const folder = await folderFinding(directory);
  if (folder.state === "wrong") return [folder];
  return [folder, await tokenFinding(directory), storeFinding(directory)];
}

async function folderFinding(directory: string): Promise<Finding> {
  const found = await stat(directory).catch(() => null);
  if (found === null) return notYetFinding(directory);
  if (!found.isDirectory()) {
    return wrong(
      "state folder",
      `${directory} is no folder`,
      "remove it, or name another with KEEPWARM_HOME",
    );
  }
  if (!(await isWritable(directory))) {
    return wrong(
      "state folder",
      `${directory} may not be written`,
      "change whose it is, or name another with KEEPWARM_HOME",
    );
  }
  // Windows keeps no such mode.
  if (process.platform !== "win32" && (found.mode & 0o022) !== 0) {
    return wrong(
      "state folder",
      `others on this machine may write in ${directory}`,
      `chmod 700 ${directory}`,
    );
  }
  return good("state folder", directory);
}

/** It is made by the first start, in the nearest folder there is. */
async function notYetFinding(directory: string): Promise<Finding> {
  let parent = dirname(directory);
  while ((await stat(parent).catch(() => null)) === null) parent = dirname(parent);
  const code = await whyNothingIsMade(parent);
  return code === null
    ? good("state folder", `${directory}, which the first start makes`)
    : wrong(
        "state folder",
        `${directory} cannot be made: nothing can be made in ${parent} (${code})`,
        "name another with KEEPWARM_HOME",
      );
}

/** By trying: some file systems let everybody write, and take nothing (`/proc`). Null: it can be done. */
async function whyNothingIsMade(parent: string): Promise<string | null> {
  try {
    await rmdir(await mkdtemp(join(parent, ".keepwarm-doctor-")));
    return null;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}

async function isWritable(folder: string): Promise<boolean> {
  return access(folder, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function tokenFinding(directory: string): Promise<Finding> {
  try {
    const token = await readToken(directory);
    return good("control token", token === null ? "the first start makes one" : "there, and for you alone");
  } catch (error) {
    return wrong("control token", error instanceof Error ? error.message : String(error));
  }
}

function storeFinding(directory: string): Finding {
  const file = join(directory, "keepwarm.sqlite");
  const store = inspectStore(file);
  switch (store.state) {
    case "none":
      return good("settings store", "the first start makes one");
    case "sound":
      return good("settings store", `${file}, ${store.entries} ${store.entries === 1 ? "entry" : "entries"}`);
    case "unusable":
      return note(
        "settings store",
        `${file} cannot be read: ${store.why}`,
        "if it is damaged, the next start sets it aside and begins a new one",
      );
  }
}
