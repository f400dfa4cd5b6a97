import { randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { HeldRequest } from "../../src/capture/held-request.ts";

const url = "http://127.0.0.1/v1/messages";
const body = new TextEncoder().encode(JSON.stringify({ text: "The same again and again. ".repeat(10_000) }));

describe("a held request", () => {
  it("takes a fraction of its memory once it is compressed, and comes back byte for byte", async () => {
    const held = new HeldRequest({ url, headers: [["x-own", "yes"]], body });
    expect(held.bytes).toBe(body.length);
    await held.pack();
    expect(held.bytes).toBeLessThan(body.length / 10);
    expect(held.unpacked).toBeNull();
    const request = await held.unpack();
    expect(Buffer.from(request.body).equals(body)).toBe(true);
    expect(request).toMatchObject({ url, headers: [["x-own", "yes"]] });
  });

  it("is compressed once, however often and however quickly it is asked for", async () => {
    const held = new HeldRequest({ url, headers: [], body });
    await Promise.all([held.pack(), held.pack()]);
    await held.pack();
    expect(Buffer.from((await held.unpack()).body).equals(body)).toBe(true);
  });

  it.each([
    ["is small", new Uint8Array(1_000), []],
    ["does not shrink", randomBytes(200_000), []],
    ["its client compressed already", gzipSync(randomBytes(200_000)), [["content-encoding", "gzip"]]],
  ] satisfies [string, Uint8Array, [string, string][]][])(
    "stays as it is when it %s",
    async (_, body, headers) => {
      const held = new HeldRequest({ url, headers, body });
      await held.pack();
      expect(held.isPacked).toBe(false);
      expect(held.unpacked?.body).toBe(body);
    },
  );
});
