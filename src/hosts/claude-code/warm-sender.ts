/**
 * Sends warms by Claude Code itself, whose login no mod is shown: a model is asked something small, and on its way out
 * that request becomes the one that is to be repeated, byte for byte. Where it cannot become that one it does not go out
 * at all, and it goes out once: what Claude Code would try again by itself is answered here.
 */
import type { Fetch } from "../../anthropic/index.ts";
import type { Engine } from "./engine.ts";
import { type Head, readCompletion, readPassed, type SentRequest, type ToldUsage } from "./readings.ts";
import { bearerAsShown } from "./redacted.ts";

/** What becomes of a request of ours on its way out. */
export type OwnRequest =
  | { readonly kind: "replaced"; readonly event: unknown; passed(answer: unknown): unknown }
  /** In the place of the API's. */
  | { readonly kind: "answered"; readonly answer: unknown };

export interface WarmSender {
  readonly send: Fetch;
  /** Null: it is none of ours. */
  leaving(event: unknown, sent: SentRequest): OwnRequest | null;
  /** Whether it is one of ours, whatever has gone wrong. Never throws. */
  isOwn(event: unknown): boolean;
  /** The answer to one of ours that must not go out. */
  readonly refused: unknown;
}

interface Warm {
  readonly marker: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** It has left. */
  isSent: boolean;
  head: Head | null;
}

/** To Claude Code, something that is wrong with the request: it tries that no second time. */
const NOT_SENT_STATUS = 400;

export function createWarmSender(engine: Pick<Engine, "complete">): WarmSender {
  const mark = `keepwarm ${crypto.randomUUID()}`;
  const warms = new Set<Warm>();
  let count = 0;
  const refused = local("keepwarm does not send this");

  const isOwn = (event: unknown): boolean => {
    try {
      return JSON.stringify(event).includes(mark);
    } catch {
      return false;
    }
  };

  function passed(warm: Warm, answer: unknown): unknown {
    const read = readPassed(answer);
    if (read === null) return answer;
    warm.head = { status: read.value.status, headers: read.value.headers };
    return read.value.status === 200 ? answer : local(`the API answered ${read.value.status}`);
  }

  return {
    refused,
    isOwn,
    async send(url, init) {
      const { headers, body, signal } = init;
      const text = new TextDecoder().decode(body as Uint8Array);
      const { model, max_tokens: maxTokens } = JSON.parse(text);
      const marker = `${mark} ${++count}.`;
      const pairs = [...(headers as Iterable<readonly [string, string]>)];
      const warm: Warm = {
        marker,
        url,
        headers: Object.fromEntries(pairs.map(([name, value]) => [name, bearerAsShown(name, value)])),
        body: text,
        isSent: false,
        head: null,
      };
      warms.add(warm);
      try {
        const told = await engine.complete(
          { model, prompt: marker, maxTokens: 1 },
          signal ?? new AbortController().signal,
        );
        signal?.throwIfAborted();
        if (warm.head === null) throw new Error("Claude Code did not send the warm");
        const completion = readCompletion(told);
        return responseOf(warm.head, completion?.usage ?? null, maxTokens);
      } finally {
        warms.delete(warm);
      }
    },
    leaving(event, { url, init }) {
      if (typeof init.body !== "string" || !init.body.includes(mark)) return null;
      const { body } = init;
      const warm = [...warms].find(({ marker }) => body.includes(marker));
      if (warm === undefined || warm.isSent || warm.url !== url) return { kind: "answered", answer: refused };
      warm.isSent = true;
      const { headers, body: replay } = warm;
      return {
        kind: "replaced",
        event: { ...Object(event), init: { ...init, headers, body: replay } },
        passed: (answer) => passed(warm, answer),
      };
    },
  };
}

/** An answer of our own, as the API would word it. */
function local(message: string): unknown {
  return {
    value: {
      status: NOT_SENT_STATUS,
      ok: false,
      headers: { "content-type": "application/json", "x-should-retry": "false" },
      text: JSON.stringify({ type: "error", error: { type: "invalid_request_error", message } }),
    },
  };
}

/** What came back, as far as a mod is shown: the body of an error is not. */
function responseOf(
  { status, headers }: Head,
  usage: ToldUsage | null,
  maxTokens: unknown,
): Awaited<ReturnType<Fetch>> {
  const text =
    status === 200
      ? JSON.stringify({ type: "message", usage })
      : // A request that was answered a moment ago is refused for what alone was changed in it.
        status === 400 && maxTokens === 0
        ? JSON.stringify({ error: { type: "invalid_request_error", message: "max_tokens: 0 was refused" } })
        : "";
  const { "content-type": _, ...told } = headers;
  return {
    status,
    headers: { get: (name) => told[name.toLowerCase()] ?? null },
    body: chunks(text),
  };
}

async function* chunks(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text);
}
