/** What the other side charges. List prices are written down here once more, not taken from what is tested. */
import type { RecordedRequest } from "../../src/emulator/index.ts";

/** USD per million tokens. */
interface Rates {
  readonly input: number;
  readonly write5m: number;
  readonly write1h: number;
  readonly read: number;
  readonly output: number;
}

const haikuShort = { input: 0.1, write5m: 0.125, write1h: 0.2, read: 0.01, output: 0.5 };
const haikuLong = { input: 0.5, write5m: 0.625, write1h: 1, read: 0.05, output: 2.5 };

const RATES: Readonly<Record<string, (promptTokens: number) => Rates>> = {
  "claude-opus-5-5": () => OPUS,
  "claude-fable-5-2": () => ({ input: 8, write5m: 10, write1h: 16, read: 0.2, output: 40 }),
  "claude-sonnet-5": () => ({ input: 2, write5m: 2.5, write1h: 4, read: 0.2, output: 10 }),
  "claude-haiku-5-5": (promptTokens) => (promptTokens > 100_000 ? haikuLong : haikuShort),
};

export const OPUS: Rates = { input: 4, write5m: 5, write1h: 8, read: 0.2, output: 20 };

/** @param own prices that go before those on the list, by model */
export function billOf(
  requests: readonly Pick<RecordedRequest, "usage" | "model">[],
  own: Readonly<Record<string, Rates>> = {},
): number {
  let micros = 0;
  for (const { usage, model } of requests) {
    if (usage === null || model === null) continue;
    const read = usage.cache_read_input_tokens ?? 0;
    const { ephemeral_5m_input_tokens: for5m = 0, ephemeral_1h_input_tokens: for1h = 0 } =
      usage.cache_creation ?? {};
    const rates = own[model] ?? RATES[model]?.(usage.input_tokens + read + for5m + for1h);
    if (rates === undefined) throw new Error(`no price for ${model}`);
    const times = (usage.speed === "fast" ? 2 : 1) * (usage.inference_geo === "us" ? 1.1 : 1);
    const tokens =
      usage.input_tokens * rates.input +
      for5m * rates.write5m +
      for1h * rates.write1h +
      read * rates.read +
      usage.output_tokens * rates.output;
    micros += times * tokens;
  }
  return micros / 1_000_000;
}
