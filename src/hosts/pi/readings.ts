/** What pi tells, as far as keepwarm reads it. Null: it is something else. */
import * as z from "zod/mini";
import type { Usage } from "../../host.ts";

/** Values of null take a header away. */
const headers = z.record(z.string(), z.nullable(z.string()));
export type ShownHeaders = Readonly<Record<string, string | null>>;

const model = z.object({
  provider: z.string(),
  id: z.string(),
  api: z.string(),
  baseUrl: z.string(),
  headers: z.optional(headers),
});
export type PiModel = z.infer<typeof model>;

const auth = z.object({
  ok: z.literal(true),
  apiKey: z.optional(z.string()),
  headers: z.optional(headers),
  /** Where the login belongs to another address than the model's own. */
  baseUrl: z.optional(z.string()),
});
export type PiAuth = z.infer<typeof auth>;

const tokens = z.number();
const usage = z.object({
  input: tokens,
  output: tokens,
  cacheRead: tokens,
  cacheWrite: tokens,
  cacheWrite1h: z.optional(tokens),
});

const answer = z.object({
  role: z.literal("assistant"),
  stopReason: z.string(),
  /** The API's own word; `stopReason` is pi's. */
  rawStopReason: z.optional(z.string()),
  /** The API's answer, where it was an error. */
  errorMessage: z.optional(z.string()),
  model: z.optional(z.string()),
  responseModel: z.optional(z.string()),
  usage,
  /** Calls of tools among it. */
  content: z.catch(z.array(z.looseObject({ type: z.string(), name: z.optional(z.string()) })), []),
});
export type PiAnswer = z.infer<typeof answer>;

const payload = z.looseObject({
  model: z.string(),
  max_tokens: z.optional(z.number()),
  betas: z.optional(z.array(z.string())),
});
export type PiPayload = z.infer<typeof payload>;

/** What pi's own cache warmer writes down of each request that it made. */
const warmed = z.object({ type: z.literal("usage"), id: z.string(), kind: z.literal("cache_warm"), usage });
export type PiWarmed = z.infer<typeof warmed>;

const response = z.object({ status: z.number(), headers: z.record(z.string(), z.string()) });

/** The shape of events that name what was chosen, and what had been before. */
const modelChoice = z.object({ model, previousModel: z.optional(model) });
const levelChoice = z.object({ level: z.string(), previousLevel: z.optional(z.string()) });
const move = z.object({ newLeafId: z.nullable(z.string()), oldLeafId: z.nullable(z.string()) });
const reason = z.object({ reason: z.string() });

const reading =
  <Schema extends z.core.$ZodType>(schema: Schema) =>
  (value: unknown): z.output<Schema> | null => {
    const read = z.safeParse(schema, value);
    return read.success ? read.data : null;
  };

export const readModel = reading(model);
export const readAuth = reading(auth);
export const readAnswer = reading(answer);
export const readPayload = reading(payload);
export const readWarmed = reading(warmed);
export const readResponse = reading(response);
export const readHeaders = reading(headers);
export const readModelChoice = reading(modelChoice);
export const readLevelChoice = reading(levelChoice);
export const readMove = reading(move);
export const readReason = reading(reason);

/** `inputTokens` is the whole prompt. */
export function usageOf({ input, output, cacheRead, cacheWrite, cacheWrite1h }: PiAnswer["usage"]): Usage {
  return {
    inputTokens: input + cacheRead + cacheWrite,
    outputTokens: output,
    cacheReadTokens: cacheRead,
    cacheWriteTokens: cacheWrite,
    ...(cacheWrite1h === undefined
      ? {}
      : { cacheWriteSplit: { ttl5mTokens: cacheWrite - cacheWrite1h, ttl1hTokens: cacheWrite1h } }),
  };
}

const API_STOP_REASONS: Readonly<Record<string, string>> = {
  stop: "end_turn",
  toolUse: "tool_use",
  length: "max_tokens",
};

export function toolNamesOf({ content }: PiAnswer): string[] {
  return content.flatMap(({ type, name }) => (type === "toolCall" && name !== undefined ? [name] : []));
}

/** As the API says it; null: the answer broke off. */
export function stopReasonOf({ stopReason, rawStopReason }: PiAnswer): string | null {
  return rawStopReason ?? API_STOP_REASONS[stopReason] ?? null;
}
