import ms from "ms";

/** A number with its unit, such as `4m` or `1.5 hours`, in ms; NaN for anything else. */
export function toMs(text: string): number {
  return /^\d.*[a-z]$/i.test(text) ? (ms(text as ms.StringValue) ?? Number.NaN) : Number.NaN;
}
