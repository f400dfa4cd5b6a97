/** Watches a response pass by, without holding it up or keeping it. */
import type { Observed } from "./call.ts";
import { createResponseReader } from "./response-reader.ts";

/**
 * A response with the same bytes, whose end is told once: read to the end, given up by its reader, or broken.
 * Null when it cannot be watched; then it is untouched.
 */
export function observe(response: Response, ended: (observed: Observed) => void): Response | null {
  const reader = createResponseReader(response.headers.get("content-type"));
  let open = true;
  const end = () => {
    if (open) ended(reader.read());
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
