/** Lines of a file as bytes, one at a time, however long the file is. */
import { open } from "node:fs/promises";

const CHUNK_BYTES = 256 << 10;
const NEWLINE = 0x0a;
/** A longer line is no record of a call: it is skipped, and never held. */
const LONGEST_LINE_BYTES = 64 << 20;

/** Files are read one after the other: each would leave a megabyte behind until it is collected. */
let spare: Buffer | null = null;

export interface FileReadOptions {
  /** Told of the bytes read since it was last told. */
  readonly onBytes?: (bytes: number) => void;
}

/** Bytes of a line are valid until `onLine` returns. Blank lines are left out. @throws what the file system throws */
export async function eachLine(
  path: string,
  onLine: (line: Buffer) => void,
  { onBytes }: FileReadOptions = {},
): Promise<void> {
  const file = await open(path, "r");
  const chunk = spare ?? Buffer.allocUnsafeSlow(CHUNK_BYTES);
  spare = null;
  try {
    let carried: Buffer[] = [];
    let carriedBytes = 0;
    let isTooLong = false;
    const carry = (rest: Buffer) => {
      if (rest.length === 0 || isTooLong) return;
      carriedBytes += rest.length;
      isTooLong = carriedBytes > LONGEST_LINE_BYTES;
      if (isTooLong) carried = [];
      else carried.push(Buffer.from(rest));
    };
    const finish = (rest: Buffer) => {
      const isWhole = carriedBytes === 0;
      if (!isWhole) carry(rest);
      if (!isTooLong) {
        const line = isWhole ? rest : Buffer.concat(carried);
        if (line.length > 1) onLine(line);
      }
      carried = [];
      carriedBytes = 0;
      isTooLong = false;
    };
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, null);
      if (bytesRead === 0) break;
      onBytes?.(bytesRead);
      let from = 0;
      for (;;) {
        const to = chunk.indexOf(NEWLINE, from);
        if (to === -1 || to >= bytesRead) break;
        finish(chunk.subarray(from, to));
        from = to + 1;
      }
      carry(chunk.subarray(from, bytesRead));
    }
    if (carriedBytes > 0) finish(Buffer.alloc(0));
  } finally {
    spare = chunk;
    await file.close();
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
