/** Lengths of time, for people. */

const UNITS = [
  ["d", 86_400],
  ["h", 3_600],
  ["m", 60],
  ["s", 1],
] as const;

/** `3m 20s`, `2h 5m`, `4d 1h`: the largest unit that there is, and what is left in the next. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  const first = UNITS.findIndex(([, size]) => seconds >= size);
  if (first === -1) return "0s";
  const parts = UNITS.slice(first, first + 2).map(([unit, size], index) => {
    const larger = UNITS[first + index - 1]?.[1];
    return [
      Math.floor((index === 0 || larger === undefined ? seconds : seconds % larger) / size),
      unit,
    ] as const;
  });
  return parts
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count}${unit}`)
    .join(" ");
}

/** `2m 5s ago`; an em dash where it never was. Times are epoch ms. */
export function ago(at: number | null, now: number): string {
  if (at === null) return "—";
  return now - at < 1_000 ? "just now" : `${span(now - at)} ago`;
}

/** `in 3m 20s`; an em dash where it will not be. */
export function until(at: number | null, now: number): string {
  if (at === null) return "—";
  return at - now < 1_000 ? "now" : `in ${span(at - now)}`;
}
