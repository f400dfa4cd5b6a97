/** keepwarm as a plugin of OpenClaw: its hooks to conversations, and its command. */
import type { Inside } from "./inside.ts";
import type { OpenClaw, OpenClawPlugin } from "./openclaw-api.ts";
import { type Presence, sharedPresence } from "./presence.ts";
import {
  readBegun,
  readCommand,
  readCompaction,
  readEnded,
  readModelCall,
  readRequester,
  readRun,
  readSession,
  readSessionEnd,
  readSpawned,
  readTraced,
} from "./readings.ts";

export function keepwarmPlugin(presence: Presence = sharedPresence()): OpenClawPlugin {
  return {
    id: "keepwarm",
    name: "keepwarm",
    description: "Keeps a conversation's prompt cache warm while its person is away",
    register(openclaw) {
      harmless(() => extend(openclaw, presence));
    },
  };
}

/** A fault of ours is nobody's but ours: OpenClaw goes on as if we were not there. */
function harmless(act: () => void): void {
  try {
    act();
  } catch {
    // Then less is kept warm.
  }
}

function extend(openclaw: OpenClaw, presence: Presence): void {
  function on(hook: string, act: (inside: Inside, event: unknown, context: unknown) => void): void {
    openclaw.on(hook, (event, context) =>
      harmless(() => {
        const begun = presence.begin();
        if (begun !== null) act(begun, event, context);
      }),
    );
  }

  on("session_start", ({ sessions }, event) => {
    const session = readSession(event);
    if (session !== null) sessions.keyed(session.sessionKey, session.sessionId);
  });
  on("llm_input", ({ runs, sessions }, event, context) => {
    const run = readRun(event);
    if (run === null) return;
    const { trigger, sessionKey } = readBegun(context) ?? {};
    runs.began(run.runId, trigger);
    sessions.keyed(sessionKey, run.sessionId);
  });
  on("model_call_started", ({ calls, sessions }, event, context) => {
    const call = readModelCall(event);
    const traced = readTraced(context);
    if (call === null || traced === null) return;
    sessions.keyed(call.sessionKey, call.sessionId);
    calls.started(call, traced.trace);
  });
  on("model_call_ended", ({ calls }, event) => {
    const call = readModelCall(event);
    if (call !== null) calls.ended(call.callId);
  });
  on("agent_end", ({ sessions }, _, context) => {
    const session = readSession(context);
    if (session !== null) sessions.settled(session.sessionId, session.sessionKey);
  });
  on("subagent_spawned", ({ sessions }, event, context) => {
    const child = readSpawned(event);
    if (child !== null) sessions.spawned(child.childSessionKey, readRequester(context)?.requesterSessionKey);
  });
  on("subagent_ended", ({ sessions }, event) => {
    const child = readEnded(event);
    if (child !== null) sessions.finished(child.targetSessionKey);
  });
  on("after_compaction", ({ sessions }, event, context) => {
    const session = readSession(context);
    if (session !== null) sessions.compacted(session.sessionId, readCompaction(event)?.previousSessionId);
  });
  on("session_end", ({ sessions }, event) => {
    const session = readSession(event);
    if (session !== null) sessions.ended(session.sessionId, readSessionEnd(event)?.reason);
  });
  openclaw.registerService({
    id: "keepwarm",
    start: () => harmless(() => presence.start(openclaw)),
    stop: () => harmless(() => presence.stop(openclaw)),
  });
  openclaw.registerCommand({
    name: "warm",
    description: "Keep this conversation's prompt cache warm while you are away",
    acceptsArgs: true,
    requireAuth: true,
    async handler(context) {
      try {
        const { sessionId, args = "" } = readCommand(context) ?? {};
        const begun = presence.begin();
        if (begun === null || sessionId === undefined)
          return { text: "There is no conversation here yet: say something first." };
        return { text: await begun.command(sessionId, args) };
      } catch {
        return { text: "keepwarm is not running here." };
      }
    },
  });
}
