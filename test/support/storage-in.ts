/** Storage in a map that the test holds: what one process leaves there, the next one finds. */
import type { StorageNamespace } from "../../src/host.ts";

export function storageIn(entries: Map<string, string>): StorageNamespace {
  return {
    get: async (key) => entries.get(key) ?? null,
    set: async (key, value) => void entries.set(key, value),
    delete: async (key) => void entries.delete(key),
    has: async (key) => entries.has(key),
    keys: async (prefix = "") => [...entries.keys()].filter((key) => key.startsWith(prefix)).toSorted(),
  };
}
