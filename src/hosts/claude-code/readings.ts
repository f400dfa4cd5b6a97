/** What Claude Code tells a mod, as far as keepwarm reads it. Null: it is something else. */
import * as z from "zod/mini";
import type { Usage } from "../../host.ts";

const sent = z.object({
  url: z.string(),
  init: z.looseObject({
    method: z.optional(z.string()),
    headers: z.optional(z.record(z.string(), z.string())),
    body: z.optional(z.unknown()),
  }),
});
export type SentRequest = z.infer<typeof sent>;

const head = z.looseObject({ status: z.number(), headers: z.record(z.string(), z.string()) });
export type Head = z.infer<typeof head>;
/** What the rest of the chain answers to a request. */
const passed = z.looseObject({ value: head });

const step = z.object({ model: z.string(), agentId: z.optional(z.string()) });
export type Step = z.infer<typeof step>;

const tokens = z.number();
const usage = z.object({
  input_tokens: tokens,
  output_tokens: tokens,
  cache_read_input_tokens: tokens,
  cache_creation_input_tokens: tokens,
  ephemeral_5m_input_tokens: z.optional(tokens),
  ephemeral_1h_input_tokens: z.optional(tokens),
  model: z.optional(z.string()),
});
export type ToldUsage = z.infer<typeof usage>;

const response = z.object({
  stopReason: z.nullable(z.string()),
  usage: z.nullable(usage),
  toolUses: z.catch(z.array(z.looseObject({ name: z.string() })), []),
});
export type StepResponse = z.infer<typeof response>;

/** What a model was asked came to: whether it said something or not, it may have used tokens. */
const completion = z.looseObject({
  isAnswered: z.boolean(),
  reason: z.optional(z.string()),
  usage: z.optional(usage),
});
export type Completion = z.infer<typeof completion>;

const turnEnd = z.object({ reason: z.string(), agentId: z.optional(z.string()) });
const sessionStart = z.object({ isInteractive: z.boolean() });
const sessionEnd = z.object({ reason: z.string(), sessionId: z.string() });
const command = z.object({ args: z.catch(z.string(), "") });
const fileEntry = z.object({ name: z.string(), mtimeMs: z.number() });

const reading =
  <Schema extends z.core.$ZodType>(schema: Schema) =>
  (value: unknown): z.output<Schema> | null => {
    const read = z.safeParse(schema, value);
    return read.success ? read.data : null;
  };

export const readSent = reading(sent);
export const readPassed = reading(passed);
export const readStep = reading(step);
export const readResponse = reading(response);
export const readCompletion = reading(completion);
export const readTurnEnd = reading(turnEnd);
export const readSessionStart = reading(sessionStart);
export const readSessionEnd = reading(sessionEnd);
export const readCommand = reading(command);
export const readFileEntry = reading(fileEntry);

/** `inputTokens` is the whole prompt. */
export function usageOf(told: ToldUsage): Usage {
  const {
    input_tokens: uncached,
    cache_read_input_tokens: read,
    cache_creation_input_tokens: written,
  } = told;
  const { ephemeral_5m_input_tokens: ttl5mTokens, ephemeral_1h_input_tokens: ttl1hTokens } = told;
  return {
    inputTokens: uncached + read + written,
    outputTokens: told.output_tokens,
    cacheReadTokens: read,
    cacheWriteTokens: written,
    ...(ttl5mTokens === undefined || ttl1hTokens === undefined
      ? {}
      : { cacheWriteSplit: { ttl5mTokens, ttl1hTokens } }),
  };
}
