/** A program's `fetch`, watched. Its callers get their responses unchanged and undelayed. */
import { type Fetch, type HeaderPairs, rateLimitOf, retryAfterOf } from "../anthropic/index.ts";
import type { Logger } from "../host.ts";
import type { Instant } from "../pure.ts";
import type { OpenCall } from "./call.ts";
import type { NamedBy } from "./conversation-id.ts";
import { type FetchCall, readCall } from "./fetch-call.ts";
import type { Keeper } from "./keeper-contract.ts";
import { observe } from "./observed-response.ts";
import { harmless } from "./turns.ts";

/** Longest an SDK waits before it sends again what was turned away without a Retry-After, in ms (client.js). */
const SDK_BACKOFF_MS = 8_000;

export type Watch = (fetch: typeof globalThis.fetch) => typeof globalThis.fetch;

export interface WatchOptions {
  readonly logger: Logger;
  readonly now: () => Instant;
  /** What the headers of a request say of its conversation. @default by keepwarm's own header alone */
  readonly namedBy?: (headers: HeaderPairs) => NamedBy;
}

export function createWatch({ turns, unreadable }: Keeper, { logger, now, namedBy }: WatchOptions): Watch {
  // So that a client that is wrapped twice is not watched twice.
  const watched = new WeakSet<typeof globalThis.fetch>();

  function watch(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
    if (watched.has(fetch)) return fetch;
    const watchedFetch: typeof globalThis.fetch = (input, init) => {
      const call = harmless(logger, "read a call", () => readCall(input, init, namedBy));
      if (!call) return fetch(input, init);
      const startedAt = now();
      const answer = fetch(call.input, call.init);
      const { isMessages, conversationId, aside } = call;
      if (call.request !== null) return follow(answer, openTurn(fetch, call, startedAt));
      if (isMessages && conversationId !== null && !aside) {
        harmless(logger, "note a request that cannot be read", () => unreadable(conversationId));
      }
      return answer;
    };
    watched.add(watchedFetch);
    return watchedFetch;
  }

  function openTurn(fetch: typeof globalThis.fetch, call: FetchCall, startedAt: Instant): OpenCall {
    const { request, transport, conversationId, aside, notWarmable } = call;
    return turns.open({
      read: () => request?.() ?? null,
      nameOf: () => conversationId,
      aside,
      tag: null,
      ...(notWarmable === null ? {} : { notWarmable }),
      send: sendingBy(fetch, transport),
      startedAt,
    });
  }

  async function follow(answer: Promise<Response>, turn: OpenCall): Promise<Response> {
    let response: Response;
    try {
      response = await answer;
    } catch (error) {
      turn.failed("it did not get through");
      throw error;
    }
    if (!response.ok) {
      turn.failed(`status ${response.status}`, backoffMs(response), rateLimitOf(response.headers));
      return response;
    }
    turn.answered(rateLimitOf(response.headers));
    // One that cannot be watched goes to its program as it is. Its end is not seen, so its turn stays open:
    // nothing is warmed until the next one, or for an hour.
    return harmless(logger, "watch a response", () => observe(response, turn.ended)) ?? response;
  }

  /** How long the API, or else an SDK, waits before it wants the request again, in ms. */
  function backoffMs({ status, headers }: Response): number {
    if (status !== 429 && status < 500) return 0;
    return retryAfterOf(headers, now().wallMs) ?? SDK_BACKOFF_MS;
  }

  return watch;
}

/** On its own, so that it holds on to nothing else of the call: not its body, nor its headers. */
function sendingBy(fetch: typeof globalThis.fetch, transport: RequestInit): Fetch {
  return (url, init) => fetch(url, { ...transport, ...init });
}
