/** Transcripts of Claude Code: one record a line, sub-agents in the same file or in files of their own. */
import { basename } from "node:path";
import * as z from "zod";
import { type Call, lastSegment, type Sighting, type Stop } from "./conversation.ts";
import { eachLine, parseLine } from "./lines.ts";
import { type Reader, text, time, timesOf, tokens, toolStop } from "./transcript.ts";

// Quotes inside of JSON's text are escaped, so that these are found as keys only.
const USAGE = Buffer.from('"usage":');
const ASSISTANT = Buffer.from('"assistant"');
const REQUEST = Buffer.from('"type":"api-request"');
const UUID = Buffer.from('"uuid":"');
const TIMESTAMP = Buffer.from('"timestamp":"');
const QUOTE = 0x22;
const SYNTHETIC = "<synthetic>";
/** Times of records are kept for so many: a request follows what triggered it closely. */
const MOST_TIMES = 20_000;

const usage = z.object({
  input_tokens: tokens,
  cache_creation_input_tokens: tokens,
  cache_read_input_tokens: tokens,
  output_tokens: tokens,
  cache_creation: z
    .object({ ephemeral_5m_input_tokens: tokens, ephemeral_1h_input_tokens: tokens })
    .optional()
    .catch(undefined),
  speed: text,
  inference_geo: text,
});

const block = z.object({ type: text, name: text }).catch({ type: "", name: "" });

const record = z.object({
  type: z.literal("assistant"),
  sessionId: text,
  timestamp: time,
  parentUuid: text,
  requestRef: text,
  requestId: text,
  isSidechain: z.boolean().catch(false),
  agentId: text,
  cwd: text,
  message: z.object({
    id: text,
    model: text,
    stop_reason: text,
    usage,
    content: z.array(block).catch([]),
  }),
});

/** Sub-agents of older versions: the record is inside of one that tells of progress. */
const progress = z.object({
  type: z.literal("progress"),
  sessionId: text,
  cwd: text,
  data: z.object({ agentId: text, message: record }),
});

const request = z.object({ type: z.literal("api-request"), id: z.string(), timestamp: time });

type AssistantRecord = z.infer<typeof record>;
type Usage = z.infer<typeof usage>;

const STOPS: Readonly<Record<string, Stop>> = {
  end_turn: "e",
  tool_use: "t",
  max_tokens: "m",
  stop_sequence: "s",
  refusal: "r",
  pause_turn: "p",
};

/** A call whose lines, one for each block of its answer, are still coming in. */
interface Draft {
  readonly session: string;
  readonly thread: string;
  readonly model: string;
  readonly startedAt: number;
  readonly firstAt: number;
  endedAt: number;
  stopReason: string;
  usage: Usage;
  readonly tools: string[];
}

export const readClaudeCode: Reader = async (path, options) => {
  const times = new Map<string, number>();
  const drafts = new Map<string, Draft>();
  const projects = new Map<string, string>();
  const fileSession = basename(path, ".jsonl");
  let broken = 0;

  const take = (found: AssistantRecord) => {
    const { message, timestamp } = found;
    const session = found.sessionId || fileSession;
    if (found.cwd !== "" && !projects.has(session)) projects.set(session, lastSegment(found.cwd));
    if (message.model === SYNTHETIC || message.model === "" || Number.isNaN(timestamp)) return;
    if (isEmpty(message.usage)) return;
    const tools = message.content.filter(({ type }) => type === "tool_use").map(({ name }) => name);
    // A record without an id is one call of its own.
    const key = message.id || found.requestId || `${session}@${timestamp}`;
    const draft = drafts.get(key);
    if (draft !== undefined) {
      draft.endedAt = Math.max(draft.endedAt, timestamp);
      draft.stopReason = message.stop_reason || draft.stopReason;
      // Earlier lines count only the output so far.
      if (message.usage.output_tokens >= draft.usage.output_tokens) draft.usage = message.usage;
      draft.tools.push(...tools);
      return;
    }
    drafts.set(key, {
      session,
      thread: found.agentId || (found.isSidechain ? "side" : ""),
      model: message.model,
      startedAt: times.get(found.requestRef) ?? times.get(found.parentUuid) ?? timestamp,
      firstAt: timestamp,
      endedAt: timestamp,
      stopReason: message.stop_reason,
      usage: message.usage,
      tools,
    });
  };

  const unread = await eachLine(
    path,
    (line) => {
      if (line.includes(USAGE) && line.includes(ASSISTANT)) {
        const value = parseLine(line);
        if (value === undefined) {
          broken += 1;
          return;
        }
        const found = record.safeParse(value);
        if (found.success) take(found.data);
        const told = found.success ? null : progress.safeParse(value);
        if (told?.success) {
          const { data, sessionId, cwd } = told.data;
          take({
            ...data.message,
            sessionId: sessionId || data.message.sessionId,
            agentId: data.agentId || data.message.agentId || "side",
            cwd,
          });
        }
      } else if (line.includes(REQUEST)) {
        const sent = request.safeParse(parseLine(line));
        if (sent.success) remember(times, sent.data.id, sent.data.timestamp);
      }
      rememberTimes(times, line);
    },
    options,
  );
  return {
    sightings: [...drafts].map(([key, draft]) => sightingOf(`claude-code:${key}`, draft)),
    projects,
    broken: broken + unread.torn,
    tooLong: unread.tooLong,
  };
};

function sightingOf(key: string, draft: Draft): Sighting {
  const { session, thread, model, stopReason, tools } = draft;
  const used = draft.usage;
  const write1hTokens = used.cache_creation?.ephemeral_1h_input_tokens ?? 0;
  const split5m = used.cache_creation?.ephemeral_5m_input_tokens ?? 0;
  const call: Call = {
    ...timesOf(draft),
    model,
    uncachedTokens: used.input_tokens,
    // Older versions do not split what was written, which lived for five minutes.
    write5mTokens: Math.max(split5m, used.cache_creation_input_tokens - write1hTokens),
    write1hTokens,
    readTokens: used.cache_read_input_tokens,
    outputTokens: used.output_tokens,
    stop: stopOf(stopReason, tools),
    thread,
    ...(used.speed === "fast" ? { speed: "fast" as const } : {}),
    ...(used.inference_geo === "us" ? { inferenceGeo: "us" } : {}),
  };
  return { key, session, call };
}

function stopOf(reason: string, tools: readonly string[]): Stop {
  // Older versions leave the reason out: an answer that calls no tool ends the turn.
  if (reason === "tool_use" || (reason === "" && tools.length > 0)) return toolStop(tools);
  return reason === "" ? "e" : (STOPS[reason] ?? "?");
}

function isEmpty(used: Usage): boolean {
  return (
    used.input_tokens +
      used.cache_creation_input_tokens +
      used.cache_read_input_tokens +
      used.output_tokens ===
    0
  );
}

/** Times of all the records of a line, of those inside of others as well, without parsing it. */
function rememberTimes(times: Map<string, number>, line: Buffer): void {
  for (let at = line.indexOf(UUID); at !== -1; at = line.indexOf(UUID, at + UUID.length)) {
    const from = at + UUID.length;
    const to = line.indexOf(QUOTE, from);
    if (to === -1 || to - from > 64) continue;
    // Written right behind the id by all versions seen; elsewhere, in records of other tools.
    const stamp = line.indexOf(TIMESTAMP, to);
    if (stamp === -1 || stamp > to + 2) continue;
    const start = stamp + TIMESTAMP.length;
    const iso = line.toString("latin1", start, line.indexOf(QUOTE, start));
    remember(times, line.toString("latin1", from, to), Date.parse(iso));
  }
}

function remember(times: Map<string, number>, id: string, at: number): void {
  if (Number.isNaN(at)) return;
  times.set(id, at);
  if (times.size <= MOST_TIMES) return;
  const oldest = times.keys().next();
  if (!oldest.done) times.delete(oldest.value);
}
