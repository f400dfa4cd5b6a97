/** OpenClaw's sessions as conversations: whose a call is, and what becomes of a conversation with its session. */
import { isIntervalChosen } from "../../pure.ts";
import type { NativeHost } from "../native/index.ts";
import type { Belonging } from "./calls.ts";
import type { ModelCall } from "./readings.ts";
import type { Runs } from "./runs.ts";

/** Keys outlive sessions, of which they have one after the other. More are sessions that nobody will come back to. */
const MOST_KEYS = 1_000;

const SUB_AGENT = /:subagent:/;

/** Another session begins in its place, and may have its very id. */
const REPLACED: ReadonlySet<string> = new Set(["new", "reset", "idle", "daily"]);

export interface Sessions {
  /** A session has this key from now on. */
  keyed(sessionKey: string | undefined, sessionId: string): void;
  belonging(call: ModelCall): Belonging;
  /** A sub-agent works for a session, or is done. */
  spawned(childKey: string, parentKey: string | undefined): void;
  finished(childKey: string): void;
  /** An answer is complete. */
  answered(sessionId: string, stopReason: string | null): void;
  /** A run has ended: nothing more comes until somebody says something, or a sub-agent is done. */
  settled(sessionId: string, sessionKey: string | undefined): void;
  compacted(sessionId: string, previousId: string | undefined): void;
  ended(sessionId: string, reason: string | undefined): void;
}

export function createSessions(host: NativeHost, runs: Runs): Sessions {
  const ids = new Map<string, string>();
  /** Sub-agents' keys, and the keys of those that they work for. */
  const parents = new Map<string, string>();
  const { warmer } = host.keeper;

  function parentOf(childKey: string): string | undefined {
    const parentKey = parents.get(childKey);
    return parentKey === undefined ? undefined : ids.get(parentKey);
  }

  function waitsForSubAgents(sessionId: string): boolean {
    return [...parents.values()].some((key) => ids.get(key) === sessionId);
  }

  /** Its person's choice goes with a session that goes on under another id. */
  async function handOn(from: string, to: string): Promise<void> {
    await warmer.load(from);
    const state = warmer.getState(from);
    const { enabled, keepWarm, intervalMs } = state;
    host.detached(from);
    if (keepWarm !== undefined) await warmer.setKeepWarm(to, keepWarm);
    if (isIntervalChosen(state)) await warmer.setIntervalMs(to, intervalMs);
    // Off too, or it would count as a new one.
    await warmer.setEnabled(to, enabled);
  }

  return {
    keyed(sessionKey, sessionId) {
      if (sessionKey === undefined) return;
      ids.delete(sessionKey);
      ids.set(sessionKey, sessionId);
      const [oldest] = ids.keys();
      if (ids.size > MOST_KEYS && oldest !== undefined) ids.delete(oldest);
    },
    belonging({ runId, sessionId, sessionKey = "" }) {
      const parent = parentOf(sessionKey);
      const aside = parent !== undefined || SUB_AGENT.test(sessionKey) || !runs.isPersons(runId);
      return { conversationId: parent ?? sessionId, aside };
    },
    spawned(childKey, parentKey) {
      if (parentKey === undefined) return;
      // A sub-agent's own sub-agent works for the same person.
      parents.set(childKey, parents.get(parentKey) ?? parentKey);
      const parent = parentOf(childKey);
      if (parent !== undefined) host.changed(parent, { waiting: "background" });
    },
    finished(childKey) {
      const parent = parentOf(childKey);
      parents.delete(childKey);
      if (parent !== undefined && !waitsForSubAgents(parent)) host.changed(parent, { waiting: "none" });
    },
    answered(sessionId, stopReason) {
      if (stopReason === "tool_use") host.changed(sessionId, { waiting: "tool" });
    },
    settled(sessionId, sessionKey = "") {
      if (SUB_AGENT.test(sessionKey)) return;
      host.changed(sessionId, { waiting: waitsForSubAgents(sessionId) ? "background" : "none" });
    },
    compacted(sessionId, previousId) {
      const invalidated = "it was compacted";
      host.changed(sessionId, { invalidated });
      if (previousId === undefined || previousId === sessionId) return;
      void handOn(previousId, sessionId).catch(() => {
        // Then it is off, which is what a new session is.
      });
    },
    ended(sessionId, reason) {
      if (reason === "deleted") host.closed(sessionId);
      // One that was compacted goes on: its setting is still to be read.
      else if (reason !== "compaction") host.detached(sessionId);
      // What comes is a new conversation, of which its person has chosen nothing.
      if (reason !== undefined && REPLACED.has(reason)) void warmer.forget(sessionId).catch(() => {});
    },
  };
}
