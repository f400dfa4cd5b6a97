/** A store as it would be with all spools taken in, for who may only read it. */
import type { StorageNamespace } from "../../host.ts";
import { readSpool, spoolFiles } from "./read.ts";

type Readable = Pick<StorageNamespace, "get" | "keys">;

const NOTHING: Readable = { get: async () => null, keys: async () => [] };

/** @param storage left out: there is none */
export async function withSpools(stateDirectory: string, storage: Readable = NOTHING): Promise<Readable> {
  const spooled = new Map<string, string | null>();
  for (const { path } of await spoolFiles(stateDirectory)) {
    const part = await readSpool(path, null).catch(() => null);
    for (const { key, value } of part?.entries.values() ?? []) spooled.set(key, value);
  }
  return {
    get: async (key) => (spooled.has(key) ? (spooled.get(key) ?? null) : storage.get(key)),
    async keys(prefix = "") {
      const stored = (await storage.keys(prefix)).filter((key) => !spooled.has(key));
      const added = [...spooled].filter(([key, value]) => value !== null && key.startsWith(prefix));
      return [...stored, ...added.map(([key]) => key)];
    },
  };
}
