/** Bodies that cannot be read, or not at once, pass like any other. */
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import * as zlib from "node:zlib";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import * as z from "zod";
import { API_KEY, MINUTE_MS, setUp, type World } from "./world.ts";

const rejections: unknown[] = [];
process.on("unhandledRejection", (reason) => rejections.push(reason));
afterEach(() => expect(rejections).toEqual([]));

const codings: Readonly<Record<string, (bytes: Uint8Array) => Buffer>> = {
  gzip: zlib.gzipSync,
  "x-gzip": zlib.gzipSync,
  deflate: zlib.deflateSync,
  br: zlib.brotliCompressSync,
  zstd: zlib.zstdCompressSync,
};

const encode = (text: string) => new TextEncoder().encode(text);
const json = (value: unknown) => encode(JSON.stringify(value));

/** A good request of a conversation's next turn. */
const good = ({ talk }: World) =>
  json({ ...talk("ada").params, messages: [{ role: "user", content: "Shall we begin?" }] });

async function post(url: string, body: Uint8Array, headers: Record<string, string> = {}) {
  const answer = await fetch(`${url}/v1/messages`, {
    method: "POST",
    headers: {
      "x-api-key": API_KEY,
      "content-type": "application/json",
      "x-keepwarm-conversation": "ada",
      ...headers,
    },
    body,
  });
  const said = z.looseObject({ type: z.string(), error: z.object({ type: z.string() }).optional() });
  const { type, error } = said.parse(await answer.json());
  return { status: answer.status, type, error: error?.type };
}

describe("a body that is no Messages request", () => {
  const deep = "[".repeat(200_000);
  it.each<[string, Uint8Array, Record<string, string>?]>([
    ["is empty", encode("")],
    ["is no JSON", encode("Hello, model?")],
    ["is half of one", encode('{"model":"claude-opus-5-5","messages":[{"role":"user","content":"Hi')],
    ["is an array", json([1, 2, 3])],
    ["is a string", json("claude")],
    ["is null", json(null)],
    ["is JSON of another kind", json({ prompt: "Hi", stream: "maybe", messages: { role: 7 } })],
    ["has messages of another kind", json({ model: 7, max_tokens: "many", messages: [null, 7, [], "x"] })],
    ["has a prototype for a key", encode('{"__proto__":{"messages":[]},"constructor":1,"messages":null}')],
    [
      "has its keys twice",
      encode('{"messages":[],"messages":[{"role":"user","content":"Hi"}],"model":"a","model":"b"}'),
    ],
    ["is deeper than any stack", encode(deep)],
    ["is deep and closed", encode(`{"messages":${deep}${"]".repeat(200_000)}}`)],
    ["is not UTF-8", Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0xc0, 0x22, 0x3a, 0x31, 0x7d])],
    ["is UTF-16", Buffer.from('{"model":"x","messages":[]}', "utf16le")],
    ["has a byte order mark", encode('\uFEFF{"model":"x","messages":[]}')],
    ["is NUL", new Uint8Array(5_000)],
    ["claims to be gzip", encode('{"messages":[]}'), { "content-encoding": "gzip" }],
    ["claims a coding that nobody knows", encode("{}"), { "content-encoding": "rot13" }],
    ["claims half a gzip", zlib.gzipSync("x".repeat(9_999)).subarray(0, 20), { "content-encoding": "gzip" }],
  ])(
    "(it %s) is answered as it would be directly, and leaves its conversation warm",
    async (_, body, headers) => {
      const world = await setUp();
      await world.talk("ada").ask("Shall we begin?");
      await world.away(MINUTE_MS);
      const direct = await post(world.emulatorUrl, body, headers);
      expect(await post(world.url, body, headers)).toEqual(direct);
      expect(direct.status).toBe(400);
      const [one, two] = world.emulator.requests.slice(-2);
      expect(Buffer.from(two?.body ?? []).equals(Buffer.from(one?.body ?? [9]))).toBe(true);
      await world.calm();
      expect(world.phase("ada")).toBe("idle");
      await world.away(9 * MINUTE_MS);
      expect(world.warms().map(({ usage }) => usage?.cache_creation_input_tokens)).toEqual([0, 0]);
      // What is too deep to be read goes by unwatched, and the log says so.
      expect(world.logger.at("error").filter(({ message }) => !message.includes("unwatched"))).toEqual([]);
    },
  );

  it("may expand to more than any memory without being expanded", async () => {
    const world = await setUp();
    const bomb = zlib.gzipSync(Buffer.alloc(400_000_000));
    const before = process.memoryUsage().rss;
    await post(world.url, bomb, { "content-encoding": "gzip" });
    await world.calm();
    expect(process.memoryUsage().rss - before).toBeLessThan(400_000_000);
  });
});

describe("a request that is compressed", () => {
  it.each(Object.keys(codings))("with %s is kept warm as any other, compressed as it was", async (coding) => {
    const world = await setUp();
    const body = codings[coding]?.(good(world)) ?? new Uint8Array();
    expect((await post(world.url, body, { "content-encoding": coding })).status).toBe(200);
    await world.calm();
    await world.away(5 * MINUTE_MS);
    expect(world.warms().map(({ usage }) => usage?.cache_creation_input_tokens)).toEqual([0]);
  });
});

/** The emulator, its answers compressed as an API may compress them. */
async function compressing(
  url: string,
  coding: string,
  encodeBody: (body: Buffer) => Buffer,
): Promise<string> {
  const server = createServer(async (asking, response) => {
    const { host: _, connection: __, "content-length": ___, ...headers } = asking.headers;
    const body = await buffer(asking);
    const asked = await fetch(url + asking.url, {
      method: "POST",
      headers: headers as Record<string, string>,
      body,
    });
    const answer = encodeBody(Buffer.from(await asked.arrayBuffer()));
    response.writeHead(asked.status, {
      "content-type": asked.headers.get("content-type") ?? "",
      "content-encoding": coding,
    });
    for (let at = 0; at < answer.length; at += 100) response.write(answer.subarray(at, at + 100));
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("an answer that is compressed", () => {
  const cases = [...Object.keys(codings), "GZIP"].flatMap((coding) =>
    [true, false].map((stream) => [coding, stream] as const),
  );

  it.each(cases)("with %s has its usage read (streaming: %s)", async (coding, stream) => {
    const encodeBody = codings[coding.toLowerCase()];
    if (encodeBody === undefined) throw new Error(coding);
    const world = await setUp({ upstream: (url) => compressing(url, coding, encodeBody) });
    const answer = await fetch(`${world.url}/v1/messages`, {
      method: "POST",
      headers: { "x-api-key": API_KEY, "x-keepwarm-conversation": "ada", "accept-encoding": coding },
      body: json({ ...JSON.parse(Buffer.from(good(world)).toString()), stream }),
    });
    await answer.arrayBuffer();
    await world.calm();
    await expect.poll(() => world.keeper.conversation("ada")?.prefixTokens).toBeGreaterThan(4_000);
    await world.away(5 * MINUTE_MS);
    expect(world.warms().map(({ usage }) => usage?.cache_creation_input_tokens)).toEqual([0]);
  });

  it.each([
    ["a coding that nobody knows", "rot13", (body: Buffer) => body],
    ["a coding that it does not have", "gzip", (body: Buffer) => body],
    ["half of a gzip", "gzip", (body: Buffer) => zlib.gzipSync(body).subarray(0, -20)],
    ["two codings", "gzip, br", (body: Buffer) => zlib.brotliCompressSync(zlib.gzipSync(body))],
    [
      "a bomb",
      "gzip",
      (body: Buffer) => Buffer.concat([zlib.gzipSync(body), zlib.gzipSync(Buffer.alloc(10_000_000))]),
    ],
  ])("with %s passes byte for byte, and settles its conversation", async (_, coding, encodeBody) => {
    const sent: Buffer[] = [];
    const world = await setUp({
      upstream: (url) =>
        compressing(url, coding, (body) => {
          const encoded = encodeBody(body);
          sent.push(encoded);
          return encoded;
        }),
    });
    for (const stream of [true, false]) {
      const { promise, resolve } = Promise.withResolvers<Buffer>();
      const body = json({ ...JSON.parse(Buffer.from(good(world)).toString()), stream });
      request(
        `${world.url}/v1/messages`,
        { method: "POST", headers: { "x-api-key": API_KEY, "x-keepwarm-conversation": "ada" } },
        (response) => void buffer(response).then(resolve),
      ).end(body);
      expect((await promise).equals(sent.at(-1) ?? Buffer.alloc(0))).toBe(true);
      await expect.poll(() => world.keeper.warmer.getState("ada").active).toBe(false);
      // What only we cannot read was an answer all the same.
      if (coding !== "gzip") expect(world.phase("ada")).toBe("idle");
    }
  });
});
