export { createMemoryStorage } from "./memory.ts";
export { stateDirectory } from "./state-directory.ts";
