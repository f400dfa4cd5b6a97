/** Reads what a request brings: so much of it and no more, and nothing but what its path takes. */
import type { IncomingMessage } from "node:http";
import type * as z from "zod";
import { Refused } from "./controlled.ts";

/** More than anything that is asked for takes. */
export const MAX_BODY_BYTES = 65_536;

/** @throws {Refused} with a sentence of what is wrong with it */
export async function bodyOf<T>(
  incoming: IncomingMessage,
  schema: z.ZodType<T>,
  maxBytes = MAX_BODY_BYTES,
): Promise<T> {
  const parsed = schema.safeParse(parseJson(await textOf(incoming, maxBytes)));
  if (parsed.success) return parsed.data;
  const said = parsed.error.issues.map(({ path, message }) => [...path, message].join(": "));
  throw new Refused(400, `The body is not what this path takes: ${said.join("; ")}.`);
}

/** What is beyond is let go of as it comes, so that its sender reads the answer. */
function textOf(incoming: IncomingMessage, maxBytes: number): Promise<string> {
  const tooLong = new Refused(413, `A body has at most ${maxBytes} bytes.`);
  return new Promise((resolve, reject) => {
    if (Number(incoming.headers["content-length"]) > maxBytes) return reject(tooLong);
    const chunks: Buffer[] = [];
    let bytes = 0;
    incoming.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxBytes) chunks.push(chunk);
      else {
        chunks.length = 0;
        reject(tooLong);
      }
    });
    incoming.on("end", () => resolve(Buffer.concat(chunks).toString()));
    // One that ends early: its sender has gone, and reads no answer either.
    incoming.on("close", () => resolve(""));
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
