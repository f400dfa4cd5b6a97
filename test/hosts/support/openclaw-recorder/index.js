// A plugin of OpenClaw that writes down what OpenClaw tells its plugins. It runs inside OpenClaw, and imports nothing
// of ours.
import { appendFileSync } from "node:fs";

const HOOKS = [
  ...["session_start", "session_end", "before_reset", "llm_input", "model_call_started", "model_call_ended"],
  ...["agent_end", "after_compaction", "subagent_spawned", "subagent_ended"],
];

/** What is told of the conversation's words, and of the machine, is not kept. */
const KEPT =
  /^(runId|callId|sessionId|sessionKey|agentId|trigger|trace|api|provider|model|outcome|reason|success|previousSessionId|nextSessionId|childSessionKey|requesterSessionKey|targetSessionKey|targetKind|compactedCount|traceId|spanId)$/;

const kept = (value) =>
  typeof value === "object" && value !== null
    ? Object.fromEntries(
        Object.entries(value).flatMap(([name, one]) => (KEPT.test(name) ? [[name, kept(one)]] : [])),
      )
    : value;

export default {
  id: "recorder",
  name: "recorder",
  description: "Writes down what OpenClaw tells its plugins",
  register(openclaw) {
    for (const hook of HOOKS) {
      openclaw.on(hook, (event, context) => {
        const at = performance.timeOrigin + performance.now();
        const line = { at, hook, event: kept(event), context: kept(context) };
        appendFileSync(process.env.KEEPWARM_TEST_RECORDING, `${JSON.stringify(line)}\n`);
      });
    }
  },
};
