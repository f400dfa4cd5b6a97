/** Finds the program that a command names, as a shell would. */
import { stat } from "node:fs/promises";
import { delimiter, join } from "node:path";
import which from "which";
import { ExitCodeError } from "../errors.ts";

/** A command that cannot be run. The exit code is a shell's: 127 not found, 126 not executable. */
export class NoProgramError extends ExitCodeError {
  override readonly name = "NoProgramError";

  constructor(exitCode: 126 | 127, message: string) {
    super(exitCode, message);
  }
}

/** The program's path. @throws {NoProgramError} */
export async function programFile(command: string, path: string): Promise<string> {
  const found = await which(command, { path, nothrow: true });
  if (found !== null) return found;
  const candidates = command.includes("/")
    ? [command]
    : path.split(delimiter).map((folder) => join(folder, command));
  for (const candidate of candidates) {
    const file = await stat(candidate).catch(() => null);
    if (file === null || (file.isDirectory() && candidate !== command)) continue;
    throw new NoProgramError(
      126,
      file.isDirectory()
        ? `${command} is a folder, not a command`
        : `${candidate} is not executable: chmod +x makes it so`,
    );
  }
  throw new NoProgramError(127, `there is no command ${JSON.stringify(command)}`);
}
