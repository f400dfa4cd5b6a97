export { createMemoryStorage } from "./memory.ts";
