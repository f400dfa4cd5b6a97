/** Recordings from a file of lines of JSON (docs/policy.md, "The format"), plain or gzipped. */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { createGunzip } from "node:zlib";
import * as z from "zod";
import type { StopKind } from "../policy/index.ts";
import type { RecordedCall, Recording } from "../policy/lab/index.ts";

const count = z.number().nonnegative();
const time = z.number().int().nonnegative();

/** `[t_start, t_end, model, input, cache_write_5m, cache_write_1h, cache_read, output, side, stop, agent_hash, t_first]` */
const call = z.tuple(
  [
    time,
    time,
    z.string(),
    count,
    count,
    count,
    count,
    count,
    z.union([z.literal(0), z.literal(1)]),
    z.string(),
  ],
  z.unknown(),
);

const line = z.object({ session: z.string(), user: z.string(), calls: z.array(call) });

const STOPS: Readonly<Record<string, StopKind>> = { e: "end_turn", t: "tool_use", q: "question" };

/** What is wrong with a file that was to be replayed, for people. */
export class RecordingError extends Error {
  override readonly name = "RecordingError";
}

/** @throws RecordingError naming the line that cannot be read */
export async function readRecordings(path: string): Promise<Recording[]> {
  const recordings: Recording[] = [];
  let number = 0;
  try {
    for await (const text of linesOf(path)) {
      number += 1;
      if (text.trim() !== "") recordings.push(recordingOf(text, `${path}:${number}`));
    }
  } catch (error) {
    if (error instanceof RecordingError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    // The system's message names the file once more.
    throw new RecordingError(`${path} cannot be read: ${why.replace(/, \w+ '.*'$/s, "")}`);
  }
  if (!recordings.some(({ calls }) => calls.length > 0)) {
    throw new RecordingError(`${path} holds no conversation: each line is one, as JSON`);
  }
  return recordings;
}

function linesOf(path: string): AsyncIterable<string> {
  const file = createReadStream(path);
  if (!path.endsWith(".gz")) return createInterface({ input: file, crlfDelay: Number.POSITIVE_INFINITY });
  const gunzip = createGunzip();
  file.on("error", (error) => gunzip.destroy(error));
  return createInterface({ input: file.pipe(gunzip), crlfDelay: Number.POSITIVE_INFINITY });
}

function recordingOf(text: string, where: string): Recording {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new RecordingError(`${where} is not JSON`);
  }
  const parsed = line.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new RecordingError(
      `${where} is no recorded conversation: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`,
    );
  }
  const { session, user, calls } = parsed.data;
  const inOrder = calls.toSorted((a, b) => a[0] - b[0]);
  return {
    id: session,
    person: user,
    calls: inOrder.filter((one) => one[8] === 0).map(callOf),
    sideCalls: inOrder.filter((one) => one[8] === 1).map(callOf),
  };
}

function callOf(recorded: z.infer<typeof call>): RecordedCall {
  const [startedAt, endedAt, model, input, write5m, write1h, read, outputTokens, , stop] = recorded;
  const tier = write1h > 0 ? "1h" : write5m > 0 ? "5m" : undefined;
  return {
    startedAt,
    endedAt: Math.max(startedAt, endedAt),
    model,
    contextTokens: input + write5m + write1h + read,
    outputTokens,
    stop: STOPS[stop] ?? "other",
    ...(tier === undefined ? {} : { tier }),
  };
}
