/** Reads the spools of a state directory. */
import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { entryIn, SPOOL_DRAFT, SPOOL_FOLDER, SPOOL_NAME, type SpoolEntry } from "./line.ts";

export interface SpoolFile {
  readonly path: string;
  /** Of the process that writes it. */
  readonly pid: number;
}

export function spoolFiles(stateDirectory: string): Promise<SpoolFile[]> {
  return filesNamed(SPOOL_NAME, stateDirectory);
}

/** What nobody will read: its spool still says all of it. */
export function spoolDrafts(stateDirectory: string): Promise<SpoolFile[]> {
  return filesNamed(SPOOL_DRAFT, stateDirectory);
}

async function filesNamed(pattern: RegExp, stateDirectory: string): Promise<SpoolFile[]> {
  const folder = join(stateDirectory, SPOOL_FOLDER);
  const names = await readdir(folder).catch(() => []);
  return names.flatMap((name) => {
    const pid = pattern.exec(name)?.[1];
    return pid === undefined ? [] : [{ path: join(folder, name), pid: Number(pid) }];
  });
}

/** Up to where a file was read: the end of its last whole line. */
export interface SpoolMark {
  readonly inode: number;
  readonly offset: number;
}

export interface SpoolPart {
  /** The last one of each key. */
  readonly entries: ReadonlyMap<string, SpoolEntry>;
  readonly mark: SpoolMark;
  /** Nothing stands behind the mark, not even half a line. */
  readonly isWhole: boolean;
}

/** Longer than any line, in bytes; read so much at once. */
const CHUNK_BYTES = 1_048_576;

/** Null: it is gone. @param mark up to where it was read before, if it is still that file */
export async function readSpool(path: string, mark: SpoolMark | null): Promise<SpoolPart | null> {
  const file = await open(path, "r").catch(() => null);
  if (file === null) return null;
  try {
    const { ino: inode, size } = await file.stat();
    // Another file by now, or a shorter one: it was written anew, and says all of it again.
    let offset = mark !== null && mark.inode === inode && mark.offset <= size ? mark.offset : 0;
    const entries = new Map<string, SpoolEntry>();
    let rest: Buffer = Buffer.alloc(0);
    for (let at = offset; at < size; ) {
      const { buffer, bytesRead } = await file.read(
        Buffer.alloc(Math.min(CHUNK_BYTES, size - at)),
        0,
        null,
        at,
      );
      if (bytesRead === 0) break;
      at += bytesRead;
      const bytes = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
      const end = bytes.lastIndexOf(0x0a) + 1;
      rest = bytes.subarray(end);
      offset += end;
      for (const line of bytes.subarray(0, end).toString("utf8").split("\n")) {
        const entry = entryIn(line);
        if (entry !== null) entries.set(entry.key, entry);
      }
    }
    return { entries, mark: { inode, offset }, isWhole: rest.length === 0 };
  } finally {
    await file.close();
  }
}
