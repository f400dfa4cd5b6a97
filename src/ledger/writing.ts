/**
 * Writes the latest value of each key: one write of a key at a time, and none that a newer value has overtaken.
 * What could not be stored is tried again as soon as anything else could be.
 */
import type { StorageNamespace } from "../host.ts";

export interface Writing {
  /**
   * Begins at once, unless the same key is being written: then as soon as that is done. Resolves once this value,
   * or one after it, is stored; rejects when it could not be.
   */
  write(key: string, value: string): Promise<void>;
  /** Resolves once nothing is being written. */
  done(): Promise<void>;
}

export function createWriting(storage: Pick<StorageNamespace, "set">): Writing {
  const latest = new Map<string, string>();
  const running = new Map<string, Promise<void>>();
  const next = new Map<string, Promise<void>>();
  /** Their last write failed. */
  const failed = new Map<string, string>();

  // So that a store that throws at once rejects like any other.
  const set = async (key: string, value: string) => storage.set(key, value);

  function begin(key: string): Promise<void> {
    const value = latest.get(key) ?? "";
    const writing = set(key, value).finally(() => {
      if (running.get(key) !== writing) return;
      running.delete(key);
      if (!next.has(key)) latest.delete(key);
    });
    running.set(key, writing);
    writing.then(
      () => {
        failed.delete(key);
        retry();
      },
      () => {
        // To the end: what can never be stored must not keep the others from it.
        failed.delete(key);
        failed.set(key, value);
      },
    );
    return writing;
  }

  /** One at a time, each after a success: a store in trouble may hold up the whole program with every try. */
  function retry(): void {
    for (const [key, value] of failed) {
      if (running.has(key) || next.has(key)) continue;
      latest.set(key, value);
      // Its owner has heard of the failure.
      begin(key).catch(() => {});
      return;
    }
  }

  return {
    write(key, value) {
      latest.set(key, value);
      const before = running.get(key);
      if (before === undefined) return begin(key);
      const waiting = next.get(key);
      if (waiting) return waiting;
      const then = before
        .catch(() => {})
        .then(() => {
          next.delete(key);
          return begin(key);
        });
      next.set(key, then);
      return then;
    },
    async done() {
      while (running.size > 0 || next.size > 0) {
        await Promise.allSettled([...running.values(), ...next.values()]);
      }
    },
  };
}
