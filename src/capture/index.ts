/** Watches requests pass by, tells conversations and threads apart, and keeps the last request of each. */
export { type CapturedConversation, isUnnamed } from "./conversations.ts";
export { createKeeper, type Keeper, type KeeperOptions } from "./keeper.ts";
export { createResponseReader, type ResponseReader } from "./response-reader.ts";
export type { ConversationSummary } from "./summary.ts";
export type { TierChoice } from "./tiers.ts";
export {
  type Call,
  harmless,
  type LeavingCall,
  type Observed,
  type OpenCall,
  type Turns,
} from "./turns.ts";
