export { type ControlClient, ControlError, type RunRequest } from "./client.ts";
export { type Unproven, UnprovenError } from "./connection.ts";
export { type DiscoverOptions, type Discovery, discover, isProcessAlive } from "./discover.ts";
export type { HeldRun } from "./held-run.ts";
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
  ConversationView,
  GatewayInfo,
  ReportAnswer,
  RunAnswer,
  RunView,
  StatusAnswer,
  TierView,
  WarmAnswer,
} from "./views.ts";
