/** Watches requests pass by, tells conversations and threads apart, and keeps the last request of each. */
export type { Call, LeavingCall, Observed, OpenCall } from "./call.ts";
export type { CapturedConversation } from "./captured-conversation.ts";
export { CONVERSATION_HEADER, type NamedBy, namedBy, sessionOf } from "./conversation-id.ts";
export type { BeginDispatch, DispatchContext, Dispatcher, Repeatable } from "./dispatching.ts";
export { createKeeper } from "./keeper.ts";
export type { Keeper, KeeperChange, KeeperOptions } from "./keeper-contract.ts";
export { createPassingResponse, type PassingResponse } from "./passing-response.ts";
export type { Notice, Noticed } from "./placing.ts";
export { createResponseReader, type ResponseReader } from "./response-reader.ts";
export type { ConversationSummary } from "./summary.ts";
export { createTiering } from "./tiering.ts";
export type { TierChoice } from "./tiers.ts";
export { harmless, type Turns } from "./turns.ts";
export { isUnnamed } from "./unnamed.ts";
export type { PlannedWarm } from "./warms.ts";
export { createWatch, type Watch, type WatchOptions } from "./watched-fetch.ts";
