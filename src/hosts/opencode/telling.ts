/** Tells the terminals: one thing after the other, and of what changes often only how it stands in the end. */
import type { Standing } from "../native/index.ts";
import type { ServerClient } from "./opencode-api.ts";
import { eventOf, type Told } from "./words.ts";

export interface Telling {
  answer(session: string, text: string, id: string): void;
  /** Soon, to those that asked lately. */
  standing(session: string): void;
  /** A terminal shows it. */
  looked(session: string): void;
  forget(session: string): void;
  dispose(): void;
}

/** How long a terminal is told of a conversation after it last asked, in ms; it asks again as long as it shows it. */
const TOLD_FOR_MS = 180_000;
/** How long changes are gathered, in ms. */
const GATHER_MS = 50;

export function createTelling(
  { tui }: Pick<ServerClient, "tui">,
  standingOf: (session: string) => Standing,
): Telling {
  /** When a terminal last asked for it. */
  const looked = new Map<string, number>();
  const changed = new Set<string>();
  let gathering: NodeJS.Timeout | null = null;
  let last: Promise<unknown> = Promise.resolve();

  function tell(words: Told): void {
    // What arrives later must have been said later. Nobody waits for it: who missed it asks again.
    last = last.then(() => tui.publish({ body: eventOf(words) })).catch(() => {});
  }

  function tellChanged(): void {
    gathering = null;
    for (const session of changed) {
      try {
        tell({ kind: "stands", session, standing: shownOf(standingOf(session)) });
      } catch {
        // The next change tells of it.
      }
    }
    changed.clear();
  }

  return {
    answer: (session, text, id) => tell({ kind: "answer", session, text, id }),
    standing(session) {
      const at = looked.get(session);
      if (at === undefined) return;
      if (Date.now() - at > TOLD_FOR_MS) {
        looked.delete(session);
        return;
      }
      changed.add(session);
      gathering ??= setTimeout(tellChanged, GATHER_MS).unref();
    },
    looked: (session) => void looked.set(session, Date.now()),
    forget: (session) => void looked.delete(session),
    dispose() {
      if (gathering !== null) clearTimeout(gathering);
      looked.clear();
    },
  };
}

/** What is shown of it, and no more. */
function shownOf({ state, status, figures, now }: Standing): Standing {
  const { enabled, nextWarmAt, lastExpectedPct, intervalMs, intervalChosen, keepWarm } = state;
  return {
    state: {
      enabled,
      nextWarmAt,
      lastExpectedPct,
      intervalMs,
      ...(intervalChosen === undefined ? {} : { intervalChosen }),
      ...(keepWarm === undefined ? {} : { keepWarm }),
    },
    status: { phase: status.phase, why: status.why },
    figures: figures && {
      warms: figures.warms,
      warmsUnpriced: figures.warmsUnpriced,
      spentUsd: figures.spentUsd,
      savedUsd: figures.savedUsd,
    },
    now,
  };
}
