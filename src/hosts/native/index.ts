/** What hosts that run keepwarm inside another program share (docs/hosts.md). */
export type { NamedBy } from "../../capture/index.ts";
export { createWatch as fetchWatching, namedBy as namedBySession } from "../../capture/index.ts";
export { answerWarm } from "./answer-warm.ts";
export type {
  NativeAnswer,
  NativeExchange,
  NativeRequest,
  Payload,
  ResponseHead,
} from "./exchange.ts";
export { openExchange as requestTelling } from "./exchange.ts";
export { type HostOnKeeper, harmlessBy, hostOnKeeper } from "./host-on-keeper.ts";
export { type LinkedProgramOptions, linkedProgram } from "./linked-program.ts";
export { createMembership, type Member, type Membership, type MembershipOptions } from "./membership.ts";
export { createNativeHost, type NativeHost, type NativeHostOptions } from "./native-host.ts";
export { type Chosen, chosenSettings, type PersonSettings, personSettings } from "./person-settings.ts";
export { type Standing, statusLine, statusSentences } from "./status-text.ts";
export {
  parseWarmCommand,
  WARM_ARGUMENTS,
  WARM_HELP,
  type WarmArgument,
  type WarmCommand,
} from "./warm-command.ts";
