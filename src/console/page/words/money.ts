/** Amounts, counts and shares in the person's own locale. */
import { LOCALES } from "./locale.ts";

/** As in the sentences that the gateway writes. */
const MINUS = "−";

const dollars = new Map<number, Intl.NumberFormat>();

/**
 * US dollars with as many digits as tell something: cents from a dime on, else up to a hundredth of one.
 * @param sign whether a gain says so with a plus
 */
export function money(usd: number, { sign = false } = {}): string {
  // What would be shown as nothing is nothing, and has no sign.
  const shown = Math.abs(usd) < 0.00005 ? 0 : usd;
  const amount = Math.abs(shown);
  const digits = amount === 0 || amount >= 0.095 ? 2 : amount >= 0.0095 ? 3 : 4;
  return formatOf(digits, sign).format(shown).replace("-", MINUS);
}

function formatOf(digits: number, sign: boolean): Intl.NumberFormat {
  const key = sign ? -digits : digits;
  const known = dollars.get(key);
  if (known !== undefined) return known;
  const made = new Intl.NumberFormat(LOCALES, {
    style: "currency",
    currency: "USD",
    currencyDisplay: "narrowSymbol",
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
    signDisplay: sign ? "exceptZero" : "negative",
  });
  dollars.set(key, made);
  return made;
}

const whole = new Intl.NumberFormat(LOCALES);
const compact = new Intl.NumberFormat(LOCALES, { notation: "compact", maximumSignificantDigits: 3 });
const rounded = new Intl.NumberFormat(LOCALES, { maximumFractionDigits: 0 });
const fine = new Intl.NumberFormat(LOCALES, { maximumSignificantDigits: 2 });
/** One way to write a share, in the gateway's sentences and beside them; never broken before its sign. */
const inPercent = (number: string): string => `${number}\u00a0%`;

export const count = (value: number): string => whole.format(value);

/** 184,320 as 184K. */
export const compactCount = (value: number): string => compact.format(value);

/** @param of 0–100, as the gateway tells it */
export const percent = (of: number): string => inPercent(rounded.format(of));

/** @param chance 0–1 */
export function likelihood(chance: number): string {
  return inPercent((chance < 0.1 ? fine : rounded).format(chance > 0.995 ? 100 : chance * 100));
}

/** `1 warm`, `3 warms`. */
export function counted(value: number, one: string, more = `${one}s`): string {
  return `${whole.format(value)} ${value === 1 ? one : more}`;
}
