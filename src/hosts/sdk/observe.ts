/** Watches a response pass by, without holding it up or keeping it. */
import { MessageStreamReader, readMessage } from "../../anthropic/index.ts";
import type { Observed } from "../../capture/index.ts";

/** A JSON answer larger than this is passed on unread, in bytes; the API's own are far smaller. */
const MAX_JSON_BYTES = 64 * 1024 * 1024;

/**
 * A response with the same bytes, whose end is told once: read to the end, given up by its reader, or broken.
 * Null when it cannot be watched; then it is untouched.
 */
export function observe(response: Response, ended: (observed: Observed) => void): Response | null {
  const isStream = response.headers.get("content-type")?.includes("text/event-stream") ?? false;
  const reader = isStream ? new MessageStreamReader() : new JsonReader();
  let open = true;
  const end = () => {
    if (open) ended(reader instanceof JsonReader ? reader.read() : reader);
    open = false;
  };
  const { body: original, status, headers } = response;
  if (!original) {
    end();
    return response;
  }
  if (!(original instanceof ReadableStream)) return null;
  // Taken with the first read only: a response that is dropped unread is collected, and its connection with it.
  let source: ReadableStreamDefaultReader<Uint8Array> | undefined;
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          source ??= original.getReader();
          const { done, value } = await source.read();
          if (done) {
            end();
            controller.close();
          } else {
            reader.feed(value);
            controller.enqueue(value);
          }
        } catch (error) {
          end();
          controller.error(error);
        }
      },
      cancel(reason) {
        end();
        return source ? source.cancel(reason) : original.cancel(reason);
      },
    },
    // Nothing is read ahead of the client.
    { highWaterMark: 0 },
  );
  const observed = new Response(body, { status, headers });
  for (const name of ["statusText", "url", "redirected", "type"] as const) {
    Object.defineProperty(observed, name, { value: response[name] });
  }
  return observed;
}

class JsonReader {
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;

  feed(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    // Copied, because the program may take over the buffer that it reads from.
    if (this.#bytes <= MAX_JSON_BYTES) this.#chunks.push(chunk.slice());
    else this.#chunks.length = 0;
  }

  read(): Observed {
    const decoder = new TextDecoder();
    const text = this.#chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("");
    return { ...readMessage(text + decoder.decode()), started: true };
  }
}
