/** The sentences of a plan. */

export { usd } from "../pure.ts";

/** `45 s`, `20 minutes`, `2 hours`. */
export function howLong(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  if (seconds < 90) return counted(seconds, "second");
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return counted(minutes, "minute");
  const hours = Math.round(minutes / 6) / 10;
  return counted(hours, "hour");
}

/** `5 to 10 minutes`, `20 seconds to 5 minutes`. */
export function between(fromMs: number, toMs: number): string {
  const [from, to] = [howLong(fromMs), howLong(toMs)];
  const unit = to.slice(to.indexOf(" "));
  return `${from.endsWith(unit) ? from.slice(0, -unit.length) : from} to ${to}`;
}

export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** `62 %`, `3.1 %`, `under 0.1 %`. */
export function finePercent(share: number): string {
  const hundred = share * 100;
  if (hundred < 0.1) return "under 0.1 %";
  return `${hundred < 9.95 ? hundred.toFixed(1) : Math.min(99, Math.round(hundred))} %`;
}
