/** Finds the program that a command names, as a shell would. */
import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { delimiter, join } from "node:path";

export type ProgramFile =
  | { readonly state: "found"; readonly file: string }
  | { readonly state: "missing" }
  /** Something of that name is there, but cannot be run. */
  | { readonly state: "unusable"; readonly file: string; readonly isFolder: boolean };

/** @param path the PATH that is searched where the command is a mere name */
export async function programFile(command: string, path: string): Promise<ProgramFile> {
  const isPath = /[/\\]/.test(command) && (command.includes("/") || process.platform === "win32");
  const files = isPath ? [command] : path.split(delimiter).map((folder) => join(folder || ".", command));
  let unusable: ProgramFile | null = null;
  for (const file of files.flatMap((name) => endings().map((ending) => name + ending))) {
    const found = await stat(file).catch(() => null);
    if (found === null) continue;
    const isFolder = found.isDirectory();
    if (!isFolder && (await isExecutable(file))) return { state: "found", file };
    // Of a folder on the PATH nobody meant a folder.
    if (isPath || !isFolder) unusable ??= { state: "unusable", file, isFolder };
  }
  return unusable ?? { state: "missing" };
}

/** Windows runs a file by what its name ends with, and lets people leave that out. */
function endings(): readonly string[] {
  return process.platform === "win32"
    ? ["", ...(process.env.PATHEXT || ".EXE;.CMD;.BAT;.COM").split(";")]
    : [""];
}

function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
