/** A `fetch` call, read as a Messages request. */
import { type CapturedRequest, type HeaderPairs, headerValue } from "../anthropic/index.ts";
import { cloudCallOf, withModel } from "./cloud-call.ts";
import { CONVERSATION_HEADER, type NamedBy } from "./conversation-id.ts";

export type FetchInput = Parameters<typeof globalThis.fetch>[0];

export interface FetchCall extends NamedBy {
  /** The arguments to call the real `fetch` with. */
  readonly input: FetchInput;
  readonly init: RequestInit | undefined;
  /** Whether it is a Messages request at all. */
  readonly isMessages: boolean;
  /** Reads the Messages request; null when it is none, or its body cannot be read without consuming it. */
  readonly request: (() => CapturedRequest) | null;
  /** Why it cannot be warmed, as a sentence; null where the request itself decides. */
  readonly notWarmable: string | null;
  /** How the program wants its requests sent: a proxy's dispatcher, an agent, credentials. */
  readonly transport: RequestInit;
}

/** A program's own header, and nothing else that only looks like a name. */
export function namedByProgram(headers: HeaderPairs): NamedBy {
  return { conversationId: headerValue(headers, CONVERSATION_HEADER) || null, aside: false };
}

/** A signature covers the headers, ours too. */
const SIGNED = /^aws4-/i;

/** Reads a call without touching what is sent, except for taking {@link CONVERSATION_HEADER} off. */
export function readCall(
  input: FetchInput,
  init: RequestInit | undefined,
  namedBy: (headers: HeaderPairs) => NamedBy = namedByProgram,
): FetchCall {
  const asked = input instanceof Request ? input : { url: String(input), method: "GET", headers: undefined };
  const headers = new Headers(init?.headers ?? asked.headers);
  const isOurs = headers.has(CONVERSATION_HEADER) && !SIGNED.test(headers.get("authorization") ?? "");
  const named = namedBy([...headers]);
  headers.delete(CONVERSATION_HEADER);
  const method = (init?.method ?? asked.method).toUpperCase();
  const cloud = method === "POST" ? cloudCallOf(asked.url) : null;
  const isMessages = cloud !== null || (method === "POST" && /\/v1\/messages\/?($|[?#])/.test(asked.url));
  const { body, method: _method, headers: _headers, signal: _signal, ...transport } = init ?? {};
  const bytes = isMessages ? bytesOf(body) : null;
  return {
    input,
    init: isOurs ? { ...init, headers } : init,
    isMessages,
    request:
      bytes &&
      (() => ({
        url: asked.url,
        method,
        headers: [...headers],
        body: cloud === null ? bytes() : withModel(bytes(), cloud.model),
      })),
    notWarmable: cloud?.notWarmable ?? null,
    transport,
    ...named,
  };
}

/**
 * The body's bytes, once they are asked for; null for a stream or form, which could be read only by taking it
 * from the request. Encoding megabytes takes milliseconds, and text does not change meanwhile.
 */
function bytesOf(body: RequestInit["body"] | undefined): (() => Uint8Array) | null {
  if (typeof body === "string") return () => new TextEncoder().encode(body);
  const view = ArrayBuffer.isView(body)
    ? new Uint8Array(body.buffer, body.byteOffset, body.byteLength)
    : body instanceof ArrayBuffer
      ? new Uint8Array(body)
      : null;
  // Copied at once, because its owner may reuse the buffer.
  const copy = view?.slice();
  return copy ? () => copy : null;
}
