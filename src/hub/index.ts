export { type ControlClient, ControlError, type RunRequest } from "./client.ts";
export { type Unproven, UnprovenError } from "./connection.ts";
export { type DiscoverOptions, type Discovery, discover, isProcessAlive } from "./discover.ts";
export { CHALLENGE_HEADER, PROOF_HEADER, TOKEN_HEADER } from "./headers.ts";
export type { HeldRun } from "./held-run.ts";
export { isLoopback } from "./loopback.ts";
export { isNonce, isSameSecret, proofOf } from "./proof.ts";
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
