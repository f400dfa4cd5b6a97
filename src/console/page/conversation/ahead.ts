/** What is to come of an idle conversation, in words and on a scale. */
import type { OutlookView } from "../../../hub/views/index.ts";
import { counted, money } from "../words/money.ts";

/** How far up a plot of chances goes, so that one of some per cent can be seen as well. */
export function ceilingOf(chances: readonly number[]): number {
  const most = Math.max(0, ...chances);
  return [0.05, 0.1, 0.2, 0.5].find((ceiling) => most <= ceiling * 0.95) ?? 1;
}

/** What the warms would come to that go out if nobody comes: all of them, or each day where there is no end. */
export function warmsAhead({
  warms,
  warmsADay,
  warmUsd,
}: Pick<OutlookView, "warms" | "warmsADay" | "warmUsd">): string {
  if (warmsADay !== null) {
    const price =
      warmUsd === null ? counted(Math.round(warmsADay), "warm") : `about ${money(warmsADay * warmUsd)}`;
    return `warms if nobody comes, without an end: ${price} a day`;
  }
  const price = warmUsd === null ? "" : `, ${money(warms.length * warmUsd)} in all`;
  return `${counted(warms.length, "warm")} if nobody comes${price}`;
}
