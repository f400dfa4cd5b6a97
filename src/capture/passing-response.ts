/** Reads a response while its bytes pass by as they came, compressed or not. Nobody waits for it. */
import type { Duplex } from "node:stream";
import * as zlib from "node:zlib";
import { createResponseReader, type ResponseReader } from "./response-reader.ts";

const gunzip = () => zlib.createGunzip({ finishFlush: zlib.constants.Z_SYNC_FLUSH });

/** Undo `Content-Encoding` while a response passes. */
const decoders: Readonly<Record<string, (() => Duplex) | undefined>> = {
  gzip: gunzip,
  "x-gzip": gunzip,
  deflate: () => zlib.createInflate({ finishFlush: zlib.constants.Z_SYNC_FLUSH }),
  br: () => zlib.createBrotliDecompress(),
  // Looked up by name, not imported by name: an engine without zstd must still load this file.
  zstd: "createZstdDecompress" in zlib ? () => zlib.createZstdDecompress() : undefined,
};

export interface PassingResponse {
  /** Its owner must leave it as it is for a moment. */
  chunk(chunk: Uint8Array): void;
  /** @param read once everything that came has been read */
  ended(read: (reader: ResponseReader) => void): void;
}

/** As its headers say of it. */
export interface ResponseKind {
  /** `Content-Encoding` */
  readonly coding: string | null;
  /** `Content-Type` */
  readonly type: string | null;
}

/** Read a moment later, so that no byte waits for it. */
export function createPassingResponse({ coding: told, type }: ResponseKind): PassingResponse {
  const coding = told?.trim().toLowerCase() ?? "identity";
  const decoder = Object.hasOwn(decoders, coding) ? (decoders[coding]?.() ?? null) : null;
  const isReadable = coding === "identity" || coding === "" || decoder !== null;
  // What cannot be read was an answer all the same, and tells nothing.
  const reader = createResponseReader(isReadable ? type : null);
  decoder?.on("data", (chunk: Buffer) => reader.feed(chunk)).on("error", () => {});
  let waiting: Uint8Array[] = [];

  function drain(): void {
    const chunks = waiting;
    waiting = [];
    for (const chunk of chunks) {
      if (decoder === null) reader.feed(chunk);
      else if (!decoder.destroyed) decoder.write(chunk);
    }
  }

  return {
    chunk(chunk) {
      if (!isReadable) return;
      if (waiting.length === 0) setImmediate(drain);
      waiting.push(chunk);
    },
    ended(read) {
      setImmediate(() => {
        drain();
        if (decoder === null || decoder.destroyed) read(reader);
        else decoder.once("close", () => read(reader)).end();
      });
    },
  };
}
