/** A request as it lies in the database: compressed, then encrypted, and without its credential. */

import { promisify } from "node:util";
import * as zlib from "node:zlib";
import * as z from "zod/mini";
import type { HeaderPairs } from "../anthropic/index.ts";
import type { Usage } from "../host.ts";
import type { Carrier } from "./credentials.ts";
import type { Keyring, Sealed } from "./keyring.ts";

/** What a worker needs to repeat a request. */
export interface Parcel {
  readonly url: string;
  readonly headers: HeaderPairs;
  readonly carrier: Carrier;
  /** As it was sent: still compressed where its headers say so. */
  readonly body: Uint8Array;
  /** Of its own answer, where it is known. */
  readonly usage?: Usage;
  /** How its gateway sends warms. */
  readonly settings: WarmSettings;
}

export interface WarmSettings {
  readonly warmTokens?: 0 | 1;
  readonly budgetThinking?: "refuse" | "stream-abort";
  readonly ttl5mMs?: number;
  readonly ttl1hMs?: number;
}

const usage = z.object({
  inputTokens: z.number(),
  outputTokens: z.number(),
  cacheReadTokens: z.number(),
  cacheWriteTokens: z.number(),
});

const head = z.object({
  url: z.string(),
  headers: z.array(z.tuple([z.string(), z.string()])),
  carrier: z.enum(["x-api-key", "bearer"]),
  usage: z.optional(usage),
  settings: z.object({
    warmTokens: z.optional(z.literal([0, 1])),
    budgetThinking: z.optional(z.enum(["refuse", "stream-abort"])),
    ttl5mMs: z.optional(z.number()),
    ttl1hMs: z.optional(z.number()),
  }),
});

/** The first byte of what is encrypted: how the rest is compressed. Workers of another Node may lack zstd. */
const ZSTD = 1;
const GZIP = 2;

/** Takes half the time of the default, for a tenth more. */
const GZIP_LEVEL = 4;

const [compress, codec] = Reflect.has(zlib, "zstdCompress")
  ? [promisify(zlib.zstdCompress), ZSTD]
  : [(bytes: Uint8Array) => promisify(zlib.gzip)(bytes, { level: GZIP_LEVEL }), GZIP];

/** What a parcel is bound to: it cannot pass for another prefix, nor for another version of its own. */
export function boundTo(prefixId: string, revision: string): string {
  return `${prefixId}\n${revision}`;
}

export async function pack({ body, ...rest }: Parcel, keyring: Keyring, bound: string): Promise<Sealed> {
  const json = Buffer.from(JSON.stringify(rest));
  const size = Buffer.alloc(4);
  size.writeUInt32BE(json.length);
  const packed = await compress(Buffer.concat([size, json, body]));
  return keyring.seal(Buffer.concat([Buffer.of(codec), packed]), bound);
}

/** Packed in fewer bytes, the detour by another thread takes longer than the work. */
const AT_ONCE_BYTES = 64 * 1024;

async function decompress(how: number | undefined, packed: Uint8Array): Promise<Buffer> {
  const isSmall = packed.length <= AT_ONCE_BYTES;
  if (how === ZSTD) return isSmall ? zlib.zstdDecompressSync(packed) : promisify(zlib.zstdDecompress)(packed);
  return isSmall ? zlib.gunzipSync(packed) : promisify(zlib.gunzip)(packed);
}

/** @throws {KeyringError} for what cannot be decrypted; the decoder's error for what is no parcel */
export async function unpack(sealed: Sealed, keyring: Keyring, bound: string): Promise<Parcel> {
  const plain = keyring.open(sealed, bound);
  const bytes = await decompress(plain[0], plain.subarray(1));
  const size = bytes.readUInt32BE();
  const { usage, settings, ...rest } = head.parse(JSON.parse(bytes.toString("utf8", 4, 4 + size)));
  return {
    ...rest,
    body: bytes.subarray(4 + size),
    settings: settings as WarmSettings,
    ...(usage === undefined ? {} : { usage }),
  };
}
