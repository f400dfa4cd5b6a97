/** What OpenClaw tells, as far as keepwarm reads it. Null: it is something else. */
import * as z from "zod/mini";

const text = z.optional(z.string());

const modelCall = z.object({
  runId: z.string(),
  callId: z.string(),
  sessionId: z.string(),
  sessionKey: text,
});
export type ModelCall = z.infer<typeof modelCall>;

/** Of the HTTP request that a model call makes. */
const traced = z.object({ trace: z.object({ traceId: z.string(), spanId: z.string() }) });

const run = z.object({ runId: z.string(), sessionId: z.string() });
/** Who began a run: `user`, `manual`, `overflow`, or nobody at all: `heartbeat`, `cron`, `memory`. */
const begun = z.object({ trigger: text, sessionKey: text });

const session = z.object({ sessionId: z.string(), sessionKey: text });
const sessionEnd = z.object({ reason: text, nextSessionId: text });
const compaction = z.object({ previousSessionId: text });

const spawned = z.object({ childSessionKey: z.string() });
const requester = z.object({ requesterSessionKey: text });
const ended = z.object({ targetSessionKey: z.string() });

const command = z.object({ sessionId: text, args: text });

const reading =
  <Schema extends z.core.$ZodType>(schema: Schema) =>
  (value: unknown): z.output<Schema> | null => {
    const read = z.safeParse(schema, value);
    return read.success ? read.data : null;
  };

export const readModelCall = reading(modelCall);
export const readTraced = reading(traced);
export const readRun = reading(run);
export const readBegun = reading(begun);
export const readSession = reading(session);
export const readSessionEnd = reading(sessionEnd);
export const readCompaction = reading(compaction);
export const readSpawned = reading(spawned);
export const readRequester = reading(requester);
export const readEnded = reading(ended);
export const readCommand = reading(command);
