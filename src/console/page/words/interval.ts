/** How often a conversation is warmed: as chosen, no more seldom than its cache entry's life allows. */
import type { ConversationView } from "../../../hub/views/index.ts";
import { marginMs } from "../../../pure.ts";

type Timed = Pick<ConversationView, "intervalMs" | "intervalChosen" | "ttlMs">;

/** What the life of its entry makes of a longer interval that was chosen, in ms; null: it holds as it is. */
export function cappedTo({ intervalMs, intervalChosen, ttlMs }: Timed): number | null {
  if (!intervalChosen || ttlMs === null) return null;
  const capMs = ttlMs - marginMs(ttlMs);
  return intervalMs > capMs ? capMs : null;
}

/** In ms. */
export function intervalInForce(view: Timed): number {
  return cappedTo(view) ?? view.intervalMs;
}
