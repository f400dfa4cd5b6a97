/** Bytes compared and searched, where there is no Buffer. */

export function areSame(a: Uint8Array, b: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) if (a[at] !== b[at]) return false;
  return true;
}

export function includesText(bytes: Uint8Array, text: string): boolean {
  const wanted = new TextEncoder().encode(text);
  const last = bytes.length - wanted.length;
  for (let from = 0; from <= last; from += 1) {
    from = bytes.indexOf(wanted[0] ?? 0, from);
    if (from < 0 || from > last) return false;
    if (wanted.every((byte, index) => bytes[from + index] === byte)) return true;
  }
  return false;
}
