import { request as httpRequest } from "node:http";
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { createEmulator } from "../../src/emulator/index.ts";
import { numbered, request, rig, text } from "./harness.ts";

const KEY = { "x-api-key": "key-a" };

describe("the server", () => {
  it("listens on loopback, on any free port", async () => {
    const { url } = await rig();
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it("ends idle and busy connections when it closes, and may be closed twice", async () => {
    const { emulator, url, post } = await rig({ firstTokenDelayMs: 60_000 });
    await fetch(url);
    const busy = post(request({}));
    await expect.poll(() => emulator.requests.at(-1)?.model).toBe("claude-opus-5");
    await Promise.all([emulator.close(), expect(busy).rejects.toThrow()]);
    await emulator.close();
    await expect(fetch(url)).rejects.toThrow();
  });

  it("reports a port that is taken", async () => {
    const { url } = await rig();
    const port = Number(new URL(url).port);
    await expect(createEmulator().listen({ port })).rejects.toThrow("EADDRINUSE");
  });

  it.each(["GET", "HEAD"])("answers %s /, which agents use to see whether it is there", async (method) => {
    const { url } = await rig();
    expect((await fetch(url, { method })).status).toBe(200);
  });

  it.each(["/v1/complete", "/v1/messages/batches", "/v1/models/unknown"])("knows no %s", async (path) => {
    const { url } = await rig();
    const response = await fetch(`${url}${path}`, { headers: KEY });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { type: "not_found_error" } });
  });

  it.each(["/v1/messages", "/v1/messages/count_tokens"])("7: wants a credential for %s", async (path) => {
    const { url } = await rig();
    const response = await fetch(`${url}${path}`, { method: "POST", body: JSON.stringify(request({})) });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ error: { type: "authentication_error" } });
  });

  it.each([
    ["no JSON", "{", /not valid JSON/],
    ["no object", "[]", /must be a JSON object/],
    ["no model", JSON.stringify({ max_tokens: 1, messages: [] }), /^model: Field required/],
    ["no max_tokens", JSON.stringify({ model: "m", messages: [] }), /^max_tokens: Field required/],
    ["negative max_tokens", JSON.stringify({ model: "m", max_tokens: -1 }), /^max_tokens: Input should be/],
    ["no messages", JSON.stringify({ model: "m", max_tokens: 1, messages: [] }), /at least one message/],
    [
      "an odd role",
      JSON.stringify({ model: "m", max_tokens: 1, messages: [{ role: "robot" }] }),
      /^messages\.0\.role/,
    ],
  ])("refuses a body with %s", async (_, body, message) => {
    const { url } = await rig();
    const response = await fetch(`${url}/v1/messages`, { method: "POST", headers: KEY, body });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: { type: "invalid_request_error", message: expect.stringMatching(message) },
    });
  });

  it("serves unknown models, or refuses them when told to", async () => {
    const own = { model: "someone-elses-model" };
    const { post } = await rig();
    expect((await post(request(own))).status).toBe(200);
    const strict = await rig({ unknownModels: "reject" });
    expect((await strict.post(request(own))).status).toBe(404);
  });
});

describe("a compressed body", () => {
  const plain = JSON.stringify(numbered(3, 3));

  it.each([
    ["gzip", gzipSync(plain)],
    ["deflate", deflateSync(plain)],
    ["br", brotliCompressSync(plain)],
    ["zstd", zstdCompressSync(plain)],
    ["gzip, br", brotliCompressSync(gzipSync(plain))],
  ])("is accepted as %s and recorded decoded", async (encoding, body) => {
    const { url, emulator, bill } = await rig();
    await bill(numbered(3, 3));
    const headers = { ...KEY, "content-encoding": encoding };
    const response = await fetch(`${url}/v1/messages`, {
      method: "POST",
      headers,
      body: new Uint8Array(body),
    });
    expect(await response.json()).toMatchObject({ usage: { cache_read_input_tokens: 30 } });
    expect(Buffer.from(emulator.requests.at(-1)?.body ?? []).toString()).toBe(plain);
  });

  it.each([
    ["is not what it says", "gzip", plain, 400, "request_body_encoding_invalid"],
    ["is of an unknown kind", "lzma", plain, 400, "request_body_encoding_unsupported"],
    [
      "unfolds to too much",
      "gzip",
      gzipSync("x".repeat(5_000)),
      413,
      "request_body_too_large_after_decoding",
    ],
  ])("is refused when it %s", async (_, encoding, body, status, error_code) => {
    const { url } = await rig({ maxBodyBytes: 4_000 });
    const headers = { ...KEY, "content-encoding": encoding };
    const sent = typeof body === "string" ? body : new Uint8Array(body);
    const response = await fetch(`${url}/v1/messages`, { method: "POST", headers, body: sent });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { details: { error_code } } });
  });

  it("is refused when it is too large as it comes", async () => {
    const { url } = await rig({ maxBodyBytes: 100 });
    const response = await fetch(`${url}/v1/messages`, { method: "POST", headers: KEY, body: plain });
    expect(response.status).toBe(413);
  });
});

describe("recorded requests", () => {
  it("show what was sent and what became of it, without the key", async () => {
    const { emulator, post, clock } = await rig();
    const body = request({ max_tokens: 5, system: [text("s", 100, "5m")] });
    const reply = await post(body, { "x-custom": "yes" });
    const [record] = emulator.requests;
    expect(record).toMatchObject({
      at: clock.now(),
      method: "POST",
      path: "/v1/messages",
      model: "claude-opus-5",
      maxTokens: 5,
      stream: false,
      status: 200,
      aborted: false,
      usage: reply.body.usage,
    });
    expect(record?.headers["x-custom"]).toBe("yes");
    expect(record?.apiKeyHash).toMatch(/^[0-9a-f]{64}$/);
    expect(JSON.parse(Buffer.from(record?.body ?? []).toString())).toEqual(body);
  });

  it("mark a client that leaves in the middle of a stream, whose prefix is cached all the same", async () => {
    const { emulator, url, bill } = await rig({ deltaDelayMs: 60_000 });
    const sending = httpRequest(`${url}/v1/messages`, { method: "POST", headers: KEY });
    sending.end(JSON.stringify({ ...numbered(3, 3), stream: true }));
    await new Promise<void>((resolve) => {
      sending.on("response", (response) => response.once("data", () => resolve()));
    });
    sending.destroy();
    await expect.poll(() => emulator.requests.at(0)?.aborted).toBe(true);
    expect(emulator.requests.at(0)?.usage?.cache_creation_input_tokens).toBe(30);
    expect(await bill({ ...numbered(3, 3), max_tokens: 0 })).toEqual([30, 0, 0, 0]);
  });

  it("are bounded by number and by bytes, the oldest going first", async () => {
    const few = await rig({ maxRecords: 2 });
    for (const max_tokens of [1, 2, 3]) await few.post(request({ max_tokens }));
    expect(few.emulator.requests.map((record) => record.maxTokens)).toEqual([2, 3]);

    const small = await rig({ maxRecordedBytes: 1_000 });
    for (const max_tokens of [1, 2]) await small.post(request({ max_tokens, system: [text("s", 200)] }));
    expect(small.emulator.requests.map((record) => record.maxTokens)).toEqual([2]);
  });

  it("can be cleared, and kept without bodies", async () => {
    const { emulator, post } = await rig({ recordBodies: false });
    await post(request({}));
    expect(emulator.requests.at(0)?.body).toHaveLength(0);
    emulator.clearRequests();
    expect(emulator.requests).toEqual([]);
  });
});
