/** Lines of a file as bytes, one at a time, however long the file is. */
import { open } from "node:fs/promises";
import { isDamage, isPacked, unpacked } from "./packed.ts";

const CHUNK_BYTES = 256 << 10;
const NEWLINE = 0x0a;
/** The API takes no longer request: a longer line is no record of a call, is skipped and never held. */
const LONGEST_LINE_BYTES = 32 << 20;

/** Files are read one after the other: each would leave a megabyte behind until it is collected. */
let spare: Buffer | null = null;

export interface FileReadOptions {
  /** Told of the bytes read since it was last told. */
  readonly onBytes?: (bytes: number) => void;
}

/** What of a file could not be looked at. */
export interface Unread {
  /** Lines that were too long to be records of calls. */
  readonly tooLong: number;
  /** Ends that were torn off: 1 where a packed file is damaged. */
  readonly torn: number;
}

/** Bytes of a line are valid until `onLine` returns. Blank lines are left out. @throws what the file system throws */
export async function eachLine(
  path: string,
  onLine: (line: Buffer) => void,
  { onBytes }: FileReadOptions = {},
): Promise<Unread> {
  const lines = new Splitter(onLine);
  let torn = 0;
  if (isPacked(path)) {
    try {
      for await (const piece of unpacked(path, onBytes)) lines.take(piece);
    } catch (error) {
      // What came before the damage is as good as ever.
      if (!isDamage(error)) throw error;
      torn = 1;
    }
  } else {
    for await (const piece of pieces(path, onBytes)) lines.take(piece);
  }
  return { tooLong: lines.end(), torn };
}

/** Each piece is valid until the next one is asked for. */
async function* pieces(path: string, onBytes?: (bytes: number) => void): AsyncGenerator<Buffer> {
  const file = await open(path, "r");
  const chunk = spare ?? Buffer.allocUnsafeSlow(CHUNK_BYTES);
  spare = null;
  try {
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, null);
      if (bytesRead === 0) return;
      onBytes?.(bytesRead);
      yield chunk.subarray(0, bytesRead);
    }
  } finally {
    spare = chunk;
    await file.close();
  }
}

/** Cuts pieces into lines, wherever they were cut before. */
class Splitter {
  readonly #onLine: (line: Buffer) => void;
  /** Of the line that has begun in earlier pieces. */
  #carried: Buffer[] = [];
  #carriedBytes = 0;
  #tooLong = 0;

  constructor(onLine: (line: Buffer) => void) {
    this.#onLine = onLine;
  }

  take(piece: Buffer): void {
    let from = 0;
    for (let to = piece.indexOf(NEWLINE); to !== -1; to = piece.indexOf(NEWLINE, from)) {
      this.#finish(piece.subarray(from, to));
      from = to + 1;
    }
    this.#carry(piece.subarray(from));
  }

  end(): number {
    this.#finish(Buffer.alloc(0));
    return this.#tooLong;
  }

  #carry(rest: Buffer): void {
    this.#carriedBytes += rest.length;
    if (this.#carriedBytes > LONGEST_LINE_BYTES) this.#carried = [];
    else if (rest.length > 0) this.#carried.push(Buffer.from(rest));
  }

  #finish(rest: Buffer): void {
    if (this.#carriedBytes === 0) {
      if (rest.length > 1) this.#onLine(rest);
      return;
    }
    this.#carry(rest);
    if (this.#carriedBytes > LONGEST_LINE_BYTES) this.#tooLong += 1;
    else if (this.#carriedBytes > 1) this.#onLine(Buffer.concat(this.#carried));
    this.#carried = [];
    this.#carriedBytes = 0;
  }
}

/** The value on a line, or undefined where it is none: cut off, damaged, not text. */
export function parseLine(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString("utf8"));
  } catch {
    return undefined;
  }
}
