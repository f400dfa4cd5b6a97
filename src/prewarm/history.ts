/** What became of the last pre-warms, over restarts too. */
import type { Logger, StorageNamespace } from "../host.ts";
import type { PreWarmed } from "./pre-warmed.ts";

export interface PreWarmHistory {
  add(done: PreWarmed): void;
  /** The last first. */
  all(): readonly PreWarmed[];
  load(): Promise<void>;
  /** Resolves once all of it is stored. */
  stored(): Promise<void>;
}

const KEY = "history";
const KEPT = 200;

export function createHistory(storage: StorageNamespace, logger: Pick<Logger, "error">): PreWarmHistory {
  let entries: readonly PreWarmed[] = [];
  /** Writes one after the other, and of those that wait only the last. */
  let writing: Promise<void> | null = null;
  let isStale = false;
  let isLoaded = false;

  async function write(): Promise<void> {
    while (isStale) {
      isStale = false;
      await storage.set(KEY, JSON.stringify(entries));
    }
  }

  return {
    add(done) {
      entries = [done, ...entries].slice(0, KEPT);
      isStale = true;
      writing ??= write()
        .catch((error) =>
          logger.error("keepwarm: could not store the history of pre-warms", { error: String(error) }),
        )
        .finally(() => {
          writing = null;
        });
    },
    all: () => entries,
    async load() {
      // What was stored since is here already.
      if (isLoaded) return;
      isLoaded = true;
      const raw = await storage.get(KEY);
      const stored: unknown = raw === null ? [] : JSON.parse(raw);
      if (Array.isArray(stored)) entries = [...entries, ...(stored as PreWarmed[])].slice(0, KEPT);
    },
    async stored() {
      await writing;
    },
  };
}
