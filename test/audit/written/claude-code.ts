/** Transcripts as Claude Code writes them: 2.1.328, and where it differed, the versions of a year before. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Content, type Exchange, ids, iso, type Session, SHORT } from "./exchange.ts";

export interface ClaudeCodeOptions {
  /**
   * `old`: no `api-request` records, no `cache_creation`, no reason why an answer stopped, sub-agents inside of
   * `progress` records. @default "new"
   */
  readonly version?: "new" | "old";
  /** Ids of messages begin with it: a copy of a session has those of the original. @default the session's id */
  readonly messages?: string;
}

const PREPARES_MS = 300;

export function claudeCodeLines(session: Session, options: ClaudeCodeOptions = {}): string[] {
  const { version = "new", messages = session.id } = options;
  const { content = SHORT } = session;
  const uuid = ids(`${session.id}-`);
  const common = {
    userType: "external",
    cwd: session.cwd,
    sessionId: session.id,
    version: "2.1.328",
    gitBranch: "main",
  };
  const lines: unknown[] = [
    {
      type: "queue-operation",
      operation: "enqueue",
      timestamp: iso(session.exchanges[0]?.startedAt ?? 0),
      sessionId: session.id,
      content: content.person,
    },
  ];
  let parent: string | null = null;
  for (const [index, exchange] of session.exchanges.entries()) {
    const isSide: boolean = exchange.subagent !== undefined;
    const side = { isSidechain: isSide, ...(isSide ? { agentId: exchange.subagent } : {}) };
    const after = session.exchanges[index - 1]?.stop;
    const triggerId = uuid();
    // The order of keys is Claude Code's own, and the reader finds times by it.
    const rest = { parentUuid: parent, ...side, ...common };
    // Newer versions say when the request itself went out: some time after what triggered it.
    const timestamp = iso(exchange.startedAt - (version === "new" ? PREPARES_MS : 0));
    lines.push(
      after === "tool_use"
        ? {
            ...rest,
            type: "user",
            message: {
              role: "user",
              content: [{ type: "tool_result", tool_use_id: "toolu_1", content: content.tool }],
            },
            uuid: triggerId,
            timestamp,
            toolUseResult: { stdout: content.tool, usage: { input_tokens: 7 }, uuid: "nested" },
          }
        : {
            ...rest,
            type: "user",
            message: { role: "user", content: content.person },
            uuid: triggerId,
            timestamp,
          },
    );
    const requestId = uuid();
    if (version === "new") {
      lines.push({
        type: "api-request",
        sessionId: session.id,
        id: requestId,
        timestamp: iso(exchange.startedAt),
        version: "2.1.328",
        params: { model: exchange.model },
      });
    }
    const records = answer(
      exchange,
      { ...common, ...side },
      { messageId: `msg_${messages}_${index}`, requestId, parent: triggerId, uuid, version, content },
    );
    parent = records.at(-1)?.uuid ?? triggerId;
    for (const record of records) {
      lines.push(isSide && version === "old" ? progressOf(record, exchange.subagent ?? "", common) : record);
    }
    lines.push({ type: "last-prompt", lastPrompt: content.person, sessionId: session.id });
  }
  return lines.map((line) => JSON.stringify(line));
}

interface Answer {
  readonly messageId: string;
  readonly requestId: string;
  readonly parent: string;
  readonly uuid: () => string;
  readonly version: "new" | "old";
  readonly content: Content;
}

/** One record a block, each with the usage of the whole message, of which only the last knows the output. */
function answer(
  exchange: Exchange,
  common: object,
  { messageId, requestId, parent, uuid, version, content }: Answer,
) {
  const asks = exchange.stop === "question";
  const blocks: readonly object[] = [
    { type: "thinking", thinking: content.model, signature: "c2ln" },
    { type: "text", text: content.model },
    ...(exchange.stop === "end_turn"
      ? []
      : [
          {
            type: "tool_use",
            id: "toolu_1",
            name: asks ? "AskUserQuestion" : "Bash",
            input: { command: content.model },
          },
        ]),
  ];
  let last = parent;
  return blocks.map((block, index) => {
    const isLast = index === blocks.length - 1;
    const span = exchange.endedAt - exchange.firstAt;
    const at = exchange.firstAt + Math.round((span * index) / (blocks.length - 1));
    const record = {
      parentUuid: last,
      ...common,
      message: {
        model: exchange.model,
        id: messageId,
        type: "message",
        role: "assistant",
        content: [block],
        ...(version === "old"
          ? {}
          : { stop_reason: isLast ? (exchange.stop === "end_turn" ? "end_turn" : "tool_use") : null }),
        usage: usageOf(exchange, version, isLast),
      },
      requestId: `req_${requestId}`,
      ...(version === "new" ? { requestRef: requestId } : {}),
      type: "assistant" as const,
      uuid: uuid(),
      timestamp: iso(at),
    };
    last = record.uuid;
    return record;
  });
}

function usageOf(exchange: Exchange, version: "new" | "old", isLast: boolean) {
  const { uncached, write5m, write1h, read, output } = exchange;
  return {
    input_tokens: uncached,
    cache_creation_input_tokens: write5m + write1h,
    cache_read_input_tokens: read,
    ...(version === "new"
      ? { cache_creation: { ephemeral_5m_input_tokens: write5m, ephemeral_1h_input_tokens: write1h } }
      : {}),
    output_tokens: isLast ? output : 1,
    service_tier: "standard",
  };
}

function progressOf(record: object, agentId: string, common: object) {
  return {
    parentUuid: null,
    isSidechain: false,
    ...common,
    type: "progress",
    data: { type: "agent_progress", agentId, message: record, normalizedMessages: [] },
    toolUseID: "agent_1",
  };
}

/** Below `root`, which stands for `~/.claude`. Sub-agents get files of their own, as newer versions write them. */
export function writeClaudeCode(root: string, session: Session, options: ClaudeCodeOptions = {}): string {
  const folder = join(root, "projects", session.cwd.replaceAll(/[^a-zA-Z0-9]/g, "-"));
  const file = join(folder, `${session.id}.jsonl`);
  if (options.version === "old") return write(file, claudeCodeLines(session, options));
  const main = session.exchanges.filter(({ subagent }) => subagent === undefined);
  write(file, claudeCodeLines({ ...session, exchanges: main }, options));
  for (const subagent of new Set(session.exchanges.flatMap(({ subagent = [] }) => subagent))) {
    const exchanges = session.exchanges.filter((exchange) => exchange.subagent === subagent);
    write(
      join(folder, session.id, "subagents", `agent-${subagent}.jsonl`),
      claudeCodeLines({ ...session, exchanges }, { ...options, messages: `${session.id}_${subagent}` }),
    );
  }
  return file;
}

export function write(file: string, lines: readonly string[]): string {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${lines.join("\n")}\n`);
  return file;
}
