/** Past transcripts: what idling cost, and what each policy would have saved. */
export type { Advice } from "./advice.ts";
export { AGENTS, type Agent, type Conversation } from "./conversation.ts";
export { type Blocked, type Found, findAt, findOwn, type Source } from "./find.ts";
export type { Amounts, Calendar, Idling, Named } from "./idling.ts";
export { type Measure, measureOf } from "./measure.ts";
export { auditPage } from "./page.ts";
export { type Place, placesOf } from "./places.ts";
export { type Read, type Reading, type ReadOptions, type ReadProgress, readTranscripts } from "./read.ts";
export { type RecordedLine, recordedLine } from "./recorded.ts";
export { gapHistoryOf, recordingOf } from "./replay.ts";
export { type AuditReport, auditOf, longPauses } from "./report.ts";
export type { Option, OptionOutcome, PolicyName, WhatIf } from "./what-if.ts";
export { changeText, countText, shareText, tokensText, UNTOLD, usdText } from "./wording.ts";
