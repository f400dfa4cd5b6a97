export { CONVERSATION_HEADER } from "./capture.ts";
export { createKeepwarm, type Keepwarm, type KeepwarmOptions, type WrappableClient } from "./keepwarm.ts";
