/**
 * Finds values in JSON by their place, without parsing it.
 *
 * A captured request must go out again byte for byte, so its fields are read and edited where they stand.
 * The scan walks the structure once, steps over strings, and keeps its own stack: depth costs memory, never
 * the call stack. Strings are taken as they are (control characters and broken UTF-8 pass), everything else
 * is held to RFC 8259, so that what is edited is what any parser would have read.
 */

import { BACKSLASH, endOfScalar, endOfSpace, MalformedJson, QUOTE } from "./json-tokens.ts";

/** Half-open range of bytes. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A member of the outermost object. A key that occurs twice is two members. */
export interface Member {
  /** Decoded: an escaped `max\\u005ftokens` is `max_tokens`. */
  readonly key: string;
  readonly value: Span;
}

/** A value that a {@link Shape} asked for, and the index of the outermost member it lies in. */
export interface Found {
  readonly memberIndex: number;
  readonly value: Span;
}

export type ScanResult =
  | {
      readonly ok: true;
      /** Position of the outermost `{`. */
      readonly open: number;
      readonly members: readonly Member[];
      readonly found: readonly Found[];
    }
  | {
      readonly ok: false /** What is wrong and where, as a phrase. Never content. */;
      readonly problem: string;
    };

/** What to look for below a value. Paths that no shape names are stepped over. */
export class Shape {
  readonly members: { readonly name: Uint8Array; readonly shape: Shape }[] = [];
  elements: Shape | undefined;

  /** `shape` describes the values of members called `name`. */
  member(name: string, shape: Shape): this {
    this.members.push({ name: encoder.encode(name), shape });
    return this;
  }

  /** `shape` describes the elements of the array. */
  each(shape: Shape): this {
    this.elements = shape;
    return this;
  }
}

/** Values at this place are returned in `found`. */
export const WANTED = new Shape();

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

interface Frame {
  readonly isObject: boolean;
  readonly shape: Shape | undefined;
}

interface Awaiting {
  readonly depth: number;
  readonly start: number;
}

/** Finds the members of the outermost object of `bytes`, and what `root` wants below them. */
export function scanJson(bytes: Uint8Array, root: Shape): ScanResult {
  try {
    return new Scan(bytes, root).run();
  } catch (error) {
    if (error instanceof MalformedJson) return { ok: false, problem: error.message };
    throw error;
  }
}

class Scan {
  readonly #bytes: Uint8Array;
  readonly #root: Shape;
  readonly #stack: Frame[] = [];
  readonly #members: Member[] = [];
  readonly #found: Found[] = [];
  /** Values that were begun and are wanted; the innermost is last. */
  readonly #wanted: Awaiting[] = [];
  #at = 0;
  /** Shape of the value that begins at `#at`. */
  #shape: Shape | undefined;
  #memberKey = "";
  #memberStart = 0;

  constructor(bytes: Uint8Array, root: Shape) {
    this.#bytes = bytes;
    this.#root = root;
  }

  run(): ScanResult {
    // A byte order mark is no JSON, but some clients send one; it is stepped over and sent again.
    if (this.#bytes[0] === 0xef && this.#bytes[1] === 0xbb && this.#bytes[2] === 0xbf) this.#at = 3;
    this.#skipSpace();
    const open = this.#at;
    if (this.#bytes[open] !== OPEN_OBJECT) throw new MalformedJson("it is not a JSON object");
    this.#shape = this.#root;
    let valueEnded = this.#beginValue();
    while (!valueEnded || this.#stack.length > 0) {
      if (!valueEnded) valueEnded = this.#beginValue();
      else valueEnded = this.#continueContainer();
    }
    this.#skipSpace();
    if (this.#at !== this.#bytes.length) throw this.#malformed("something follows the object");
    return { ok: true, open, members: this.#members, found: this.#found };
  }

  /** Reads a scalar or opens a container. True when a value ended at `#at`. */
  #beginValue(): boolean {
    const byte = this.#bytes[this.#at];
    const depth = this.#stack.length;
    if (this.#shape === WANTED) this.#wanted.push({ depth, start: this.#at });
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      const isObject = byte === OPEN_OBJECT;
      this.#stack.push({ isObject, shape: this.#shape });
      this.#at += 1;
      this.#skipSpace();
      if (this.#bytes[this.#at] === (isObject ? CLOSE_OBJECT : CLOSE_ARRAY)) return this.#closeContainer();
      this.#nextItem();
      return false;
    }
    this.#at = endOfScalar(this.#bytes, this.#at);
    return this.#endValue();
  }

  /** After a value inside a container: the next item, or the container's end. True when the container ended. */
  #continueContainer(): boolean {
    const frame = this.#stack[this.#stack.length - 1] as Frame;
    this.#skipSpace();
    const byte = this.#bytes[this.#at];
    if (byte === COMMA) {
      this.#at += 1;
      this.#skipSpace();
      this.#nextItem();
      return false;
    }
    if (byte === (frame.isObject ? CLOSE_OBJECT : CLOSE_ARRAY)) return this.#closeContainer();
    throw this.#malformed(frame.isObject ? "expected , or }" : "expected , or ]");
  }

  #closeContainer(): true {
    this.#at += 1;
    this.#stack.pop();
    return this.#endValue();
  }

  #endValue(): true {
    const depth = this.#stack.length;
    if (this.#wanted.at(-1)?.depth === depth) {
      const { start } = this.#wanted.pop() as Awaiting;
      this.#found.push({ memberIndex: this.#members.length, value: { start, end: this.#at } });
    }
    if (depth === 1) {
      this.#members.push({ key: this.#memberKey, value: { start: this.#memberStart, end: this.#at } });
    }
    return true;
  }

  /** Steps to the start of the next item's value and sets its shape. */
  #nextItem(): void {
    const frame = this.#stack[this.#stack.length - 1] as Frame;
    if (!frame.isObject) {
      this.#shape = frame.shape?.elements;
      return;
    }
    const start = this.#at;
    const escaped = this.#skipKey();
    const end = this.#at;
    this.#skipSpace();
    if (this.#bytes[this.#at] !== COLON) throw this.#malformed("expected :");
    this.#at += 1;
    this.#skipSpace();
    this.#shape = this.#shapeOfMember(frame.shape, start + 1, end - 1, escaped);
    if (this.#stack.length === 1) {
      this.#memberKey = this.#decodeKey(start, end, escaped);
      this.#memberStart = this.#at;
    }
  }

  #shapeOfMember(shape: Shape | undefined, start: number, end: number, escaped: boolean): Shape | undefined {
    if (shape === undefined || shape.members.length === 0) return undefined;
    if (escaped) {
      const key = encoder.encode(this.#decodeKey(start - 1, end + 1, true));
      return shape.members.find(({ name }) => sameBytes(name, key, 0, key.length))?.shape;
    }
    for (const { name, shape: below } of shape.members) {
      if (sameBytes(name, this.#bytes, start, end)) return below;
    }
    return undefined;
  }

  #decodeKey(start: number, end: number, escaped: boolean): string {
    if (!escaped) return decoder.decode(this.#bytes.subarray(start + 1, end - 1));
    try {
      return JSON.parse(decoder.decode(this.#bytes.subarray(start, end))) as string;
    } catch {
      throw new MalformedJson(`a key has a broken escape at byte ${start}`);
    }
  }

  /** Keys are short: byte by byte. True when the key has an escape. */
  #skipKey(): boolean {
    const bytes = this.#bytes;
    if (bytes[this.#at] !== QUOTE) throw this.#malformed("expected a key");
    let escaped = false;
    let at = this.#at + 1;
    while (at < bytes.length && bytes[at] !== QUOTE) {
      if (bytes[at] === BACKSLASH) {
        escaped = true;
        at += 1;
      }
      at += 1;
    }
    if (at >= bytes.length) throw this.#malformed("a key does not end");
    this.#at = at + 1;
    return escaped;
  }

  #skipSpace(): void {
    this.#at = endOfSpace(this.#bytes, this.#at);
  }

  #malformed(what: string): MalformedJson {
    return new MalformedJson(`${what} at byte ${this.#at}`);
  }
}

function sameBytes(name: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== name.length) return false;
  for (let index = 0; index < name.length; index += 1) {
    if (bytes[start + index] !== name[index]) return false;
  }
  return true;
}
