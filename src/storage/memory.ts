/** A storage namespace that lives as long as the process. */
import type { StorageNamespace } from "../host.ts";

export function createMemoryStorage(): StorageNamespace {
  const entries = new Map<string, string>();
  return {
    get: async (key) => entries.get(key) ?? null,
    set: async (key, value) => {
      entries.set(key, value);
    },
    delete: async (key) => {
      entries.delete(key);
    },
    has: async (key) => entries.has(key),
    keys: async (prefix = "") => [...entries.keys()].filter((key) => key.startsWith(prefix)),
  };
}
