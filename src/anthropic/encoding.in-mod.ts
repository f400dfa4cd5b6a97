/** Where there is no zlib: its program shows bodies before it compresses them. */
import type { DecodedBody } from "./encoding.ts";

export const DEFAULT_MAX_BODY_BYTES = 64 * 1024 * 1024;

export function decodeBody(
  body: Uint8Array,
  contentEncoding: string | null,
  maxBytes: number = DEFAULT_MAX_BODY_BYTES,
): DecodedBody {
  if (body.length > maxBytes) return { ok: false, problem: "it is too large" };
  return ["", "identity"].includes((contentEncoding ?? "").trim().toLowerCase())
    ? { ok: true, bytes: body }
    : { ok: false, problem: "it is compressed, which cannot be read here" };
}
