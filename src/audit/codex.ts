/** Transcripts of Codex: what went in and what came out are items, and counts of tokens stand between them. */
import { basename } from "node:path";
import * as z from "zod";
import { lastSegment, type Sighting, type Stop } from "./conversation.ts";
import { eachLine, parseLine } from "./lines.ts";
import { type Reader, text, time, timesOf, tokens, toolStop } from "./transcript.ts";

const META = Buffer.from('"session_meta"');
const CONTEXT = Buffer.from('"turn_context"');
const COUNT = Buffer.from('"token_count"');
const PERSON = Buffer.from('"user_message"');
const ITEM = Buffer.from('"response_item"');
/** Long lines begin with what they are: of items only this much is looked at. */
const HEAD_BYTES = 400;

const meta = z.object({
  type: z.literal("session_meta"),
  payload: z.object({
    id: text,
    session_id: text,
    cwd: text,
    forked_from_id: text,
    source: z.object({ subagent: z.unknown() }).optional().catch(undefined),
  }),
});

const context = z.object({
  type: z.literal("turn_context"),
  payload: z.object({ model: z.string().min(1) }),
});

const used = z.object({
  input_tokens: tokens,
  cached_input_tokens: tokens,
  cache_write_input_tokens: tokens,
  output_tokens: tokens,
});

const counted = z.object({
  timestamp: time,
  type: z.literal("event_msg"),
  payload: z.object({
    type: z.literal("token_count"),
    info: z.object({ last_token_usage: used, total_token_usage: used }),
  }),
});

/** The head of an item: when, and what it is. */
const STAMP = /"timestamp":"([^"]+)"/;
const KIND = /"payload":\{.*?"type":"(\w+)"/;
const ROLE = /"role":"(\w+)"/;
const NAME = /"name":"([\w.-]+)"/;

export const readCodex: Reader = async (path, options) => {
  const sightings: Sighting[] = [];
  const projects = new Map<string, string>();
  let session = basename(path, ".jsonl");
  let thread = "";
  let isNamed = false;
  /** The session whose counts these are: a fork repeats those of what it was forked from, at times of its own. */
  let counter = session;
  let model = "";
  let totals = "";
  /** When the last thing went in: that is when the request went out. */
  let wentInAt = Number.NaN;
  let cameOutAt = Number.NaN;
  let lastOutAt = Number.NaN;
  let tools: string[] = [];
  let broken = 0;

  const goesIn = (at: number) => {
    wentInAt = at;
    cameOutAt = Number.NaN;
  };
  const item = (line: Buffer) => {
    const head = line.toString("latin1", 0, HEAD_BYTES);
    const at = Date.parse(STAMP.exec(head)?.[1] ?? "");
    const kind = KIND.exec(head)?.[1] ?? "";
    if (Number.isNaN(at)) return;
    const isInput = kind.endsWith("_output") || (kind === "message" && ROLE.exec(head)?.[1] !== "assistant");
    if (isInput) return goesIn(at);
    if (Number.isNaN(cameOutAt)) cameOutAt = at;
    lastOutAt = at;
    if (kind.endsWith("_call")) tools.push(NAME.exec(head)?.[1] ?? "");
  };

  const unread = await eachLine(
    path,
    (line) => {
      const head = line.subarray(0, HEAD_BYTES);
      if (head.includes(ITEM)) return item(line);
      if (head.includes(META)) {
        const said = meta.safeParse(parseLine(line));
        if (!said.success) return;
        const { payload } = said.data;
        counter = payload.forked_from_id || payload.id || counter;
        // A fork repeats those of its ancestors: only the first is this file's.
        if (isNamed) return;
        isNamed = true;
        const isSide = payload.source?.subagent != null;
        thread = isSide ? payload.id || session : "";
        session = (isSide && payload.session_id) || payload.id || session;
        if (payload.cwd !== "") projects.set(session, lastSegment(payload.cwd));
      } else if (head.includes(CONTEXT)) {
        const said = context.safeParse(parseLine(line));
        if (said.success) model = said.data.payload.model;
      } else if (head.includes(PERSON)) {
        goesIn(Date.parse(STAMP.exec(head.toString("latin1"))?.[1] ?? ""));
      } else if (line.includes(COUNT)) {
        const value = parseLine(line);
        if (value === undefined) broken += 1;
        const said = counted.safeParse(value);
        if (!said.success || Number.isNaN(said.data.timestamp)) return;
        const { last_token_usage: last, total_token_usage: total } = said.data.payload.info;
        const now = Object.values(total).join(",");
        // The same totals again are no new call; it is told of limits, or of a turn that begins.
        if (now === totals || last.input_tokens + last.output_tokens === 0) return;
        totals = now;
        const endedAt = said.data.timestamp;
        const firstAt = Number.isNaN(cameOutAt) ? endedAt : cameOutAt;
        const cached = last.cached_input_tokens + last.cache_write_input_tokens;
        const stop: Stop = tools.length > 0 ? toolStop(tools) : "e";
        sightings.push({
          key: `codex:${counter}:${now}:${Object.values(last).join(",")}`,
          session,
          call: {
            ...timesOf({
              startedAt: Number.isNaN(wentInAt) ? firstAt : wentInAt,
              firstAt,
              endedAt: Number.isNaN(lastOutAt) ? endedAt : Math.max(firstAt, Math.min(lastOutAt, endedAt)),
            }),
            model: model || "unknown",
            uncachedTokens: Math.max(0, last.input_tokens - cached),
            write5mTokens: last.cache_write_input_tokens,
            write1hTokens: 0,
            readTokens: last.cached_input_tokens,
            outputTokens: last.output_tokens,
            stop,
            thread,
          },
        });
        tools = [];
        cameOutAt = Number.NaN;
        lastOutAt = Number.NaN;
      }
    },
    options,
  );
  return { sightings, projects, broken: broken + unread.torn, tooLong: unread.tooLong };
};
