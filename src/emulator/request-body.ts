import type { IncomingMessage } from "node:http";
import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate, zstdDecompress } from "node:zlib";
import { ApiError } from "./errors.ts";

type Decoder = (bytes: Uint8Array, options: { maxOutputLength: number }) => Promise<Uint8Array>;

const DECODERS: Readonly<Record<string, Decoder>> = {
  gzip: promisify(gunzip),
  "x-gzip": promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
  zstd: promisify(zstdDecompress),
};

/**
 * The body of a request, decoded by its `content-encoding`.
 * @throws ApiError 413 beyond `maxBytes`, 400 for an encoding that is unknown or does not hold.
 */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > maxBytes) throw new ApiError(413, "Request exceeds the maximum size");
    chunks.push(chunk);
  }
  return decode(Buffer.concat(chunks), request.headers["content-encoding"] ?? "", maxBytes);
}

async function decode(bytes: Uint8Array, encodings: string, maxBytes: number): Promise<Uint8Array> {
  const names = encodings
    .toLowerCase()
    .split(",")
    .map((name) => name.trim());
  let decoded = bytes;
  // Encodings are listed in the order they were applied.
  for (const name of names.toReversed()) {
    if (name === "" || name === "identity") continue;
    const decoder = Object.hasOwn(DECODERS, name) ? DECODERS[name] : undefined;
    if (decoder === undefined) {
      throw new ApiError(400, `Unsupported content-encoding: ${name}`, {
        errorCode: "request_body_encoding_unsupported",
      });
    }
    decoded = await decoder(decoded, { maxOutputLength: maxBytes }).catch((error: unknown) => {
      throw refusal(name, error);
    });
  }
  return decoded;
}

function refusal(encoding: string, error: unknown): ApiError {
  const code = error instanceof Error && "code" in error ? error.code : "";
  return code === "ERR_BUFFER_TOO_LARGE"
    ? new ApiError(413, "Request exceeds the maximum size after decoding", {
        errorCode: "request_body_too_large_after_decoding",
      })
    : new ApiError(400, `The request body is not valid ${encoding}`, {
        errorCode: "request_body_encoding_invalid",
      });
}
