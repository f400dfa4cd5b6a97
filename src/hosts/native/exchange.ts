/** A request that a host tells of itself: the payload that it sent, and what came of it. */
import {
  type CapturedHeaders,
  type CapturedRequest,
  type Fetch,
  type HeaderReader,
  headerPairs,
  headerValue,
  rateLimitOf,
  retryAfterOf,
} from "../../anthropic/index.ts";
import type { Keeper, Observed, OpenCall } from "../../capture/index.ts";
import type { Timers, Usage } from "../../host.ts";
import type { Instant } from "../../pure.ts";

/** A request's body: its bytes, its text, or what the host is about to serialise as JSON. */
export type Payload = Uint8Array | string | object;

export interface NativeRequest {
  readonly conversationId: string;
  /** Of the Messages endpoint, whole: `https://api.anthropic.com/v1/messages`. A function is asked with the body. */
  readonly url: string | (() => string);
  /**
   * What is sent, exactly. A function is asked a moment after the request has left, so that serialising it holds up
   * nothing; null then: it is not known any more.
   */
  readonly body: Payload | (() => Payload | null);
  /** As sent, the beta headers above all; credentials too, unless {@link credentials} gives them. */
  readonly headers?: CapturedHeaders;
  /** The host's credentials as headers, asked for now and again before each warm, as a login may be renewed. */
  readonly credentials?: () => CapturedHeaders | Promise<CapturedHeaders>;
  /** Not the person's own thread: a title, a sub-agent. @default false */
  readonly aside?: boolean;
  /** Why it is not to be warmed, as a sentence: the program knows something that the request does not show. */
  readonly notWarmable?: string;
  /** Sends its warms. @default the host's own, see {@link NativeHostOptions.fetch} */
  readonly fetch?: Fetch;
}

/** What the answer of a request told. */
export interface NativeAnswer {
  /** Null: not known. */
  readonly usage: Usage | null;
  readonly stopReason?: string | null;
  /** The model that answered. */
  readonly model?: string | null;
  /** Tools that it calls: some of them ask the person something. */
  readonly toolNames?: readonly string[];
}

export interface ResponseHead {
  readonly status: number;
  readonly headers?: CapturedHeaders;
}

/** How a request goes on; exactly one of `ended` and `failed` is its end. */
export interface NativeExchange {
  /** The response began, well. */
  answered(head?: ResponseHead): void;
  ended(answer: NativeAnswer): void;
  /** @param reason a phrase, such as `status 529` or `it was cancelled` */
  failed(reason: string, head?: ResponseHead): void;
}

export interface ExchangeContext {
  readonly keeper: Keeper;
  readonly fetch: Fetch;
  readonly timers: Timers;
  readonly instant: () => Instant;
}

/** How long a host may take to tell its credentials, in ms; then the request is followed without them. */
const CREDENTIALS_MS = 2_000;
/** The same before a warm, in ms; then it has failed, and others are not kept waiting for it. */
const RENEWAL_MS = 10_000;
/** How long an API that has turned a request away without a Retry-After is left alone, in ms: as its SDKs do. */
const BACKOFF_MS = 8_000;

export function openExchange(request: NativeRequest, context: ExchangeContext): NativeExchange {
  const { keeper, timers, instant } = context;
  const { conversationId, credentials, aside = false } = request;
  const startedAt = instant();
  // From now on nothing of it may be warmed, whenever its credentials are there.
  const arrived = aside ? () => {} : keeper.turns.coming(conversationId);
  let call: OpenCall | null = null;
  let waiting: ((call: OpenCall) => void)[] = [];

  function begin(shown: CapturedHeaders): void {
    if (call !== null) return;
    const opened = keeper.turns.open({
      read: () => readRequest(request, shown),
      nameOf: () => conversationId,
      aside,
      tag: null,
      send: request.fetch ?? context.fetch,
      ...(request.notWarmable === undefined ? {} : { notWarmable: request.notWarmable }),
      ...(credentials === undefined ? {} : { refresh: (sent) => renewed(sent, credentials, timers) }),
      startedAt,
    });
    call = opened;
    arrived();
    for (const act of waiting) act(opened);
    waiting = [];
  }

  function then(act: (call: OpenCall) => void): void {
    if (call === null) waiting.push(act);
    else act(call);
  }

  let shown: CapturedHeaders | Promise<CapturedHeaders> = {};
  try {
    shown = credentials?.() ?? {};
  } catch {
    // They are asked for again before each warm.
  }
  if (shown instanceof Promise) {
    const impatient = timers.setTimer(() => begin({}), CREDENTIALS_MS);
    void shown
      .catch(() => ({}))
      .then((known) => {
        timers.clearTimer(impatient);
        begin(known);
      });
  } else {
    begin(shown);
  }

  return {
    answered: (head) => then((open) => open.answered(head ? rateLimitOf(readerOf(head)) : null)),
    ended: (answer) => then((open) => open.ended(observedOf(answer))),
    failed(reason, head) {
      const headers = head ? readerOf(head) : null;
      const isBusy = head !== undefined && (head.status === 429 || head.status >= 500);
      const waitMs = isBusy && headers ? (retryAfterOf(headers, instant().wallMs) ?? BACKOFF_MS) : 0;
      then((open) => open.failed(reason, waitMs, headers && rateLimitOf(headers)));
    },
  };
}

function readRequest(
  { url, body, headers = {} }: NativeRequest,
  shown: CapturedHeaders,
): CapturedRequest | null {
  const payload = typeof body === "function" ? body() : body;
  return payload === null
    ? null
    : {
        url: typeof url === "function" ? url() : url,
        method: "POST",
        headers: withHeaders(headers, shown),
        body: bytesOf(payload),
      };
}

function bytesOf(payload: Payload): Uint8Array {
  if (payload instanceof Uint8Array) return payload.slice();
  return new TextEncoder().encode(typeof payload === "string" ? payload : JSON.stringify(payload));
}

/** With the credentials that hold now, which may be of another kind than those it was sent with. */
async function renewed(
  sent: CapturedRequest,
  credentials: NonNullable<NativeRequest["credentials"]>,
  timers: Timers,
): Promise<CapturedRequest> {
  let shown: CapturedHeaders;
  let impatient: number | undefined;
  const late = () =>
    new Promise<never>((_, reject) => {
      impatient = timers.setTimer(reject, RENEWAL_MS);
    });
  try {
    // In this order: where the first throws, nobody would hear of the second.
    shown = await Promise.race([credentials(), late()]);
  } catch {
    // Not what the host said, which may have a secret in it.
    throw new Error("the host could not give its credentials");
  } finally {
    if (impatient !== undefined) timers.clearTimer(impatient);
  }
  return { ...sent, headers: withHeaders(sent.headers, shown) };
}

/** What `later` names takes the place of what is there. */
function withHeaders(headers: CapturedHeaders, later: CapturedHeaders): CapturedHeaders {
  const over = headerPairs(later);
  const named = new Set(over.map(([name]) => name.toLowerCase()));
  return [...headerPairs(headers).filter(([name]) => !named.has(name.toLowerCase())), ...over];
}

function readerOf({ headers = {} }: ResponseHead): HeaderReader {
  const pairs = headerPairs(headers);
  return { get: (name) => headerValue(pairs, name) };
}

function observedOf({ usage, stopReason = null, model = null, toolNames = [] }: NativeAnswer): Observed {
  return {
    started: true,
    usage,
    stopReason,
    model,
    toolNames,
    messageId: null,
    missReason: null,
    opening: null,
  };
}
