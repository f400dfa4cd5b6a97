/** How often a conversation is warmed, for people: by its person's choice, which the TTL caps, or by the TTL alone. */
import type { ConversationView } from "../hub/index.ts";
import { marginMs } from "../pure.ts";
import { span } from "./span.ts";

type Timed = Pick<ConversationView, "intervalMs" | "intervalChosen" | "ttlMs">;

/** In a table: `4m`, `10m→4m 40s` where the TTL caps it, `auto` where nobody chose. */
export function intervalCell(view: Timed): string {
  if (!view.intervalChosen) return "auto";
  const capMs = capOf(view);
  const chosen = span(view.intervalMs);
  return capMs !== null && view.intervalMs > capMs ? `${chosen}→${span(capMs)}` : chosen;
}

/** In a sentence, as `every 4m`. */
export function intervalPhrase(view: Timed): string {
  const { intervalMs, intervalChosen, ttlMs } = view;
  const capMs = capOf(view);
  if (!intervalChosen) {
    return ttlMs === null ? "as often as its TTL asks" : `as often as its TTL of ${span(ttlMs)} asks`;
  }
  if (ttlMs === null || capMs === null || intervalMs <= capMs) return `every ${span(intervalMs)}`;
  return `every ${span(intervalMs)}, which its TTL of ${span(ttlMs)} makes ${span(capMs)} at most`;
}

/** The longest that a prefix is left alone, in ms. */
function capOf({ ttlMs }: Timed): number | null {
  return ttlMs === null ? null : ttlMs - marginMs(ttlMs);
}
