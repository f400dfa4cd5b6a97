/** Transcripts as pi writes them (session version 3). */
import { join } from "node:path";
import { write } from "./claude-code.ts";
import { type Content, type Exchange, ids, iso, type Session, SHORT } from "./exchange.ts";

const STOP = { end_turn: "stop", tool_use: "toolUse", question: "toolUse" } as const;

export interface PiOptions {
  /** Ids of entries begin with it. @default "" */
  readonly entries?: string;
}

export function piLines(session: Session, { entries = "" }: PiOptions = {}): string[] {
  const id = ids(entries);
  const { content = SHORT } = session;
  const first = session.exchanges[0]?.startedAt ?? 0;
  const lines: unknown[] = [
    { type: "session", version: 3, id: session.id, timestamp: iso(first), cwd: session.cwd },
    {
      type: "model_change",
      id: id(),
      parentId: null,
      timestamp: iso(first),
      provider: "anthropic",
      modelId: "claude-opus-4-5",
    },
  ];
  for (const [index, exchange] of session.exchanges.entries()) {
    const before = session.exchanges[index - 1]?.stop;
    const message =
      before === undefined || before === "end_turn"
        ? { role: "user", content: [{ type: "text", text: content.person }], timestamp: exchange.startedAt }
        : {
            role: "toolResult",
            toolCallId: "toolu_1",
            toolName: "bash",
            content: [{ type: "text", text: content.tool }],
            isError: false,
            timestamp: exchange.startedAt,
          };
    lines.push({ type: "message", id: id(), parentId: id(), timestamp: iso(exchange.startedAt), message });
    lines.push({
      type: "message",
      id: id(),
      parentId: id(),
      timestamp: iso(exchange.endedAt),
      message: answer(exchange, content),
    });
  }
  return lines.map((line) => JSON.stringify(line));
}

function answer(exchange: Exchange, content: Content) {
  const { uncached, write5m, write1h, read, output, stop } = exchange;
  const name = stop === "question" ? "question" : "bash";
  return {
    role: "assistant",
    content: [
      { type: "text", text: content.model },
      ...(stop === "end_turn"
        ? []
        : [{ type: "toolCall", id: "toolu_1", name, arguments: { command: content.model } }]),
    ],
    api: "anthropic-messages",
    provider: "anthropic",
    model: exchange.model,
    usage: {
      input: uncached,
      output,
      cacheRead: read,
      cacheWrite: write5m + write1h,
      totalTokens: uncached + output + read + write5m + write1h,
      cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, total: 0 },
      cacheWrite1h: write1h,
    },
    stopReason: STOP[stop],
    timestamp: exchange.startedAt,
  };
}

/** A warm of pi's own. */
export function piWarmLine(at: number, read: number): string {
  return JSON.stringify({
    type: "usage",
    id: "abcd1234",
    parentId: null,
    timestamp: iso(at),
    kind: "cache_warm",
    provider: "anthropic",
    model: "claude-opus-4-5",
    usage: { input: 0, output: 1, cacheRead: read, cacheWrite: 0 },
  });
}

/** Below `root`, which stands for `~/.pi/agent`. */
export function writePi(root: string, session: Session, options?: PiOptions): string {
  const folder = `--${session.cwd.replaceAll(/[/\\:]/g, "-")}--`;
  return write(join(root, "sessions", folder, `2026-01-05_${session.id}.jsonl`), piLines(session, options));
}
