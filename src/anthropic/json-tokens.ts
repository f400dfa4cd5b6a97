/** Steps over single JSON tokens in bytes. All positions are byte offsets. */

export const QUOTE = 0x22;
export const BACKSLASH = 0x5c;
const DOT = 0x2e;
const MINUS = 0x2d;
const PLUS = 0x2b;
const ZERO = 0x30;
const NINE = 0x39;

/** Bytes to look at one by one before `indexOf` pays for its call. */
const NEAR_BYTES = 48;

/** The message says what is wrong and where, as a phrase, and never quotes content. */
export class MalformedJson extends Error {}

const words: Readonly<Record<number, string>> = { 116: "true", 102: "false", 110: "null" };

/** Position after the string, number or word that begins at `at`. Throws {@link MalformedJson}. */
export function endOfScalar(bytes: Uint8Array, at: number): number {
  const byte = bytes[at];
  if (byte === QUOTE) return endOfString(bytes, at + 1);
  const word = byte === undefined ? undefined : words[byte];
  return word === undefined ? endOfNumber(bytes, at) : endOfWord(bytes, at, word);
}

/** Position of the first byte from `at` that is no white space. */
export function endOfSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  let byte = bytes[at];
  while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) {
    at += 1;
    byte = bytes[at];
  }
  return at;
}

/**
 * Position after the closing quote of the string whose content begins at `from`. Long stretches are searched
 * with `indexOf`; near a quote, where text is dense with escaped ones, a plain loop is quicker.
 */
function endOfString(bytes: Uint8Array, from: number): number {
  const length = bytes.length;
  let at = from;
  while (at < length) {
    const near = Math.min(at + NEAR_BYTES, length);
    while (at < near) {
      const byte = bytes[at];
      if (byte === QUOTE) return at + 1;
      at += byte === BACKSLASH ? 2 : 1;
    }
    const quote = bytes.indexOf(QUOTE, at);
    if (quote < 0) break;
    // `at` is never inside an escape, so an even run of backslashes before the quote means that it closes.
    let run = quote;
    while (run > at && bytes[run - 1] === BACKSLASH) run -= 1;
    if ((quote - run) % 2 === 0) return quote + 1;
    at = quote + 1;
  }
  throw new MalformedJson(`a string does not end, from byte ${from}`);
}

function endOfWord(bytes: Uint8Array, at: number, word: string): number {
  for (let index = 0; index < word.length; index += 1) {
    if (bytes[at + index] !== word.charCodeAt(index))
      throw new MalformedJson(`expected a value at byte ${at}`);
  }
  return at + word.length;
}

function endOfNumber(bytes: Uint8Array, from: number): number {
  const first = bytes[from] === MINUS ? from + 1 : from;
  let at = endOfDigits(bytes, first);
  const hasLeadingZero = bytes[first] === ZERO && at > first + 1;
  if (at === first || hasLeadingZero) throw new MalformedJson(`expected a value at byte ${from}`);
  if (bytes[at] === DOT) at = endOfSomeDigits(bytes, at + 1);
  if (bytes[at] === 0x65 || bytes[at] === 0x45) {
    const sign = bytes[at + 1];
    at = endOfSomeDigits(bytes, sign === PLUS || sign === MINUS ? at + 2 : at + 1);
  }
  return at;
}

function endOfSomeDigits(bytes: Uint8Array, at: number): number {
  const end = endOfDigits(bytes, at);
  if (end === at) throw new MalformedJson(`a number is cut short at byte ${at}`);
  return end;
}

function endOfDigits(bytes: Uint8Array, from: number): number {
  let at = from;
  let byte = bytes[at];
  while (byte !== undefined && byte >= ZERO && byte <= NINE) {
    at += 1;
    byte = bytes[at];
  }
  return at;
}
