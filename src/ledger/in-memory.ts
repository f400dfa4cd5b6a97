import type { StorageNamespace } from "../host.ts";

/** For a ledger that lasts as long as its process: it is merged and bounded like any other. */
export function inMemory(): StorageNamespace {
  const entries = new Map<string, string>();
  return {
    get: async (key) => entries.get(key) ?? null,
    set: async (key, value) => void entries.set(key, value),
    delete: async (key) => void entries.delete(key),
    has: async (key) => entries.has(key),
    keys: async (prefix = "") => [...entries.keys()].filter((key) => key.startsWith(prefix)),
  };
}
