export { databaseClass } from "./database-class.ts";
export { inspectStore, type StoreState } from "./inspect.ts";
export { lookInto, type ReadOnlyStore } from "./look-into.ts";
export { makeFolder } from "./make-folder.ts";
export { createMemoryStorage } from "./memory.ts";
export { stateDirectory } from "./state-directory.ts";
