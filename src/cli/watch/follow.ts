/** Follows the gateway of a state directory: what it pushes, that it goes, and the next one that comes. */
import type { ConsoleEvent, ControlClient, GatewayRecord } from "../../hub/index.ts";

export interface Follower {
  /** It is listened to, for the first time or again. */
  readonly onThere: (record: GatewayRecord) => void;
  readonly onEvent: (event: ConsoleEvent) => void;
  /** Nothing is heard any more until it is there again. Told again where there is something else to say of it. */
  readonly onGone: (why: string) => void;
}

export interface FollowOptions extends Follower {
  /** Null where none runs now. */
  readonly find: () => Promise<ControlClient | null>;
  /** Resolves after so many ms, or when the following has ended. */
  readonly pause: (ms: number) => Promise<void>;
  /** Ends the following. */
  readonly signal: AbortSignal;
}

/** How soon a gateway that has gone is looked for again, in ms: soon at first, because a restart is quick. */
const SOONEST_MS = 200;
const LATEST_MS = 2_000;
const GONE = "the gateway has gone";

/** Resolves when `signal` is aborted. @throws what keeps `first` from being listened to */
export async function follow(first: ControlClient, options: FollowOptions): Promise<void> {
  const { onThere, onEvent, onGone, find, pause, signal } = options;
  let lastEventId: string | null = null;
  let waitMs = SOONEST_MS;
  let said: string | null = null;

  const gone = (why: string) => {
    if (why !== said) onGone(why);
    said = why;
  };

  /** Resolves when it has gone. */
  async function hear(client: ControlClient): Promise<void> {
    const onOpen = () => {
      said = null;
      waitMs = SOONEST_MS;
      onThere(client.record);
    };
    for await (const event of client.events({ signal, lastEventId, onOpen })) {
      lastEventId = event.id ?? lastEventId;
      onEvent(event);
    }
  }

  await hear(first);
  while (!signal.aborted) {
    gone(said ?? GONE);
    await pause(waitMs);
    waitMs = Math.min(2 * waitMs, LATEST_MS);
    if (signal.aborted) return;
    try {
      const next = await find();
      if (next !== null) await hear(next);
    } catch (error) {
      gone(error instanceof Error ? error.message : String(error));
    }
  }
}
