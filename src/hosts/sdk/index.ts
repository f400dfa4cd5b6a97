export { CONVERSATION_HEADER } from "../../capture/index.ts";
export { createKeepwarm, type Keepwarm, type WrappableClient } from "./keepwarm.ts";
export type { KeepwarmOptions } from "./options.ts";
