/** Transcripts as Codex writes them. */
import { join } from "node:path";
import { write } from "./claude-code.ts";
import { iso, type Session, SHORT } from "./exchange.ts";

export interface CodexOptions {
  /** The session that this one begins as a copy of: all exchanges before `sinceMs` are repeated at that time. */
  readonly forkedFrom?: { readonly id: string; readonly sinceMs: number };
  /** The session that this one is a sub-agent of. */
  readonly subagentOf?: string;
}

export function codexLines(session: Session, { forkedFrom, subagentOf }: CodexOptions = {}): string[] {
  const first = forkedFrom?.sinceMs ?? session.exchanges[0]?.startedAt ?? 0;
  const { content = SHORT } = session;
  const line = (at: number, type: string, payload: object) =>
    JSON.stringify({
      timestamp: iso(forkedFrom === undefined ? at : Math.max(at, forkedFrom.sinceMs)),
      type,
      payload,
    });
  const source =
    subagentOf === undefined
      ? "cli"
      : { subagent: { thread_spawn: { parent_thread_id: subagentOf, depth: 1 } } };
  const lines = [
    line(first, "session_meta", {
      ...(subagentOf === undefined ? {} : { session_id: subagentOf }),
      id: session.id,
      ...(forkedFrom === undefined ? {} : { forked_from_id: forkedFrom.id }),
      timestamp: iso(first),
      cwd: session.cwd,
      originator: "codex_cli_rs",
      source,
      base_instructions: { text: content.person },
    }),
    ...(forkedFrom === undefined
      ? []
      : [
          line(first, "session_meta", {
            id: forkedFrom.id,
            timestamp: iso(first),
            cwd: session.cwd,
            source: "cli",
          }),
        ]),
  ];
  const total = {
    input_tokens: 0,
    cached_input_tokens: 0,
    cache_write_input_tokens: 0,
    output_tokens: 0,
    reasoning_output_tokens: 0,
    total_tokens: 0,
  };
  for (const [index, exchange] of session.exchanges.entries()) {
    const { startedAt, firstAt, endedAt, stop, output } = exchange;
    const before = session.exchanges[index - 1]?.stop;
    if (before === undefined || before === "end_turn") {
      lines.push(
        line(startedAt, "event_msg", {
          type: "token_count",
          info: index === 0 ? null : { total_token_usage: { ...total }, last_token_usage: { ...total } },
        }),
      );
      lines.push(
        line(startedAt, "turn_context", {
          turn_id: `turn-${index}`,
          cwd: session.cwd,
          model: exchange.model,
          effort: "high",
        }),
      );
      lines.push(
        line(startedAt, "response_item", {
          type: "message",
          role: "user",
          content: [{ type: "input_text", text: content.person }],
        }),
      );
      lines.push(line(startedAt, "event_msg", { type: "user_message", message: content.person }));
    } else {
      lines.push(
        line(startedAt, "response_item", {
          type: "function_call_output",
          call_id: "call_1",
          output: content.tool,
        }),
      );
    }
    lines.push(
      line(firstAt, "response_item", { type: "reasoning", summary: [], encrypted_content: content.model }),
    );
    if (stop === "end_turn") {
      lines.push(line(endedAt, "event_msg", { type: "agent_message", message: content.model }));
      lines.push(
        line(endedAt, "response_item", {
          type: "message",
          role: "assistant",
          content: [{ type: "output_text", text: content.model }],
        }),
      );
    } else {
      const name = stop === "question" ? "request_user_input" : "shell";
      lines.push(
        line(endedAt, "response_item", {
          type: "function_call",
          name,
          arguments: content.model,
          call_id: "call_1",
        }),
      );
    }
    const cached = exchange.read;
    const written = exchange.write5m + exchange.write1h;
    const input = exchange.uncached + cached + written;
    total.input_tokens += input;
    total.cached_input_tokens += cached;
    total.cache_write_input_tokens += written;
    total.output_tokens += output;
    total.total_tokens += input + output;
    const last = {
      input_tokens: input,
      cached_input_tokens: cached,
      cache_write_input_tokens: written,
      output_tokens: output,
      reasoning_output_tokens: 0,
      total_tokens: input + output,
    };
    const count = {
      type: "token_count",
      info: { total_token_usage: { ...total }, last_token_usage: last, model_context_window: 258_400 },
    };
    // Told of again when limits are.
    lines.push(
      line(endedAt, "event_msg", count),
      line(endedAt + 5, "event_msg", { ...count, rate_limits: { limit_id: "codex" } }),
    );
  }
  return lines;
}

/** Below `root`, which stands for `~/.codex`. */
export function writeCodex(root: string, session: Session, options?: CodexOptions): string {
  return write(
    join(root, "sessions", "2026", "01", "05", `rollout-2026-01-05T10-00-00-${session.id}.jsonl`),
    codexLines(session, options),
  );
}
