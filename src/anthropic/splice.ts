import type { Span } from "./json-scan.ts";

/** Bytes to put in place of a span. An empty span inserts. */
export interface Replacement extends Span {
  readonly bytes: Uint8Array;
}

/** A copy of `source` with the given spans replaced. Spans must not overlap; their order does not matter. */
export function splice(source: Uint8Array, replacements: readonly Replacement[]): Uint8Array<ArrayBuffer> {
  const inOrder = replacements.toSorted((a, b) => a.start - b.start);
  const length = inOrder.reduce(
    (sum, { start, end, bytes }) => sum + bytes.length - (end - start),
    source.length,
  );
  const target = new Uint8Array(length);
  let read = 0;
  let written = 0;
  for (const { start, end, bytes } of inOrder) {
    target.set(source.subarray(read, start), written);
    written += start - read;
    target.set(bytes, written);
    written += bytes.length;
    read = end;
  }
  target.set(source.subarray(read), written);
  return target;
}
