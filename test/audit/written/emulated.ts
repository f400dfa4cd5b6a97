/** A conversation that is really had, with the emulator, on a clock that jumps over its pauses. */
import type { EmulatedUsage } from "../../../src/emulator/index.ts";
import { MINUTE_MS, type Rig } from "../../emulator/harness.ts";
import type { Exchange } from "./exchange.ts";

export const MODEL = "claude-opus-4-5-20251101";

export interface Talk {
  /** Time from the start of each request to the start of the next, in ms. */
  readonly gapsMs: readonly number[];
  readonly ttl?: "5m" | "1h";
  /** Pings in each gap, so many ms apart; none at or after the return. */
  readonly pings?: { readonly everyMs: number; readonly most: number };
}

export interface Had {
  readonly exchanges: readonly Exchange[];
  readonly pings: readonly EmulatedUsage[];
}

const ANSWER_MS = 4_000;

export async function converse({ clock, post }: Rig, { gapsMs, ttl = "5m", pings }: Talk): Promise<Had> {
  const messages: { role: string; content: unknown }[] = [];
  const exchanges: Exchange[] = [];
  const pinged: EmulatedUsage[] = [];
  for (let turn = 0; turn <= gapsMs.length; turn++) {
    const asked = {
      type: "text",
      text: `Question ${turn}: ${"words of the person ".repeat(40 + 17 * turn)}`,
    };
    const marked = { ...asked, cache_control: { type: "ephemeral", ttl } };
    const body = {
      model: MODEL,
      max_tokens: 100,
      system: "Instructions that stay the same. ".repeat(300),
      messages: [...messages, { role: "user", content: [marked] }],
    };
    const startedAt = clock.now();
    const { body: answer, status } = await post(body);
    if (status !== 200) throw new Error(answer.error.message);
    exchanges.push(exchangeOf(answer.usage, startedAt, turn % 3 === 1 ? "tool_use" : "end_turn"));
    messages.push({ role: "user", content: [asked] }, { role: "assistant", content: answer.content });
    const gapMs = gapsMs[turn] ?? 0;
    for (let ping = 1; ping <= (pings?.most ?? 0) && ping * (pings?.everyMs ?? 0) < gapMs; ping++) {
      clock.advance(pings?.everyMs ?? 0);
      const warm = await post({ ...body, max_tokens: 1 });
      pinged.push(warm.body.usage);
    }
    clock.advance(startedAt + gapMs - clock.now());
  }
  return { exchanges, pings: pinged };
}

function exchangeOf(usage: EmulatedUsage, startedAt: number, stop: Exchange["stop"]): Exchange {
  return {
    startedAt,
    firstAt: startedAt + 1_000,
    endedAt: startedAt + ANSWER_MS,
    model: MODEL,
    uncached: usage.input_tokens,
    write5m: usage.cache_creation?.ephemeral_5m_input_tokens ?? 0,
    write1h: usage.cache_creation?.ephemeral_1h_input_tokens ?? 0,
    read: usage.cache_read_input_tokens ?? 0,
    output: usage.output_tokens,
    stop,
  };
}

/** USD of a prompt of this model: $5 a million tokens, a tenth read, 1.25 and 2 written. */
export function promptUsd({
  uncached,
  write5m,
  write1h,
  read,
}: Pick<Exchange, "uncached" | "write5m" | "write1h" | "read">): number {
  return ((uncached + 1.25 * write5m + 2 * write1h + 0.1 * read) * 5) / 1e6;
}

/** The same, of what the emulator says of a ping. */
export function pingUsd(usage: EmulatedUsage): number {
  return promptUsd({
    uncached: usage.input_tokens,
    write5m: usage.cache_creation?.ephemeral_5m_input_tokens ?? 0,
    write1h: usage.cache_creation?.ephemeral_1h_input_tokens ?? 0,
    read: usage.cache_read_input_tokens ?? 0,
  });
}

/** Minutes between requests, with pauses on both sides of both lifetimes. */
export const GAPS_MS = [0.5, 3, 7, 2, 12, 1, 45, 70, 4, 9, 0.2, 300].map((minutes) => minutes * MINUTE_MS);
