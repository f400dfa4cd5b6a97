// A number at the head of a test's name is the section or row of docs/prompt-caching.md that its rule was
// written from: 1 core rules (1b mixed TTLs, 1c open questions), 2 minimum prefix, 3 what invalidates (3b
// what does not), 4 pre-warming, 5 usage and request fields, 7 rate limits and errors, 11 contradictions.

import { onTestFinished } from "vitest";
import {
  createEmulator,
  type EmulatedUsage,
  type Emulator,
  type EmulatorOptions,
} from "../../src/emulator/index.ts";

export const MINUTE_MS = 60_000;

/** A clock that stands still until a test moves it. */
export class Clock {
  #at = Date.UTC(2026, 10, 20, 9);

  now = (): number => this.#at;

  advance(ms: number): void {
    this.#at += ms;
  }
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Message & ErrorBody;
}

interface Message {
  readonly id: string;
  readonly type: string;
  readonly content: readonly { readonly type: string; readonly text?: string; readonly input?: unknown }[];
  readonly stop_reason: string;
  readonly usage: EmulatedUsage;
  readonly diagnostics: { readonly cache_miss_reason: { readonly type: string } } | null;
}

interface ErrorBody {
  readonly error: { readonly type: string; readonly message: string; readonly details?: object };
  readonly request_id: string;
}

export type Body = Record<string, unknown>;

export interface Rig {
  readonly emulator: Emulator;
  readonly clock: Clock;
  readonly url: string;
  post(body: Body, headers?: Record<string, string>): Promise<Reply>;
  /** Posts and answers with `[read, 5m write, 1h write, base]` tokens. */
  bill(body: Body, headers?: Record<string, string>): Promise<readonly number[]>;
  /** Posts something that must be refused and answers with the error message. */
  refusal(body: Body, headers?: Record<string, string>): Promise<string>;
}

/**
 * An emulator on an injected clock. Everything is cacheable (`minimumTokens: 1`) unless a test is about
 * the minimum, so that examples can be told in round numbers.
 */
export async function rig(options: EmulatorOptions = {}): Promise<Rig> {
  const clock = new Clock();
  const emulator = createEmulator({ now: clock.now, minimumTokens: 1, ...options });
  const { url } = await emulator.listen();
  onTestFinished(() => emulator.close());
  const post = async (body: Body, headers: Record<string, string> = {}): Promise<Reply> => {
    const response = await fetch(`${url}/v1/messages`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-api-key": "key-a", ...headers },
      body: JSON.stringify(body),
    });
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as Reply["body"],
    };
  };
  return {
    emulator,
    clock,
    url,
    post,
    bill: async (body, headers) => {
      const reply = await post(body, headers);
      if (reply.status !== 200) throw new Error(`${reply.status}: ${reply.body.error.message}`);
      return billOf(reply.body.usage);
    },
    refusal: async (body, headers) => {
      const reply = await post(body, headers);
      if (reply.status !== 400) throw new Error(`expected a 400, got ${reply.status}`);
      return reply.body.error.message;
    },
  };
}

export function billOf(usage: EmulatedUsage): readonly number[] {
  return [
    usage.cache_read_input_tokens ?? 0,
    usage.cache_creation?.ephemeral_5m_input_tokens ?? 0,
    usage.cache_creation?.ephemeral_1h_input_tokens ?? 0,
    usage.input_tokens,
  ];
}

/** A text of so many tokens that differs from any with another name. */
export function words(name: string, tokens: number): string {
  return `${name} `.repeat(tokens * 4).slice(0, tokens * 4);
}

/** A text block of so many tokens. */
export function text(name: string, tokens: number, ttl?: "5m" | "1h"): Body {
  return { type: "text", text: words(name, tokens), ...(ttl === undefined ? {} : marker(ttl)) };
}

export function marker(ttl: "5m" | "1h" = "5m"): Body {
  return { cache_control: ttl === "5m" ? { type: "ephemeral" } : { type: "ephemeral", ttl } };
}

export function user(...content: readonly Body[]): Body {
  return { role: "user", content };
}

export function assistant(...content: readonly Body[]): Body {
  return { role: "assistant", content };
}

/** A request with the fields every one needs. */
export function request(fields: Body): Body {
  return { model: "claude-opus-5", max_tokens: 64, messages: [user(text("hello", 1))], ...fields };
}

/** One user message of `count` ten-token blocks, a marker on each of the 1-based positions given. */
export function numbered(count: number, ...marked: readonly number[]): Body {
  const blocks = Array.from({ length: count }, (_, index) =>
    text(`block ${index + 1}`, 10, marked.includes(index + 1) ? "5m" : undefined),
  );
  return request({ messages: [user(...blocks)] });
}

/** A promise that the test settles. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}
