/** Keeps a run registered for as long as its command lives, over the end of the gateway too. */
import { setTimeout as sleep } from "node:timers/promises";
import {
  type ControlClient,
  type Discovery,
  discover,
  type GatewayInfo,
  type HeldRun,
  type RunRequest,
} from "../../hub/index.ts";
import { findOrStartGateway, type StartOptions } from "./start-gateway.ts";

/** Between two attempts to come back, in ms; each time twice as long, up to the last. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

export interface Registration {
  readonly baseUrl: string;
  readonly gateway: GatewayInfo;
  /** What went wrong while the command ran, as sentences. */
  readonly troubles: readonly string[];
  /** The command is over. */
  release(): void;
}

export interface RegisterOptions {
  readonly client: ControlClient;
  readonly run: RunRequest & { readonly runId: string };
  readonly start: StartOptions;
}

/** @throws {ControlError} when the gateway does not take the run */
export async function register({ client, run, start }: RegisterOptions): Promise<Registration> {
  const over = new AbortController();
  const troubles: string[] = [];
  const { gateway } = await client.status();
  let held = await client.attachRun(run);
  const { baseUrl } = held;

  async function stay(): Promise<void> {
    while (!over.signal.aborted) {
      await held.ended;
      if (over.signal.aborted) return;
      const endedAt = new Date().toTimeString().slice(0, 8);
      const isStoppedNow = isStopped(await discover(start.directory));
      if (isStoppedNow)
        troubles.push(`the gateway was stopped at ${endedAt}: from then on nothing was kept warm`);
      held = await comeBack(gateway, { run, start, signal: over.signal });
      // The command may have ended while we were on our way.
      if (over.signal.aborted) return held.release();
      troubles.push(
        held.baseUrl === baseUrl
          ? `the gateway ended at ${endedAt}, and another has taken its place`
          : `the gateway ended at ${endedAt}, and another listens at ${held.gatewayUrl}: what was run had ${gateway.gatewayUrl}`,
      );
    }
  }
  // Rejects only once the command is over.
  void stay().catch(() => {});

  return {
    baseUrl,
    gateway,
    troubles,
    release() {
      over.abort();
      held.release();
    },
  };
}

interface ComeBackOptions extends Pick<RegisterOptions, "run" | "start"> {
  readonly signal: AbortSignal;
}

async function comeBack(gone: GatewayInfo, { run, start, signal }: ComeBackOptions): Promise<HeldRun> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    try {
      const found = await discover(start.directory);
      const client = isStopped(found)
        ? null
        : await findOrStartGateway({ ...start, flags: flagsOf(gone), signal });
      if (client !== null) return await client.attachRun(run);
    } catch {
      // Until the command is over there is always another attempt.
    }
    await sleep(pauseMs, undefined, { signal });
  }
}

/** Somebody stopped it on purpose. We come back when there is one again, and start none. */
function isStopped(found: Discovery): boolean {
  return found.state === "none";
}

/** What makes another gateway take the place of one that is gone. */
function flagsOf({ gatewayUrl, flags }: GatewayInfo): string[] {
  // The port that it had, whatever it was told.
  return [...flags, "--port", new URL(gatewayUrl).port];
}
