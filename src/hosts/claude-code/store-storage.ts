/** A storage namespace in what Claude Code keeps for the plugin. */
import type { StorageNamespace } from "../../host.ts";
import type { EngineStore } from "./engine.ts";

export function storeStorage(store: EngineStore, name: string): StorageNamespace {
  const prefix = `${name}/`;
  const read = async (key: string) => {
    const value = await store.get(prefix + key);
    return typeof value === "string" ? value : null;
  };
  return {
    get: read,
    has: async (key) => (await read(key)) !== null,
    set: (key, value) => store.set(prefix + key, value),
    delete: (key) => store.delete(prefix + key),
    keys: async (start = "") =>
      (await store.keys())
        .filter((key) => key.startsWith(prefix + start))
        .map((key) => key.slice(prefix.length)),
  };
}
