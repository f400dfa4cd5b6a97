/** Transcripts of pi and those made after it. Its own warms are records of another type, and no calls. */
import { basename } from "node:path";
import * as z from "zod";
import { lastSegment, type Sighting, type Stop } from "./conversation.ts";
import { eachLine, parseLine } from "./lines.ts";
import { type Reader, text, time, timesOf, tokens, toolStop } from "./transcript.ts";

const USAGE = Buffer.from('"usage":');
const ASSISTANT = Buffer.from('"assistant"');
const SESSION = Buffer.from('"type":"session"');

const header = z.object({ type: z.literal("session"), id: z.string().min(1), cwd: text });

const entry = z.object({
  type: z.literal("message"),
  timestamp: time,
  message: z.object({
    role: z.literal("assistant"),
    model: z.string().min(1),
    stopReason: text,
    timestamp: time,
    content: z.array(z.object({ type: text, name: text }).catch({ type: "", name: "" })).catch([]),
    usage: z.object({
      input: tokens,
      output: tokens,
      cacheRead: tokens,
      cacheWrite: tokens,
      cacheWrite1h: tokens,
    }),
  }),
});

const STOPS: Readonly<Record<string, Stop>> = { stop: "e", length: "m", aborted: "x", error: "x" };

export const readPi: Reader = async (path, options) => {
  const sightings: Sighting[] = [];
  const projects = new Map<string, string>();
  let session = basename(path, ".jsonl");
  let isNamed = false;
  let broken = 0;
  const unread = await eachLine(
    path,
    (line) => {
      if (!isNamed && line.includes(SESSION)) {
        const said = header.safeParse(parseLine(line));
        if (!said.success) return;
        isNamed = true;
        session = said.data.id;
        if (said.data.cwd !== "") projects.set(session, lastSegment(said.data.cwd));
      } else if (line.includes(USAGE) && line.includes(ASSISTANT)) {
        const value = parseLine(line);
        if (value === undefined) broken += 1;
        const found = entry.safeParse(value);
        if (!found.success) return;
        const sighting = sightingOf(session, found.data);
        if (sighting !== null) sightings.push(sighting);
      }
    },
    options,
  );
  return { sightings, projects, broken: broken + unread.torn, tooLong: unread.tooLong };
};

function sightingOf(session: string, { timestamp, message }: z.infer<typeof entry>): Sighting | null {
  const { input, output, cacheRead, cacheWrite, cacheWrite1h } = message.usage;
  const startedAt = Number.isNaN(message.timestamp) ? timestamp : message.timestamp;
  if (Number.isNaN(startedAt) || input + output + cacheRead + cacheWrite === 0) return null;
  const endedAt = Number.isNaN(timestamp) ? startedAt : timestamp;
  const tools = message.content.filter(({ type }) => type === "toolCall").map(({ name }) => name);
  return {
    // A fork copies records into a file of its own, and not always their ids.
    key: `pi:${startedAt}:${message.model}:${input}:${cacheRead}:${cacheWrite}:${output}`,
    session,
    call: {
      ...timesOf({ startedAt, firstAt: startedAt, endedAt }),
      model: message.model,
      uncachedTokens: input,
      write5mTokens: Math.max(0, cacheWrite - cacheWrite1h),
      write1hTokens: Math.min(cacheWrite, cacheWrite1h),
      readTokens: cacheRead,
      outputTokens: output,
      stop: message.stopReason === "toolUse" ? toolStop(tools) : (STOPS[message.stopReason] ?? "?"),
      thread: "",
    },
  };
}
