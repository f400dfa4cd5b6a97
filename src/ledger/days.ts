/** Days as their person counts them, as `2026-11-20`: such texts sort in time. */

/** The day of a moment (epoch ms) in the machine's own time zone. */
export function localDay(at: number): string {
  const date = new Date(at);
  return asDay(date.getFullYear(), date.getMonth() + 1, date.getDate());
}

export function daysBefore(day: string, days: number): string {
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  const then = new Date(Date.UTC(year, month - 1, date - days));
  return asDay(then.getUTCFullYear(), then.getUTCMonth() + 1, then.getUTCDate());
}

export function monthOf(day: string): string {
  return day.slice(0, 7);
}

function asDay(year: number, month: number, date: number): string {
  return [String(year).padStart(4, "0"), two(month), two(date)].join("-");
}

function two(count: number): string {
  return String(count).padStart(2, "0");
}
