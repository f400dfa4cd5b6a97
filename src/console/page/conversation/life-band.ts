/** How much life the prefix had left, over time: full at each request that used it, and shrinking from there. */
import type { HistoryEntry, TurnEntry, WarmEntry } from "../../../hub/views/index.ts";

/** A request that used the prefix. Epoch ms, ms. */
export interface Use {
  readonly at: number;
  readonly ttlMs: number;
}

export interface Band {
  /** Epoch ms, rising. */
  readonly at: number[];
  /** Ms of life left at each. */
  readonly leftMs: number[];
}

/** A warm whose answer never came, or that found nothing, may not have touched it. */
function uses(entry: HistoryEntry): entry is TurnEntry | WarmEntry {
  if (entry.kind === "turn") return true;
  return entry.kind === "warm" && entry.outcome !== "cut-off" && entry.outcome !== "unknown";
}

/** @param standardTtlMs where an entry does not tell its own */
export function usesOf(entries: readonly HistoryEntry[], standardTtlMs: number): Use[] {
  return entries.filter(uses).map(({ at, ttlMs }) => ({ at, ttlMs: ttlMs ?? standardTtlMs }));
}

/** Up to `until`, which is now or some time to come. */
export function bandOf(used: readonly Use[], until: number): Band {
  const at: number[] = [];
  const leftMs: number[] = [];
  const put = (when: number, left: number) => {
    // Rising strictly, so that a plot finds each of them.
    at.push(Math.max(when, (at.at(-1) ?? Number.NEGATIVE_INFINITY) + 1));
    leftMs.push(Math.max(0, left));
  };
  for (const [index, use] of used.entries()) {
    const next = used[index + 1]?.at ?? Math.max(until, use.at);
    if (index === 0) put(use.at - 1, 0);
    put(use.at, use.ttlMs);
    const lapse = use.at + use.ttlMs;
    if (lapse < next) {
      put(lapse, 0);
      put(next, 0);
    } else {
      put(next, lapse - next);
    }
  }
  return { at, leftMs };
}

/** How it goes on from a band's end if nothing uses the prefix. */
export function comingOf({ at, leftMs }: Band, until: number): Band {
  const now = at.at(-1);
  const left = leftMs.at(-1) ?? 0;
  if (now === undefined) return { at: [], leftMs: [] };
  const lapse = now + left;
  if (left <= 0) return until > now ? { at: [until], leftMs: [0] } : { at: [], leftMs: [] };
  return until > lapse ? { at: [lapse, until], leftMs: [0, 0] } : { at: [lapse], leftMs: [0] };
}
