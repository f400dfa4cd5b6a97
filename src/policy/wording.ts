/** The sentences of a plan. */

/** `$0.05`, `$1.20`, `$0.004`: two digits that mean something. */
export function usd(amount: number): string {
  const size = Math.abs(amount);
  const digits = size >= 0.095 || size === 0 ? 2 : size >= 0.0095 ? 3 : 4;
  return `${amount < 0 ? "−" : ""}$${size.toFixed(digits)}`;
}

/** `45 s`, `20 minutes`, `2 hours`. */
export function howLong(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  if (seconds < 90) return counted(seconds, "second");
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return counted(minutes, "minute");
  const hours = Math.round(minutes / 6) / 10;
  return counted(hours, "hour");
}

export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** `62 %`, `under 1 %`. */
export function percent(share: number): string {
  const whole = Math.round(share * 100);
  if (whole < 1) return "under 1 %";
  return whole > 99 ? "over 99 %" : `${whole} %`;
}
