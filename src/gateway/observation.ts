/** Watches one Messages request pass through, as a turn of its conversation. */
import type { IncomingMessage } from "node:http";
import {
  DEFAULT_MAX_BODY_BYTES,
  type Fetch,
  type HeaderPairs,
  type RateLimit,
  rateLimitOf,
  retryAfterOf,
} from "../anthropic/index.ts";
import {
  type Call,
  CONVERSATION_HEADER,
  createPassingResponse,
  type Keeper,
  type LeavingCall,
  namedBy,
  type OpenCall,
  type PassingResponse,
  sessionOf,
} from "../capture/index.ts";
import type { Instant } from "../pure.ts";
import type { HoldingObserver } from "./hold.ts";
import type { Ending } from "./pass-through.ts";
import { headerPairsOf } from "./raw-headers.ts";

export interface Observed {
  readonly keeper: Keeper;
  readonly request: IncomingMessage;
  /** Where it goes. */
  readonly url: string;
  /** Sends a warm the same way. */
  readonly send: Fetch;
  /** The run that it came by; null without one. */
  readonly tag: string | null;
  readonly startedAt: Instant;
  readonly now: () => number;
}

/** Why a request has no answer of use, as a phrase, and for how many ms the API wants to be left alone. */
interface Failure {
  readonly reason: string;
  readonly waitMs: number;
  readonly limits: RateLimit | null;
}

/** How long an API that has turned a request away without a Retry-After is left alone, in ms: as its SDKs do. */
const BACKOFF_MS = 8_000;

export function observeMessages(observed: Observed): HoldingObserver {
  const { keeper, request, startedAt, now } = observed;
  const told = headerPairsOf(request.rawHeaders);
  const { conversationId, aside } = namedBy(told);
  const headers: HeaderPairs = told.filter(([name]) => name.toLowerCase() !== CONVERSATION_HEADER);
  let body: Buffer[] = [];
  let bodyBytes = 0;
  let call: OpenCall | null = null;
  let leaving: LeavingCall | null = null;
  let response: PassingResponse | null = null;
  let failure: Failure | null = null;
  let over = false;
  // Nothing may be warmed while it comes in.
  const arrived = conversationId === null || aside ? () => {} : keeper.turns.coming(conversationId);

  function failed(reason: string, waitMs = 0, limits: RateLimit | null = null): void {
    // The first tells: what ends after it ends because of it.
    failure ??= { reason, waitMs, limits };
    call?.failed(failure.reason, failure.waitMs, failure.limits);
    call = null;
  }

  /** @param whole all of its body */
  function callOf(whole: Buffer): Call {
    let bytes: Buffer | null = whole;
    const { url, send, tag } = observed;
    return {
      read: () => {
        const captured = bytes && { url, method: "POST", headers, body: bytes };
        bytes = null;
        return captured;
      },
      nameOf: (userId) => conversationId ?? (userId === null ? null : sessionOf(userId)),
      aside,
      tag,
      send,
      startedAt,
    };
  }

  return {
    requestHeld(whole) {
      arrived();
      leaving = keeper.turns.openLeaving(callOf(whole));
      ({ call } = leaving);
      const { body } = leaving;
      return body && Buffer.from(body.buffer, body.byteOffset, body.length);
    },

    requestRefused: () => leaving?.refused() ?? false,

    requestChunk(chunk) {
      bodyBytes += chunk.length;
      if (bodyBytes > DEFAULT_MAX_BODY_BYTES) body = [];
      else body.push(chunk);
    },

    requestEnded() {
      arrived();
      // Answered to its end already, and not with a failure: there is no turn left to follow.
      if (over && failure === null) return;
      if (bodyBytes > DEFAULT_MAX_BODY_BYTES) {
        if (conversationId !== null && !aside && failure === null) keeper.unreadable(conversationId);
        return;
      }
      call = keeper.turns.open(callOf(Buffer.concat(body)));
      body = [];
      // Turned away before it was through: whose request that was can only be read now.
      if (failure !== null) failed(failure.reason);
    },

    responseBegan(from) {
      const status = from.statusCode ?? 0;
      const limits = new Headers(
        headerPairsOf(from.rawHeaders)
          .filter(([name]) => isTold(name))
          .map(([...pair]) => pair),
      );
      if (status < 200 || status > 299) {
        const isBusy = status === 429 || status >= 500;
        const waitMs = isBusy ? (retryAfterOf(limits, now()) ?? BACKOFF_MS) : 0;
        failed(`status ${status}`, waitMs, rateLimitOf(limits));
        return;
      }
      call?.answered(rateLimitOf(limits));
      response = createPassingResponse({
        coding: from.headers["content-encoding"] ?? null,
        type: from.headers["content-type"] ?? null,
      });
    },

    responseChunk(chunk) {
      response?.chunk(chunk);
    },

    ended(ending) {
      over = true;
      leaving = null;
      arrived();
      if (response === null) {
        failed(UNANSWERED[ending]);
        return;
      }
      const answered = call;
      call = null;
      response.ended((reader) => answered?.ended(reader.read()));
      response = null;
    },
  };
}

const UNANSWERED: Readonly<Record<Ending, string>> = {
  abandoned: "its client went away before it was answered",
  unreachable: "the API could not be reached",
  cut: "the connection broke before it was answered",
  complete: "it was not answered",
};

function isTold(name: string): boolean {
  const lower = name.toLowerCase();
  return lower.startsWith("retry-after") || lower.startsWith("anthropic-ratelimit-");
}
