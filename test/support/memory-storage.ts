/** A host's storage in memory, which can be slow and can fail, call by call. */
import type { StorageNamespace } from "../../src/host.ts";
import type { VirtualClock } from "./virtual-clock.ts";

type Verb = "get" | "set" | "keys";

export interface MemoryStorage extends StorageNamespace {
  readonly entries: Map<string, string>;
  readonly calls: { readonly verb: Verb; readonly key: string }[];
  /** Ms that the next calls take, in order; asked for each call. Default: answered at once. */
  delayMs: (verb: Verb) => number;
  /** Whether a call fails. Default: none does. */
  fails: (verb: Verb, key: string) => boolean;
  settings(conversationId: string): unknown;
}

export function createMemoryStorage(clock: VirtualClock, entries = new Map<string, string>()): MemoryStorage {
  const storage: MemoryStorage = {
    entries,
    calls: [],
    delayMs: () => 0,
    fails: () => false,
    settings: (conversationId) => JSON.parse(entries.get(`settings:${conversationId}`) ?? "null"),

    get: (key) => answer("get", key, () => entries.get(key) ?? null),
    set: (key, value) => answer("set", key, () => void entries.set(key, value)),
    delete: async (key) => void entries.delete(key),
    has: async (key) => entries.has(key),
    keys: (prefix = "") =>
      answer("keys", prefix, () => [...entries.keys()].filter((key) => key.startsWith(prefix))),
  };

  async function answer<T>(verb: Verb, key: string, act: () => T): Promise<T> {
    storage.calls.push({ verb, key });
    const delayMs = storage.delayMs(verb);
    const fails = storage.fails(verb, key);
    if (delayMs > 0) await new Promise<void>((resolve) => clock.after(delayMs, resolve));
    if (fails) throw new Error(`disk full at ${verb}`);
    return act();
  }

  return storage;
}
