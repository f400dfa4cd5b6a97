/** A process of its own session, ended with its test, and with all that it started; with us too, however we end. */
import { type ChildProcess, spawn } from "node:child_process";

/** Whom it is started for, and who has it ended: a test's own context, or something like it. */
export interface Owner {
  onTestFinished(end: () => unknown): void;
}

export interface Started {
  /** Its input. */
  write(text: string): void;
  /** Nothing more is written to it. */
  endInput(): void;
  /** All that it said, on either stream. */
  said(): string;
  /** Is told what it says from now on. */
  heard(listener: (text: string) => void): void;
  /** Resolves with its exit code, null when a signal ended it. */
  readonly ended: Promise<number | null>;
  /** Resolves with the first match in what it says after that many characters. @throws after a while, and at its end */
  says(pattern: RegExp, from?: number): Promise<RegExpExecArray>;
  /** Ends it and what it started, and resolves when it is gone. */
  end(): Promise<void>;
  /** The same, without telling it. */
  kill(): Promise<void>;
}

export interface StartOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly test: Owner;
  /** Whether it is written to; what reads its input to the end waits for none then. @default false */
  readonly input?: boolean;
}

/** Less than a test may take: what it said instead is worth more than that it took too long. */
const PATIENCE_MS = 150_000;
const LAST_CHARS = 20_000;

export function start(
  command: string,
  args: readonly string[],
  { env, cwd, test, input = false }: StartOptions,
): Started {
  const child = spawn(command, args, { env, cwd, detached: true, stdio: "pipe" });
  if (!input) child.stdin.end();
  child.stdin.on("error", () => {});
  let text = "";
  const listeners = new Set<(chunk: string) => void>();
  const hear = (chunk: string) => {
    text += chunk;
    for (const listener of listeners) listener(chunk);
  };
  // A character may come in two pieces.
  child.stdout.setEncoding("utf8").on("data", hear);
  child.stderr.setEncoding("utf8").on("data", hear);
  const ended = new Promise<number | null>((resolve) => {
    child.once("error", () => resolve(127));
    child.once("close", resolve);
  });
  outlive(child, ended);
  const started: Started = {
    ended,
    write: (text) => void child.stdin.write(text),
    endInput: () => void child.stdin.end(),
    said: () => text,
    heard: (listener) => void listeners.add(listener),
    says: (pattern, from = 0) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const match = pattern.exec(text.slice(from));
          if (match === null) return;
          over();
          resolve(match);
        };
        const giveUp = (what: string) => {
          over();
          reject(new Error(`${pattern}: ${command} ${what} after: ${text.slice(-LAST_CHARS)}`));
        };
        const impatient = setTimeout(() => giveUp(`did not say it in ${PATIENCE_MS} ms`), PATIENCE_MS);
        const over = () => {
          listeners.delete(look);
          clearTimeout(impatient);
        };
        listeners.add(look);
        void ended.then((code) => giveUp(`ended with ${code}`));
        look();
      }),
    async kill() {
      signalGroup(child, "SIGKILL");
      await ended;
    },
    async end() {
      signalGroup(child, "SIGTERM");
      const impatient = setTimeout(() => signalGroup(child, "SIGKILL"), 5_000);
      await ended;
      clearTimeout(impatient);
      // What it started may outlive it.
      signalGroup(child, "SIGKILL");
    },
  };
  test.onTestFinished(() => started.end());
  return started;
}

/** Its watcher reads what we never write, until we are gone: an agent that nobody ends may take a gigabyte. */
function outlive({ pid }: ChildProcess, ended: Promise<unknown>): void {
  if (pid === undefined) return;
  const watcher = spawn("sh", ["-c", 'read -r _; kill -s KILL -- "-$0"', String(pid)], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  watcher.on("error", () => {});
  void ended.then(() => watcher.kill("SIGKILL"));
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // Nobody of it is left.
  }
}
