/** The whole audit as data: what `--json` prints, and what the terminal and the page show. */
import type { PriceTable } from "../anthropic/index.ts";
import { type Advice, adviceFrom } from "./advice.ts";
import type { Conversation } from "./conversation.ts";
import { type Calendar, type Idling, idlingOf, LOCAL_CALENDAR, periodOf } from "./idling.ts";
import { Pricing } from "./prices.ts";
import type { Read, Reading } from "./read.ts";
import { recordingOf } from "./replay.ts";
import { type WhatIf, type WhatIfOptions, whatIf } from "./what-if.ts";

export interface AuditReport {
  readonly version: 1;
  /** ISO times of the first and the last call; null where there is none. */
  readonly from: string | null;
  readonly to: string | null;
  /** ISO dates of these, as the person counts days. */
  readonly firstDay: string | null;
  readonly lastDay: string | null;
  readonly prices: {
    /** ISO date at which they were looked up. */
    readonly asOf: string;
    /** Models whose price is not known: in the tokens, not in the dollars. */
    readonly unknownModels: readonly string[];
    /** For people: models whose price was taken from another. */
    readonly notices: readonly string[];
  };
  readonly reading: Reading;
  readonly idling: Idling;
  readonly whatIf: WhatIf;
  readonly advice: Advice;
}

export interface ReportOptions extends WhatIfOptions {
  /** @default that of this machine */
  readonly calendar?: Calendar;
  /** @default those that keepwarm ships with */
  readonly prices?: PriceTable;
}

export async function auditOf(
  { conversations, reading }: Read,
  options: ReportOptions = {},
): Promise<AuditReport> {
  const { calendar = LOCAL_CALENDAR, prices, ...others } = options;
  const pricing = new Pricing(prices);
  const period = periodOf(conversations);
  const idling = idlingOf(conversations, pricing, calendar);
  const result = await whatIf(conversations.map(recordingOf), pricing, others);
  return {
    version: 1,
    from: period === null ? null : new Date(period.from).toISOString(),
    to: period === null ? null : new Date(period.to).toISOString(),
    firstDay: period === null ? null : calendar.dayOf(period.from),
    lastDay: period === null ? null : calendar.dayOf(period.to),
    prices: {
      asOf: pricing.asOf,
      unknownModels: pricing.unknownModels(),
      notices: pricing.notices(),
    },
    reading,
    idling,
    whatIf: result,
    advice: adviceFrom(result, longPauses(conversations)),
  };
}

/** How many pauses of main threads outlived five minutes. */
export function longPauses(conversations: readonly Conversation[]): number {
  return conversations.reduce(
    (sum, { calls }) =>
      sum +
      calls.filter(
        (call, index) => index > 0 && call.startedAt - (calls[index - 1]?.startedAt ?? 0) > 300_000,
      ).length,
    0,
  );
}
