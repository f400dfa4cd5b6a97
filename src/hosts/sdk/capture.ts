/** A `fetch` call, read as a Messages request. */
import type { CapturedRequest } from "../../anthropic/index.ts";

/** Names the conversation a request belongs to; never sent upstream. */
export const CONVERSATION_HEADER = "x-keepwarm-conversation";

export type FetchInput = Parameters<typeof globalThis.fetch>[0];

export interface Call {
  /** The arguments to call the real `fetch` with. */
  readonly input: FetchInput;
  readonly init: RequestInit | undefined;
  /** Null: not a Messages request, or its body cannot be read without consuming it. */
  readonly request: CapturedRequest | null;
  /** The conversation its program named. */
  readonly conversationId: string | null;
}

/** Reads a call without touching what is sent, except for taking {@link CONVERSATION_HEADER} off. */
export function readCall(input: FetchInput, init: RequestInit | undefined): Call {
  const url = input instanceof Request ? input.url : String(input);
  const method = init?.method ?? (input instanceof Request ? input.method : "GET");
  const isMessages = method.toUpperCase() === "POST" && /\/v1\/messages\/?($|[?#])/.test(url);
  if (!isMessages) return { input, init, request: null, conversationId: null };
  const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined));
  const conversationId = headers.get(CONVERSATION_HEADER);
  headers.delete(CONVERSATION_HEADER);
  const body = bytesOf(init?.body);
  return {
    input,
    init: { ...init, headers },
    request: body && { url, method: "POST", headers: [...headers], body },
    conversationId: conversationId === "" ? null : conversationId,
  };
}

/** The body's bytes, or null for a stream or form, which could be read only by taking it from the request. */
function bytesOf(body: RequestInit["body"] | undefined): Uint8Array | null {
  if (typeof body === "string") return new TextEncoder().encode(body);
  // Copied, because its owner may reuse the buffer.
  if (body instanceof ArrayBuffer) return new Uint8Array(body.slice(0));
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength).slice();
  return null;
}
