/** Reads what a response tells of its turn while its bytes pass by. */
import { MessageStreamReader, readMessage } from "../anthropic/index.ts";
import type { Observed } from "./call.ts";

/** A JSON answer larger than this is passed on unread, in bytes; the API's own are far smaller. */
const MAX_JSON_BYTES = 64 * 1024 * 1024;

export interface ResponseReader {
  /** A chunk of the decoded body; its owner may reuse it afterwards. */
  feed(chunk: Uint8Array): void;
  read(): Observed;
}

export function createResponseReader(contentType: string | null): ResponseReader {
  if (contentType?.includes("text/event-stream") !== true) return new JsonReader();
  const stream = new MessageStreamReader();
  return { feed: (chunk) => stream.feed(chunk), read: () => stream };
}

class JsonReader implements ResponseReader {
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;

  feed(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    if (this.#bytes <= MAX_JSON_BYTES) this.#chunks.push(chunk.slice());
    else this.#chunks.length = 0;
  }

  read(): Observed {
    const decoder = new TextDecoder();
    const text = this.#chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("");
    return { ...readMessage(text + decoder.decode()), started: true };
  }
}
