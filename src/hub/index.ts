export { isProcessAlive } from "./alive.ts";
export type { ControlClient, RunRequest } from "./client.ts";
export { type Unproven, UnprovenError } from "./connection.ts";
export { consoleLink } from "./console-link.ts";
export { ControlError } from "./control-error.ts";
export { amountsOf, outlookOf, planView, type Viewed, viewOf } from "./conversation-view.ts";
export { type DiscoverOptions, type Discovery, discover } from "./discover.ts";
export { type Glance, glanceAt } from "./glance.ts";
export { type Happenings, type HappeningsOptions, noteHappenings } from "./happenings.ts";
export { CHALLENGE_HEADER, PROOF_HEADER, TOKEN_HEADER } from "./headers.ts";
export type { HeldRun } from "./held-run.ts";
export { HOOKS_PATH } from "./hooks-path.ts";
export {
  createLeases,
  createLeasesIn,
  createWarmLeases,
  type FlagText,
  LEASE_FOLDER,
  LEASE_KEY,
  LEASE_KEY_FILE,
  type LeaseAnswer,
  type LeaseContext,
  type LeaseFolder,
  type LeaseHolder,
  type LeaseOptions,
  type Leases,
  type WarmLeases,
  warmLeasesBy,
} from "./leases/index.ts";
export { leaseKey } from "./leases/key.ts";
export {
  createLineReader,
  createLink,
  type FromProgram,
  fromProgram,
  LINK_PATH,
  LINK_PROTOCOL,
  type Link,
  type LinkAnswer,
  type LinkedProgram,
  type LinkOptions,
  linkLineOf,
  parsedAs,
  type Wish,
} from "./link/index.ts";
export type { EventsOptions } from "./listen.ts";
export { isLoopback } from "./loopback.ts";
export { forgetPausesOfPrograms, programFile } from "./programs.ts";
export { isNonce, isSameSecret, proofOf } from "./proof.ts";
export { isKeepwarm } from "./recognise.ts";
export { type GatewayRecord, type Publication, publish, RECORD_FILE } from "./record.ts";
export { SPENDING_FILE, SPENDING_FOLDER, SPENDING_NAMESPACE, sharedSpending } from "./spending.ts";
export {
  createIntake,
  createSpool,
  type Intake,
  type IntakeOptions,
  lineOf,
  maySpool,
  SPOOL_FOLDER,
  type Spool,
  type SpoolOptions,
  withSpools,
} from "./spool/index.ts";
export { controlToken, readToken, TokenError } from "./token.ts";
export type {
  ChangeAnswer,
  CompareAnswer,
  CompareRequest,
  ConsoleEvent,
  ConsoleEventName,
  ConsoleEvents,
  ConversationView,
  EndEntry,
  ErrorAnswer,
  FailureEntry,
  FleetAnswer,
  FleetJobAnswer,
  FleetJobsAnswer,
  FleetJobView,
  FleetRequeued,
  FleetWorkerView,
  GatewayInfo,
  Group,
  HealthView,
  HistoryAnswer,
  HistoryEntry,
  HostView,
  JobOutcome,
  Known,
  MoneyView,
  Names,
  OutlookView,
  PlanView,
  PrefixView,
  PreWarmView,
  PrewarmAnswer,
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
export { GROUP_TITLES, GROUPS, groupOf, JOB_OUTCOMES, namesAmong, ownPart } from "./views/index.ts";
