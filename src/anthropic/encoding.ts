import * as zlib from "node:zlib";

/** Largest decoded request body we hold, in bytes: twice what the Messages API accepts (32 MB). */
export const DEFAULT_MAX_BODY_BYTES = 64 * 1024 * 1024;

export type DecodedBody =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false /** As a clause: "it is compressed with …, which …". */; readonly problem: string };

type Decoder = (bytes: Uint8Array, options: { readonly maxOutputLength: number }) => Uint8Array;

const decoders: Readonly<Record<string, Decoder | undefined>> = {
  gzip: zlib.gunzipSync,
  "x-gzip": zlib.gunzipSync,
  deflate: inflateEither,
  br: zlib.brotliDecompressSync,
  // Looked up by name, not imported by name: an engine without zstd must still load this file.
  zstd: "zstdDecompressSync" in zlib ? zlib.zstdDecompressSync : undefined,
};

/**
 * Undoes `Content-Encoding` (RFC 9110 § 8.4): codings are listed in the order they were applied, so the last
 * one comes off first. Each step's output is capped at `maxBytes`, so that a small body cannot fill memory.
 */
export function decodeBody(
  body: Uint8Array,
  contentEncoding: string | null,
  maxBytes: number = DEFAULT_MAX_BODY_BYTES,
): DecodedBody {
  if (body.length > maxBytes) return tooLarge(maxBytes);
  const codings = (contentEncoding ?? "")
    .split(",")
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== "" && coding !== "identity");
  let bytes = body;
  for (const coding of codings.toReversed()) {
    const decode = Object.hasOwn(decoders, coding) ? decoders[coding] : undefined;
    if (decode === undefined) {
      return { ok: false, problem: `it is compressed with ${describe(coding)}, which cannot be read here` };
    }
    try {
      bytes = decode(bytes, { maxOutputLength: maxBytes });
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code === "ERR_BUFFER_TOO_LARGE") return tooLarge(maxBytes);
      return { ok: false, problem: `it claims to be compressed with ${coding} but is not` };
    }
    // Engines differ in how strictly they keep to maxOutputLength.
    if (bytes.length > maxBytes) return tooLarge(maxBytes);
  }
  return { ok: true, bytes };
}

/** `deflate` is zlib's format by the standard, and a raw stream in what some clients send. */
function inflateEither(bytes: Uint8Array, options: { readonly maxOutputLength: number }): Uint8Array {
  const first = bytes[0] ?? 0;
  const isZlib = (first & 0x0f) === 8 && ((first << 8) | (bytes[1] ?? 0)) % 31 === 0;
  return isZlib ? zlib.inflateSync(bytes, options) : zlib.inflateRawSync(bytes, options);
}

function tooLarge(maxBytes: number): DecodedBody {
  return { ok: false, problem: `it is larger than ${Math.floor(maxBytes / (1024 * 1024))} MiB` };
}

function describe(coding: string): string {
  return /^[a-z0-9._-]{1,20}$/.test(coding) ? `"${coding}"` : "an unknown coding";
}
