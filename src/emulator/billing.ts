import type { Ttl } from "./markers.ts";

/** How the input tokens of a request are billed. The four always sum to the whole prompt. */
export interface InputBill {
  readonly readTokens: number;
  readonly write1hTokens: number;
  readonly write5mTokens: number;
  /** At base price: what follows the last breakpoint. */
  readonly baseTokens: number;
}

/** A breakpoint by the tokens in front of it. */
export interface BilledBreakpoint {
  readonly tokens: number;
  readonly ttl: Ttl;
}

/**
 * Mixed TTLs (docs/prompt-caching.md § 1b). Three positions, in tokens: A, the highest cache hit; B, the
 * highest 1h breakpoint after A (else A); C, the last breakpoint. Read A, write B−A for an hour and C−B
 * for five minutes, and take the rest at base price.
 */
export function billInput(
  promptTokens: number,
  hitTokens: number,
  breakpoints: readonly BilledBreakpoint[],
): InputBill {
  const a = hitTokens;
  const b = Math.max(a, ...breakpoints.filter(({ ttl }) => ttl === "1h").map(({ tokens }) => tokens));
  const c = Math.max(a, ...breakpoints.map(({ tokens }) => tokens));
  return { readTokens: a, write1hTokens: b - a, write5mTokens: c - b, baseTokens: promptTokens - c };
}
