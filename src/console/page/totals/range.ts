/** Which days are told of. */
const DAY = 86_400_000;

export const RANGES = { week: "7 days", month: "30 days", quarter: "90 days", all: "All" } as const;
export type Range = keyof typeof RANGES;

const DAYS: Readonly<Record<Range, number | null>> = { week: 7, month: 30, quarter: 90, all: null };

/** Where it begins, epoch ms, today included; null: at the beginning. */
export function sinceOf(range: Range, now: number): number | null {
  const days = DAYS[range];
  return days === null ? null : now - (days - 1) * DAY;
}

/** At least a week wide, so that a few days are no barn doors, and they in its middle. */
export function rangeOf(days: number): [number, number] {
  const middle = (days - 1) / 2;
  const half = Math.max(6, days - 1) / 2 + 0.7;
  return [middle - half, middle + half];
}
