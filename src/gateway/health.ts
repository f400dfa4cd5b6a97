/** What is wrong with a gateway, from when on, until it is not any more. */
import type { StorageNamespace } from "../host.ts";
import type { ProblemView } from "../hub/index.ts";

export interface Health {
  /** Something is wrong, or still is. @param sentence what, and what that means */
  trouble(about: ProblemView["about"], sentence: string): void;
  /** It is not, or not any more. */
  fine(about: ProblemView["about"]): void;
  problems(): readonly ProblemView[];
  /** Tells when something went wrong or right again. Returns the way to end it. */
  subscribe(listener: () => void): () => void;
}

/** @param now wall clock, epoch ms */
export function createHealth(now: () => number): Health {
  const problems = new Map<ProblemView["about"], ProblemView>();
  const listeners = new Set<() => void>();
  const tell = () => {
    for (const listener of listeners) listener();
  };
  return {
    trouble(about, sentence) {
      const known = problems.get(about);
      if (known?.sentence === sentence) return;
      problems.set(about, { about, since: known?.since ?? now(), sentence });
      tell();
    },
    fine(about) {
      if (problems.delete(about)) tell();
    },
    problems: () => [...problems.values()],
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

/** The same namespace; whether it works is noted. */
export function watched(
  storage: StorageNamespace,
  health: Pick<Health, "trouble" | "fine">,
): StorageNamespace {
  async function noting<T>(act: () => Promise<T>): Promise<T> {
    try {
      const answer = await act();
      health.fine("storage");
      return answer;
    } catch (error) {
      // What cannot be stored at all says nothing of the store.
      if (!(error instanceof TypeError)) health.trouble("storage", sentenceOf(error));
      throw error;
    }
  }
  return {
    get: (key) => noting(() => storage.get(key)),
    set: (key, value) => noting(() => storage.set(key, value)),
    delete: (key) => noting(() => storage.delete(key)),
    has: (key) => noting(() => storage.has(key)),
    keys: (prefix) => noting(() => storage.keys(prefix)),
  };
}

function sentenceOf(error: unknown): string {
  const said = error instanceof Error ? error.message : String(error);
  return `What is chosen and what is booked cannot be stored, and holds until the gateway ends: ${said}`;
}
