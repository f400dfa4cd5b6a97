/** Watches a response pass by, without holding it up or keeping it. */
import { MessageStreamReader, type ResponseFacts, readMessage } from "../../anthropic/index.ts";

/** A JSON answer larger than this is passed on unread, in bytes. */
const MAX_JSON_BYTES = 64 * 1024 * 1024;

/**
 * A response with the same bytes, whose end is told once: read to the end, given up by its reader, or broken.
 * `ended` gets what the response told until then.
 */
export function observe(response: Response, ended: (facts: ResponseFacts) => void): Response {
  const isStream = response.headers.get("content-type")?.includes("text/event-stream") ?? false;
  const reader = isStream ? new MessageStreamReader() : new JsonReader();
  let open = true;
  const end = () => {
    if (open) ended(reader instanceof JsonReader ? reader.facts() : reader);
    open = false;
  };
  if (response.body === null) {
    end();
    return response;
  }
  const source = response.body.getReader();
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
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
        return source.cancel(reason);
      },
    },
    // Nothing is read ahead of the client.
    { highWaterMark: 0 },
  );
  const { status, statusText, headers, url } = response;
  const observed = new Response(body, { status, statusText, headers });
  Object.defineProperty(observed, "url", { value: url });
  return observed;
}

class JsonReader {
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;

  feed(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    if (this.#bytes <= MAX_JSON_BYTES) this.#chunks.push(chunk);
    else this.#chunks.length = 0;
  }

  facts(): ResponseFacts {
    const decoder = new TextDecoder();
    const text = this.#chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("");
    return readMessage(text + decoder.decode());
  }
}
