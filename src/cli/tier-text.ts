/** Which lifetime of cache entries would cost least, in words. */
import type { TierView } from "../hub/index.ts";
import { printable } from "./printable.ts";

/** Whatever is in force: nothing is changed unless somebody says so. @param tier `set` left out: nothing is in force */
export function tierText({
  set,
  modelName,
  cheapest,
  relativeCost,
  isOwn,
}: Omit<TierView, "set"> & Partial<Pick<TierView, "set">>): string {
  const share = Math.round((1 - (relativeCost[cheapest] ?? 1)) * 100);
  const gain = share > 0 ? `, ${share} % less than 5m alone` : "";
  const basis = isOwn ? "by your own pauses" : "by most people's pauses, as yours are not known well yet";
  const advice = `cheapest for ${printable(modelName)}: ${printable(cheapest)}${gain} (${basis})`;
  if (set === undefined) return `cache lifetime ${advice}`;
  return `cache lifetime ${set === null ? "as sent" : printable(set)} · ${advice}`;
}
