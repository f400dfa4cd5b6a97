/** Compressed transcripts: Codex packs what was left alone for a week, and people pack what they back up. */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createGunzip, createZstdDecompress, type Gunzip, type ZstdDecompress } from "node:zlib";

export function isPacked(path: string): boolean {
  return path.endsWith(".zst") || path.endsWith(".gz");
}

/** Whether an error says that what is packed is cut off or broken, and not that the file could not be read. */
export function isDamage(error: unknown): boolean {
  return /^Z/.test((error as NodeJS.ErrnoException).code ?? "");
}

/**
 * What is inside, in pieces.
 *
 * @param onBytes told of the bytes of the file as it lies there that were unpacked
 * @throws what the file system throws, and an error of zlib's where the file is damaged
 */
export async function* unpacked(path: string, onBytes?: (bytes: number) => void): AsyncGenerator<Buffer> {
  if (!path.endsWith(".zst")) return yield* through(createGunzip(), path, 0, onBytes);
  const { size } = await stat(path);
  // Node ends with the first frame of several, such as those that were packed in parallel.
  for (let at = 0; at < size; ) {
    const frame = createZstdDecompress();
    yield* through(frame, path, at, onBytes);
    if (frame.bytesWritten === 0) return;
    at += frame.bytesWritten;
  }
}

async function* through(
  inside: Gunzip | ZstdDecompress,
  path: string,
  start: number,
  onBytes?: (bytes: number) => void,
): AsyncGenerator<Buffer> {
  const file = createReadStream(path, { start });
  file.on("error", (error) => inside.destroy(error));
  let told = 0;
  const tell = () => {
    if (inside.bytesWritten > told) onBytes?.(inside.bytesWritten - told);
    told = inside.bytesWritten;
  };
  try {
    for await (const piece of file.pipe(inside)) {
      tell();
      yield piece;
    }
    tell();
  } finally {
    file.destroy();
    inside.destroy();
  }
}
