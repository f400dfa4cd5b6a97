/** Amounts for people. */

/** Of transcripts whose agents count no writes. */
export const UNTOLD =
  "These transcripts do not tell what was written to a cache, so that idling cannot be reckoned.";

const compact = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });

/** `58,063` */
export function countText(value: number): string {
  return value.toLocaleString("en");
}

/** `49.9M` */
export function tokensText(value: number): string {
  return compact.format(value);
}

/** `$0.0042`, `$12.30`, `$3,415` */
export function usdText(value: number): string {
  if (value >= 1_000) return `$${Math.round(value).toLocaleString("en")}`;
  return `$${value.toFixed(value >= 0.095 || value < 0.00005 ? 2 : 4)}`;
}

/** `10.3 %`; a dash where there is no whole. */
export function shareText(part: number, whole: number): string {
  return whole === 0 ? "—" : `${((part / whole) * 100).toFixed(1)} %`;
}

/** `−4.0 %`, `+14.3 %`, `±0.0 %` */
export function changeText(share: number): string {
  const shown = Math.abs(share * 100).toFixed(1);
  const sign = Number(shown) === 0 ? "±" : share < 0 ? "−" : "+";
  return `${sign}${shown} %`;
}

const days = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", timeZone: "UTC" });
const years = new Intl.DateTimeFormat("en", {
  day: "numeric",
  month: "short",
  year: "numeric",
  timeZone: "UTC",
});
const months = new Intl.DateTimeFormat("en", { month: "short", timeZone: "UTC" });

/** `Jan 5`, of an ISO date. */
export function dayText(isoDate: string): string {
  return days.format(dateOf(isoDate));
}

/** `Feb`, and `2026` for a January. */
export function monthText(isoDate: string): string {
  return isoDate.slice(5, 7) === "01" ? isoDate.slice(0, 4) : months.format(dateOf(isoDate));
}

/** `Jan 5 – Mar 2, 2026`, `Dec 1, 2025 – Jan 5, 2026`, `Jan 5, 2026` */
export function periodText(first: string, last: string): string {
  if (first === last) return years.format(dateOf(first));
  const from = first.slice(0, 4) === last.slice(0, 4) ? dayText(first) : years.format(dateOf(first));
  return `${from} – ${years.format(dateOf(last))}`;
}

function dateOf(isoDate: string): Date {
  return new Date(`${isoDate}T00:00:00Z`);
}
