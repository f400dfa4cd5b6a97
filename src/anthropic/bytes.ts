/** Bytes compared and searched, by what Node does natively. */

/** Whether both are the same, from `start` up to `end`. */
export function areSame(a: Uint8Array, b: Uint8Array, start: number, end: number): boolean {
  return Buffer.compare(a.subarray(start, end), b.subarray(start, end)) === 0;
}

/** @param text of ASCII characters */
export function includesText(bytes: Uint8Array, text: string): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(text);
}
