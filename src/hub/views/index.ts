/** What the control API tells, and what it is told: its contract. A page imports the types alone. */
export {
  type ChangeAnswer,
  changeAnswer,
  conversationAnswer,
  type ErrorAnswer,
  errorAnswer,
  type ReportAnswer,
  type RunAnswer,
  reportAnswer,
  runAnswer,
  type StatusAnswer,
  statusAnswer,
  type WarmAnswer,
  warmAnswer,
} from "./answers.ts";
export { type ConversationView, type OutlookView, outlookView, type PlanView } from "./conversation.ts";
export { type ConsoleEvent, type ConsoleEventName, type ConsoleEvents, eventOf } from "./events.ts";
export {
  type FleetAnswer,
  type FleetJobAnswer,
  type FleetJobsAnswer,
  type FleetJobView,
  type FleetPhasesView,
  type FleetProcessView,
  type FleetQueueView,
  type FleetRequeued,
  type FleetWorkerView,
  fleetAnswer,
  fleetJobAnswer,
  fleetJobsAnswer,
  fleetRequeued,
  JOB_OUTCOMES,
  type JobOutcome,
} from "./fleet.ts";
export {
  type GatewayInfo,
  type HealthView,
  type HostView,
  healthView,
  type ProblemView,
  type RunView,
  type TierView,
} from "./gateway.ts";
export { GROUP_TITLES, GROUPS, type Group, groupOf } from "./groups.ts";
export {
  type EndEntry,
  type FailureEntry,
  type HistoryAnswer,
  type HistoryEntry,
  historyAnswer,
  type SwitchEntry,
  type TurnEntry,
  type UsageView,
  type WarmEntry,
} from "./history.ts";
export type { MoneyView, TotalsView } from "./money.ts";
export { type Known, type Names, namesAmong, ownPart } from "./names.ts";
export {
  type CompareAnswer,
  type CompareRequest,
  compareAnswer,
  type PrefixView,
  type PreWarmView,
  type PrewarmAnswer,
  prewarmAnswer,
} from "./pre-warms.ts";
export {
  type SettingChange,
  type SettingChanged,
  type SettingsAnswer,
  type SettingValue,
  type SettingView,
  settingChanged,
  settingsAnswer,
} from "./settings.ts";
