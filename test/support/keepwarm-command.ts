/** The keepwarm command as a person runs it: another process, nothing of ours in its environment. */
import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const CLI = resolve("src/cli.ts");

/** `env` is all it gets of KEEPWARM_…, NO_COLOR and FORCE_COLOR. */
export async function keepwarm(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const outside = Object.entries(process.env).filter(
    ([name]) => !/^(KEEPWARM_.*|NO_COLOR|FORCE_COLOR)$/.test(name),
  );
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [CLI, ...args], {
      env: { ...Object.fromEntries(outside), ...env },
    });
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as Ended;
    return { code, stdout, stderr };
  }
}
