/** `keepwarm watch`: the running gateway, live, until its person has seen enough. */
import { setTimeout as sleep } from "node:timers/promises";
import { type ControlClient, discover } from "../../hub/index.ts";
import { stateDirectory } from "../../storage/index.ts";
import { systemTimers } from "../../timers.ts";
import { runningGateway, trusted } from "../gateway.ts";
import { endAs } from "../run/child.ts";
import { type Follower, follow } from "./follow.ts";
import { tellAsJson, tellInLines } from "./in-lines.ts";
import { keysOf } from "./keys.ts";
import { type SizedTerminal, showOnScreen } from "./on-screen.ts";

export async function watch({ json }: { readonly json: boolean }): Promise<void> {
  const first = await runningGateway();
  if (json) return followFrom(first, tellAsJson(console.log), new AbortController());
  if (!hasScreen()) return followFrom(first, tellInLines(console.log, Date.now), new AbortController());
  await watchOnScreen(first);
}

/** One whose cursor can be moved. */
function hasScreen(): boolean {
  return process.stdout.isTTY && process.env.TERM !== "dumb";
}

function followFrom(first: ControlClient, follower: Follower, { signal }: AbortController): Promise<void> {
  return follow(first, {
    ...follower,
    find: async () => trusted(await discover(stateDirectory())),
    pause: (ms) => sleep(ms, undefined, { signal }).catch(() => {}),
    signal,
  });
}

/** One that does not tell its size (a serial line, `script` in a pipe) is taken for an old terminal. */
function sized(stream: NodeJS.WriteStream): SizedTerminal {
  return {
    get columns() {
      return stream.columns || 80;
    },
    get rows() {
      return stream.rows || 24;
    },
    write: (text) => stream.write(text),
    on: (event, listener) => stream.on(event, listener),
    off: (event, listener) => stream.off(event, listener),
  };
}

/** Somebody else wants us to end; the terminal is given back first. */
const ENDING = ["SIGTERM", "SIGHUP"] as const;

async function watchOnScreen(first: ControlClient): Promise<void> {
  const ending = new AbortController();
  const enough = () => ending.abort();
  const screen = showOnScreen({
    terminal: sized(process.stdout),
    keys: process.stdin.isTTY ? keysOf(process.stdin) : null,
    now: Date.now,
    timers: systemTimers(),
    onEnough: enough,
    // As a terminal does whose keys are not read one by one: all that the shell has started together.
    onSuspend: () => void (process.platform !== "win32" && process.kill(0, "SIGTSTP")),
  });
  let endedBy: NodeJS.Signals | null = null;
  const end = (signal: NodeJS.Signals) => {
    endedBy = signal;
    enough();
  };
  for (const signal of ENDING) process.once(signal, end);
  process.once("SIGINT", enough);
  process.on("SIGTSTP", () => {
    screen.leave();
    process.kill(process.pid, "SIGSTOP");
  });
  process.on("SIGCONT", () => screen.enter());
  process.once("exit", () => screen.leave());
  screen.enter();
  try {
    await followFrom(first, screen, ending);
  } finally {
    screen.leave();
  }
  if (endedBy !== null) endAs({ signal: endedBy });
}
