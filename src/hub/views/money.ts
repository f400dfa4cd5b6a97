/** What warming cost and saved. Amounts are US dollars at list price. */
import * as z from "zod/mini";

export interface MoneyView {
  readonly spentUsd: number;
  readonly savedUsd: number;
  /** Saved − spent. */
  readonly netUsd: number;
  readonly warms: number;
  /** Returns that read the cache because of a warm. */
  readonly rescues: number;
  /** Warms whose price is not known: the dollars leave them out. */
  readonly unpricedWarms: number;
}

/** Over all conversations, those that are gone included. By day there is `GET /v1/report`. */
export interface TotalsView {
  /** Today, in the gateway's time zone, as `2026-11-20`. */
  readonly day: string;
  readonly today: MoneyView;
  /** From the beginning. */
  readonly all: MoneyView;
}

export const moneyView = z.looseObject({
  spentUsd: z.number(),
  savedUsd: z.number(),
  netUsd: z.number(),
  warms: z.number(),
  rescues: z.number(),
  unpricedWarms: z.number(),
});

export const totalsView = z.looseObject({ day: z.string(), today: moneyView, all: moneyView });
