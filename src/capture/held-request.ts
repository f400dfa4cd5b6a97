/** A captured request in memory: as it was while it may be needed any moment, compressed while it waits. */
import * as zlib from "node:zlib";
import pLimit from "p-limit";
import { type CapturedRequest, headerPairs, headerValue } from "../anthropic/index.ts";

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

/** Less is not worth the work, in bytes. */
const WORTH_PACKING = 65_536;

export class HeldRequest {
  readonly #request: Omit<CapturedRequest, "body">;
  #body: Uint8Array;
  #packed = false;

  constructor({ body, ...request }: CapturedRequest) {
    this.#request = request;
    this.#body = body;
  }

  /** Memory that its body takes, in bytes. */
  get bytes(): number {
    return this.#body.length;
  }

  get isPacked(): boolean {
    return this.#packed;
  }

  /** The request as it was captured; null once its body is compressed. */
  get unpacked(): CapturedRequest | null {
    return this.#packed ? null : { ...this.#request, body: this.#body };
  }

  /** Compresses the body, unless it already is or would hardly shrink. Never rejects. */
  async pack(): Promise<void> {
    const body = this.#body;
    const isCoded = headerValue(headerPairs(this.#request.headers), "content-encoding") !== null;
    if (this.#packed || isCoded || body.length < WORTH_PACKING) return;
    const packed = await turn(() => run(compression.compress, body)).catch(() => null);
    if (packed === null || this.#packed || packed.length > body.length * 0.9) return;
    this.#body = packed;
    this.#packed = true;
  }

  /** The request as it was captured, byte for byte. */
  async unpack(): Promise<CapturedRequest> {
    const body = this.#packed ? await run(compression.decompress, this.#body) : this.#body;
    return { ...this.#request, body };
  }
}

function run(work: Compress, bytes: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    work(bytes, (error, result) => (error ? reject(error) : resolve(result)));
  });
}
