/** Compresses what is held for long. */
import * as zlib from "node:zlib";
import pLimit from "p-limit";

type Compress = (bytes: Uint8Array, done: (error: Error | null, result: Buffer) => void) => void;

interface Compression {
  readonly compress: Compress;
  readonly decompress: Compress;
}

/** Of zstd. A tenth smaller than by its default, in twice the time. */
const LEVEL = 6;

/** Looked up by name, not imported by name: an engine without zstd must still load this file. */
const compression: Compression = Reflect.has(zlib, "zstdCompress")
  ? {
      compress: (bytes, done) =>
        zlib.zstdCompress(bytes, { params: { [zlib.constants.ZSTD_c_compressionLevel]: LEVEL } }, done),
      decompress: zlib.zstdDecompress,
    }
  : { compress: zlib.gzip, decompress: zlib.gunzip };

/** Each takes a few MB while it works, in a thread of its own. */
const turn = pLimit(2);

/** Null: it could not be done. */
export function packed(bytes: Uint8Array): Promise<Uint8Array | null> {
  return turn(() => run(compression.compress, bytes)).catch(() => null);
}

export function unpacked(bytes: Uint8Array): Promise<Uint8Array> {
  return run(compression.decompress, bytes);
}

function run(work: Compress, bytes: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    work(bytes, (error, result) => (error ? reject(error) : resolve(result)));
  });
}
