/** The whole audit as data: what `--json` prints, and what the terminal and the page show. */
import { SHIPPED_PRICES } from "../anthropic/index.ts";
import { type Advice, adviceFrom } from "./advice.ts";
import type { Conversation } from "./conversation.ts";
import { type Calendar, type Idling, idlingOf, LOCAL_CALENDAR, periodOf } from "./idling.ts";
import type { Read, Reading } from "./read.ts";
import { recordingOf } from "./replay.ts";
import { type WhatIf, type WhatIfOptions, whatIf } from "./what-if.ts";

export interface AuditReport {
  readonly version: 1;
  /** ISO times of the first and the last call; null where there is none. */
  readonly from: string | null;
  readonly to: string | null;
  /** ISO date at which the prices were looked up. */
  readonly pricesAsOf: string;
  readonly reading: Reading;
  readonly idling: Idling;
  readonly whatIf: WhatIf;
  readonly advice: Advice;
}

export interface ReportOptions extends WhatIfOptions {
  /** @default that of this machine */
  readonly calendar?: Calendar;
}

export async function auditOf(
  { conversations, reading }: Read,
  options: ReportOptions = {},
): Promise<AuditReport> {
  const { calendar = LOCAL_CALENDAR, ...others } = options;
  const period = periodOf(conversations);
  const idling = idlingOf(conversations, calendar);
  const result = await whatIf(conversations.map(recordingOf), others);
  return {
    version: 1,
    from: period === null ? null : new Date(period.from).toISOString(),
    to: period === null ? null : new Date(period.to).toISOString(),
    pricesAsOf: SHIPPED_PRICES.asOf,
    reading,
    idling,
    whatIf: result,
    advice: adviceFrom(result, mainPauses(conversations)),
  };
}

/** Pauses of main threads that outlived five minutes. */
function mainPauses(conversations: readonly Conversation[]): number {
  return conversations.reduce(
    (sum, { calls }) =>
      sum +
      calls.filter(
        (call, index) => index > 0 && call.startedAt - (calls[index - 1]?.startedAt ?? 0) > 300_000,
      ).length,
    0,
  );
}
