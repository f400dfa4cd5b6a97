/** A conversation that is really had, with the emulator, on a clock that jumps over its pauses. */
import type { EmulatedUsage } from "../../../src/emulator/index.ts";
import { MINUTE_MS, type Rig } from "../../emulator/harness.ts";
import type { Exchange } from "./exchange.ts";

export type Tier = "5m" | "1h";

/** USD of a million input tokens, and of a read one as a share of it. */
const PRICES = {
  "claude-opus-4-5-20251101": { inputUsd: 5, read: 0.1 },
  "claude-opus-5-5": { inputUsd: 4, read: 0.05 },
} as const;
export type Model = keyof typeof PRICES;
export const MODEL: Model = "claude-opus-4-5-20251101";

export interface Talk {
  /** Time from the start of each request to the start of the next, in ms. */
  readonly gapsMs: readonly number[];
  /** @default MODEL */
  readonly model?: Model;
  /** The lifetime that a turn writes with. @default 5m */
  readonly tier?: (turn: number) => Tier;
  /** When the prefix is pinged after a turn, in ms from its start; what is not before the return is not sent. */
  readonly pings?: (turn: number) => readonly number[];
  /** Whether pings go on for a day after the last turn. @default false */
  readonly isOpen?: boolean;
  /** @default the main thread */
  readonly subagent?: string;
}

export interface Had {
  readonly model: Model;
  readonly exchanges: readonly Exchange[];
  readonly pings: readonly EmulatedUsage[];
}

const ANSWER_MS = 4_000;
const DAY_MS = 86_400_000;

export async function converse({ clock, post }: Rig, talk: Talk): Promise<Had> {
  const { gapsMs, model = MODEL, tier = () => "5m", pings = () => [], isOpen = false, subagent } = talk;
  const messages: { role: string; content: unknown }[] = [];
  const exchanges: Exchange[] = [];
  const pinged: EmulatedUsage[] = [];
  for (let turn = 0; turn <= gapsMs.length; turn++) {
    const asked = {
      type: "text",
      text: `Question ${turn}: ${"words of the person ".repeat(40 + 17 * turn)}`,
    };
    const marked = { ...asked, cache_control: { type: "ephemeral", ttl: tier(turn) } };
    const body = {
      model,
      max_tokens: 100,
      system: `Instructions${subagent ?? ""} that stay the same. `.repeat(300),
      messages: [...messages, { role: "user", content: [marked] }],
    };
    const startedAt = clock.now();
    const { body: answer, status } = await post(body);
    if (status !== 200) throw new Error(answer.error.message);
    exchanges.push({
      ...exchangeOf(answer.usage, startedAt, turn % 3 === 1 ? "tool_use" : "end_turn"),
      model,
      ...(subagent === undefined ? {} : { subagent }),
    });
    messages.push({ role: "user", content: [asked] }, { role: "assistant", content: answer.content });
    const isLast = turn === gapsMs.length;
    const gapMs = isLast ? (isOpen ? DAY_MS : 0) : (gapsMs[turn] ?? 0);
    for (const at of pings(turn).filter((ms) => ms < gapMs)) {
      clock.advance(startedAt + at - clock.now());
      const warm = await post({ ...body, max_tokens: 1 });
      pinged.push(warm.body.usage);
    }
    if (!isLast) clock.advance(startedAt + gapMs - clock.now());
  }
  return { model, exchanges, pings: pinged };
}

/** So many pings, so far apart. */
export function every(everyMs: number, most = Math.floor(DAY_MS / everyMs)): () => number[] {
  return () => Array.from({ length: most }, (_, index) => (index + 1) * everyMs);
}

function exchangeOf(usage: EmulatedUsage, startedAt: number, stop: Exchange["stop"]): Exchange {
  return {
    startedAt,
    firstAt: startedAt + 1_000,
    endedAt: startedAt + ANSWER_MS,
    model: MODEL,
    ...tokensOf(usage),
    output: usage.output_tokens,
    stop,
  };
}

type Tokens = Pick<Exchange, "uncached" | "write5m" | "write1h" | "read">;

function tokensOf(usage: EmulatedUsage): Tokens {
  return {
    uncached: usage.input_tokens,
    write5m: usage.cache_creation?.ephemeral_5m_input_tokens ?? 0,
    write1h: usage.cache_creation?.ephemeral_1h_input_tokens ?? 0,
    read: usage.cache_read_input_tokens ?? 0,
  };
}

/** USD of a prompt: written tokens cost 1.25 and 2 of the model's input price. */
export function promptUsd({ uncached, write5m, write1h, read }: Tokens, model: Model = MODEL): number {
  const price = PRICES[model];
  return ((uncached + 1.25 * write5m + 2 * write1h + price.read * read) * price.inputUsd) / 1e6;
}

/** All of it, pings included. */
export function billOf({ model, exchanges, pings }: Had): number {
  const prompts = [...exchanges, ...pings.map(tokensOf)].map((tokens) => promptUsd(tokens, model));
  return prompts.reduce((sum, usd) => sum + usd, 0);
}

/** Minutes between requests, with pauses on both sides of both lifetimes. */
export const GAPS_MS = [0.5, 3, 7, 2, 12, 1, 45, 70, 4, 9, 0.2, 300].map((minutes) => minutes * MINUTE_MS);
