export type { ControlClient, RunRequest } from "./client.ts";
export { type Unproven, UnprovenError } from "./connection.ts";
export { consoleLink } from "./console-link.ts";
export { ControlError } from "./control-error.ts";
export { type DiscoverOptions, type Discovery, discover, isProcessAlive } from "./discover.ts";
export { type Glance, glanceAt } from "./glance.ts";
export type { HeldRun } from "./held-run.ts";
export type { EventsOptions } from "./listen.ts";
export { isLoopback } from "./loopback.ts";
export {
  CHALLENGE_HEADER,
  isNonce,
  isSameSecret,
  PROOF_HEADER,
  proofOf,
  TOKEN_HEADER,
} from "./proof.ts";
export { type GatewayRecord, type Publication, publish } from "./record.ts";
export { controlToken, readToken, TokenError } from "./token.ts";
export type {
  ChangeAnswer,
  ConsoleEvent,
  ConsoleEventName,
  ConsoleEvents,
  ConversationView,
  EndEntry,
  ErrorAnswer,
  GatewayInfo,
  HealthView,
  HistoryAnswer,
  HistoryEntry,
  MoneyView,
  OutlookView,
  PlanView,
  ProblemView,
  ReportAnswer,
  RunAnswer,
  RunView,
  SettingChange,
  SettingChanged,
  SettingsAnswer,
  SettingValue,
  SettingView,
  StatusAnswer,
  SwitchEntry,
  TierView,
  TotalsView,
  TurnEntry,
  UsageView,
  WarmAnswer,
  WarmEntry,
} from "./views/index.ts";
