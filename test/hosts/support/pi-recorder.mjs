// An extension of pi that writes down what pi tells its extensions. It runs inside pi, and imports nothing of ours.
import { appendFileSync } from "node:fs";

const EVENTS = [
  ...["session_start", "session_shutdown", "agent_start", "agent_settled", "message_end"],
  ...["before_provider_headers", "before_provider_request", "after_provider_response"],
  ...["session_compact", "session_tree", "model_select", "thinking_level_select", "cache_warming_decision"],
];

export default function record(pi) {
  const { KEEPWARM_TEST_RECORDING: file, KEEPWARM_TEST_DECISION: action } = process.env;
  for (const name of EVENTS) {
    pi.on(name, (event, { model, sessionManager }) => {
      // The model's own are the ends of requests; the others are in the payloads.
      if (name === "message_end" && event.message.role !== "assistant") return undefined;
      const warms = sessionManager.getEntries().filter(({ type }) => type === "usage");
      const line = { at: performance.timeOrigin + performance.now(), pid: process.pid, event, model, warms };
      appendFileSync(file, `${JSON.stringify(line)}\n`);
      return name === "cache_warming_decision" && action ? { action } : undefined;
    });
  }
}
