/** Settings of conversations that no client named: their ids end with the process, and so do they. */
import type { StorageNamespace } from "../host.ts";
import { conversationOfKey } from "../pure.ts";
import { isUnnamed } from "./unnamed.ts";

/** The storage, but for what belongs to nameless conversations, which never leaves memory. */
export function withoutUnnamed(storage: StorageNamespace): StorageNamespace {
  const unnamed = new Map<string, string>();
  const isOfUnnamed = (key: string) => isUnnamed(conversationOfKey(key) ?? "");
  return {
    get: async (key) => (isOfUnnamed(key) ? (unnamed.get(key) ?? null) : storage.get(key)),
    async set(key, value) {
      if (isOfUnnamed(key)) unnamed.set(key, value);
      else await storage.set(key, value);
    },
    async delete(key) {
      if (isOfUnnamed(key)) unnamed.delete(key);
      else await storage.delete(key);
    },
    has: async (key) => (isOfUnnamed(key) ? unnamed.has(key) : storage.has(key)),
    async keys(prefix = "") {
      const stored = await storage.keys(prefix);
      return [...stored, ...[...unnamed.keys()].filter((key) => key.startsWith(prefix))];
    },
  };
}
