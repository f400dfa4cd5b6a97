import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { toWarmRequest } from "../../src/anthropic/index.ts";
import { bytesOf, captured, gzipped, KEY, requestBody, textOf, warmOf } from "./fixtures.ts";

const plain = JSON.stringify(requestBody());
const expected = textOf(warmOf(captured(plain)).body);

function encoded(body: Uint8Array, contentEncoding: string) {
  return captured(body, { headers: { "x-api-key": KEY, "Content-Encoding": contentEncoding } });
}

describe("compressed request bodies", () => {
  it.each([
    ["gzip", gzipSync(plain)],
    ["x-gzip", gzipSync(plain)],
    ["GZIP", gzipSync(plain)],
    ["deflate", deflateSync(plain)],
    ["deflate", deflateRawSync(plain)],
    ["br", brotliCompressSync(plain)],
    ["zstd", zstdCompressSync(plain)],
    ["identity", bytesOf(plain)],
    ["gzip, br", brotliCompressSync(gzipSync(plain))],
    ["deflate,identity, zstd", zstdCompressSync(deflateSync(plain))],
  ])("are decoded from %s and sent plain", (coding, body) => {
    const warm = warmOf(encoded(body, coding));
    expect(textOf(warm.body)).toBe(expected);
    expect(warm.headers.map(([name]) => name.toLowerCase())).not.toContain("content-encoding");
  });

  it("are refused with a reason when the coding is not known", () => {
    expect(toWarmRequest(encoded(bytesOf(plain), "compress"))).toMatchObject({
      code: "unreadable",
      reason:
        'The request cannot be warmed, because its body cannot be read: it is compressed with "compress", which cannot be read here.',
    });
  });

  it("are refused when the coding is a property name of objects", () => {
    expect(toWarmRequest(encoded(bytesOf(plain), "constructor"))).toMatchObject({ code: "unreadable" });
  });

  it("are refused when they are not what they claim to be", () => {
    for (const coding of ["gzip", "deflate", "br", "zstd"]) {
      expect(toWarmRequest(encoded(bytesOf(plain), coding))).toMatchObject({
        code: "unreadable",
        reason: expect.stringContaining(`claims to be compressed with ${coding}`),
      });
    }
  });

  it("are refused when they unpack to more than the limit", () => {
    const bomb = gzipSync(new Uint8Array(8 * 1024 * 1024));
    expect(bomb.length).toBeLessThan(10_000);
    expect(toWarmRequest(encoded(bomb, "gzip"), { maxBodyBytes: 1024 * 1024 })).toMatchObject({
      code: "unreadable",
      reason: expect.stringContaining("larger than 1 MiB"),
    });
  });

  it("are read for their facts too", () => {
    expect(warmOf(gzipped(requestBody())).facts).toMatchObject({ model: "claude-opus-5-5", ttlMs: 300_000 });
  });
});
