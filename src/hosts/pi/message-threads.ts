/**
 * Message threads (pi 1.5.1 and later): the server holds the conversation, and only what is new is sent. pi shows
 * its extensions the whole of it, which can be sent as well; whether that finds what a thread has cached, nobody
 * has said. So the first warm finds out, and when it was in vain it was the last.
 */
import type { WarmCompleted } from "../../host.ts";
import { isCold as foundNothing } from "../../pure.ts";
import type { PiPayload } from "./readings.ts";
import type { SessionEntries } from "./session-entries.ts";

const BETA = "message-threads-";

export const THREADS_COLD =
  "pi sends this conversation as a message thread, and a warm with the whole of it found nothing in the cache, so it is not kept warm. The setting compat.supportsMessageThreads: false of its model in pi's models.json makes it possible.";

export interface MessageThreads {
  /** Why this request is not to be warmed; undefined when it may be. */
  objectionTo(payload: PiPayload): string | undefined;
  /** Returns whether this warm has shown that they cannot be warmed. */
  warmed(event: WarmCompleted): boolean;
  /** Null: nothing speaks against warming. */
  reason(): string | null;
}

export function createMessageThreads(entries: Pick<SessionEntries, "kept" | "keep">): MessageThreads {
  let isThread = false;
  /** Known, though it may not have been written down. */
  let isCold = entries.kept().threads === "cold";

  function reason(): string | null {
    return isThread && isCold ? THREADS_COLD : null;
  }

  return {
    reason,
    objectionTo({ betas = [] }) {
      isThread = betas.some((name) => name.startsWith(BETA));
      return reason() ?? undefined;
    },
    warmed({ usage, foreign }) {
      if (!isThread || foreign || !foundNothing(usage)) return false;
      isCold = true;
      try {
        entries.keep({ threads: "cold" });
      } catch {
        // The next time it is resumed it is tried once more.
      }
      return true;
    },
  };
}
