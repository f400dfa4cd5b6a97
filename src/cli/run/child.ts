/** The command itself: it has the terminal, and its end is ours. */
import { type SpawnOptions, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { constants } from "node:os";
import { NoProgramError } from "./no-program.ts";

/** How a process ended. */
export type Ended = { readonly code: number } | { readonly signal: NodeJS.Signals };

/** A terminal sends these to everybody in the foreground, so the command has them already. */
const FROM_A_TERMINAL: readonly NodeJS.Signals[] = ["SIGINT", "SIGQUIT"];
/** Somebody sent these to us alone. Hanging up may reach the command twice, which ends it as once does. */
const FOR_US: readonly NodeJS.Signals[] = ["SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"];

export interface ChildOptions {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** @default whether this process has a controlling terminal */
  readonly hasTerminal?: boolean;
}

/** Runs it to its end. @throws {NoProgramError} when it cannot be started */
export function runChild({
  file,
  args,
  env,
  hasTerminal = hasControllingTerminal(),
}: ChildOptions): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const options: SpawnOptions = { stdio: "inherit", env };
    const child = spawn(file, args, options);
    const passOn = (signal: NodeJS.Signals) => void child.kill(signal);
    const leave = () => {};
    const handlers = new Map<NodeJS.Signals, (signal: NodeJS.Signals) => void>([
      ...FROM_A_TERMINAL.map((signal) => [signal, hasTerminal ? leave : passOn] as const),
      ...FOR_US.map((signal) => [signal, passOn] as const),
    ]);
    for (const [signal, handler] of handlers) process.on(signal, handler);
    const stopListening = () => {
      for (const [signal, handler] of handlers) process.off(signal, handler);
    };
    child.once("error", (error: NodeJS.ErrnoException) => {
      // Also said of a signal that could not be sent to a child that is there.
      if (child.pid !== undefined) return;
      stopListening();
      reject(cannotStart(file, error));
    });
    child.once("exit", (code, signal) => {
      stopListening();
      resolve(signal === null ? { code: code ?? 1 } : { signal });
    });
  });
}

/** Ends this process as the command ended, so that whoever started us sees the same. */
export function endAs(ended: Ended): void {
  if ("code" in ended) {
    process.exitCode = ended.code;
    return;
  }
  process.removeAllListeners(ended.signal);
  process.kill(process.pid, ended.signal);
  // Where a signal does not end us, as SIGPIPE does not, the exit code says it.
  process.exitCode = 128 + constants.signals[ended.signal];
}

function cannotStart(file: string, { code, message }: NodeJS.ErrnoException): NoProgramError {
  // The file was there a moment ago: what is missing is what its first line names.
  if (code === "ENOENT") return new NoProgramError(127, `${file} names an interpreter that is not there`);
  return new NoProgramError(126, `${file} could not be started: ${code ?? message}`);
}

function hasControllingTerminal(): boolean {
  try {
    closeSync(openSync("/dev/tty", "r"));
    return true;
  } catch {
    return false;
  }
}
