/** Amounts for people. */

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
