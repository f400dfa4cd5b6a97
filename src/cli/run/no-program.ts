import { programFile } from "../../agents/index.ts";
import { ExitCodeError } from "../errors.ts";

/** A command that cannot be run. The exit code is a shell's: 127 not found, 126 not executable. */
export class NoProgramError extends ExitCodeError {
  override readonly name = "NoProgramError";

  constructor(exitCode: 126 | 127, message: string) {
    super(exitCode, message);
  }
}

/** The file that a command names. @throws {NoProgramError} */
export async function fileOf(command: string, path: string): Promise<string> {
  const program = await programFile(command, path);
  switch (program.state) {
    case "found":
      return program.file;
    case "missing":
      throw new NoProgramError(127, `there is no command ${JSON.stringify(command)}`);
    case "unusable":
      throw new NoProgramError(
        126,
        program.isFolder
          ? `${command} is a folder, not a command`
          : `${program.file} is not executable: chmod +x makes it so`,
      );
  }
}
