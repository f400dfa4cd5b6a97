/** What warming cost and what it saved. */
export { daysBefore, localDay } from "./days.ts";
export {
  type Amounts,
  FIGURE_NAMES,
  type FigureName,
  type Figures,
  figures,
  netUsd,
  RETURNS,
  type Return,
  sum,
} from "./figures.ts";

/** Its namespace in a store that keeps other things as well. */
export const LEDGER_NAMESPACE = "ledger";

export {
  type Booked,
  createLedger,
  DEFAULT_POLICY,
  type Ledger,
  type LedgerDeps,
} from "./ledger.ts";
export { lastRequestOf, listen } from "./listen.ts";
export { PRE_WARM, PRE_WARM_PREFIX, type PreWarmEvent } from "./pre-warms.ts";
export { type Report, reportOf } from "./report.ts";
export { DETAILED_DAYS } from "./roll-up.ts";
export { isName, isOfOneWriter, NO_CONTENTS, readContents } from "./rows.ts";
export type { Totals } from "./totals.ts";
