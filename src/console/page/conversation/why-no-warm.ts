/** Why a warm asked for by hand would not be sent, as far as this page knows; the gateway knows more. */
import type { ConversationView } from "../../../hub/views/index.ts";

/** Null: it may be asked for. @param now epoch ms */
export function whyNoWarm(
  { enabled, phase, lapsesAt }: Pick<ConversationView, "enabled" | "phase" | "lapsesAt">,
  now: number,
): string | null {
  if (!enabled) return "Warming is off for it: switch it on first.";
  if (phase === "generating") return "Its turn is under way, and keeps the cache warm by itself.";
  if (phase === "warming") return "A warm is on its way already.";
  if (lapsesAt === null) return "Nothing of it is cached.";
  if (lapsesAt <= now) return "Its cache entry has expired: a warm would pay for writing it again.";
  return null;
}
