export { databaseClass } from "./database-class.ts";
export { inspectStore, type StoreState } from "./inspect.ts";
export { createJsonFileStorage, type JsonFileStorage, type JsonFileStorageOptions } from "./json-file.ts";
export { lookInto, type ReadOnlyStore } from "./look-into.ts";
export { makeFolder } from "./make-folder.ts";
export { createMemoryStorage } from "./memory.ts";
export { stateDirectory } from "./state-directory.ts";
