import { describe, expect, it } from "vitest";
import { MINUTE_MS, request, rig, text } from "./harness.ts";

const LIMITS = { requestsPerMinute: 3, inputTokensPerMinute: 10_000, outputTokensPerMinute: 5_000 };

describe("rate-limit headers", () => {
  it("7: stand on every response, with the Start tier by default", async () => {
    const { post } = await rig();
    const { headers } = await post(request({}));
    expect(headers.get("anthropic-ratelimit-requests-limit")).toBe("1000");
    expect(headers.get("anthropic-ratelimit-requests-remaining")).toBe("999");
    expect(headers.get("anthropic-ratelimit-input-tokens-limit")).toBe("2000000");
    expect(headers.get("anthropic-ratelimit-output-tokens-limit")).toBe("400000");
    expect(headers.get("anthropic-ratelimit-tokens-limit")).toBe("2400000");
    expect(headers.get("anthropic-ratelimit-requests-reset")).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  });

  it("7: count what is written and what is plain input, but no cache reads", async () => {
    const { post } = await rig({ limits: { inputTokensPerMinute: 100_000 } });
    const body = request({ system: [text("s", 40_000, "5m")] });
    const remaining = "anthropic-ratelimit-input-tokens-remaining";
    expect((await post(body)).headers.get(remaining)).toBe("60000");
    expect((await post(body)).headers.get(remaining)).toBe("60000");
  });

  it("7 †: count cache reads on Haiku 3.5", async () => {
    const { post } = await rig({ limits: { inputTokensPerMinute: 100_000 } });
    const body = request({ model: "claude-3-5-haiku-20241022", system: [text("s", 40_000, "5m")] });
    await post(body);
    expect((await post(body)).headers.get("anthropic-ratelimit-input-tokens-remaining")).toBe("20000");
  });

  it("7: are rounded to the thousand", async () => {
    const { post } = await rig({ limits: { inputTokensPerMinute: 10_000 } });
    const { headers } = await post(request({ system: [text("s", 1_400)] }));
    expect(headers.get("anthropic-ratelimit-input-tokens-remaining")).toBe("9000");
  });

  it("7: count real output, not max_tokens", async () => {
    const { post } = await rig({ limits: { outputTokensPerMinute: 10_000 } });
    const quiet = await post(request({ max_tokens: 9_000 }));
    expect(quiet.headers.get("anthropic-ratelimit-output-tokens-remaining")).toBe("10000");
    const text = { type: "text", text: "[[tokens:4000]]" };
    const loud = await post(request({ max_tokens: 9_000, messages: [{ role: "user", content: [text] }] }));
    expect(loud.headers.get("anthropic-ratelimit-output-tokens-remaining")).toBe("6000");
  });

  it("7: are those of its own bucket in fast mode", async () => {
    const { post } = await rig();
    const { headers } = await post(request({ speed: "fast" }));
    expect(headers.get("anthropic-fast-input-tokens-limit")).toBe("2000000");
    expect(headers.get("anthropic-ratelimit-requests-limit")).toBeNull();
  });
});

describe("enforced limits", () => {
  it("7: answer 429 with retry-after, and let go when that time is over", async () => {
    const { post, clock } = await rig({ limits: LIMITS, enforceLimits: true });
    for (let count = 0; count < 3; count += 1) expect((await post(request({}))).status).toBe(200);
    const refused = await post(request({}));
    expect(refused.status).toBe(429);
    expect(refused.body.error.type).toBe("rate_limit_error");
    const seconds = Number(refused.headers.get("retry-after"));
    expect(seconds).toBe(20);
    clock.advance(seconds * 1_000);
    expect((await post(request({}))).status).toBe(200);
  });

  it("7: are used up by uncached input and not by cached", async () => {
    const { post } = await rig({ limits: { ...LIMITS, requestsPerMinute: 100 }, enforceLimits: true });
    const cached = request({ system: [text("s", 8_000, "5m")] });
    for (let count = 0; count < 5; count += 1) expect((await post(cached)).status).toBe(200);
    expect((await post(request({ system: [text("s", 8_000)] }))).status).toBe(429);
  });

  it("1.14: a request that is turned away refreshes nothing", async () => {
    const limits = { ...LIMITS, requestsPerMinute: 1 };
    const { post, clock, emulator } = await rig({ limits, enforceLimits: true });
    const body = request({ system: [text("s", 100, "5m")] });
    await post(body);
    const expiresAt = emulator.entries()[0]?.expiresAt;
    clock.advance(1_000);
    expect((await post(body)).status).toBe(429);
    expect(emulator.entries()[0]?.expiresAt).toBe(expiresAt);
    clock.advance(MINUTE_MS);
    expect((await post(body)).status).toBe(200);
  });
});

describe("faults", () => {
  it.each([
    [400, "invalid_request_error"],
    [401, "authentication_error"],
    [429, "rate_limit_error"],
    [500, "api_error"],
    [504, "timeout_error"],
    [529, "overloaded_error"],
  ])("7: %d is a %s, once", async (status, type) => {
    const { emulator, post } = await rig();
    emulator.failNext({ status });
    const reply = await post(request({}));
    expect(reply.status).toBe(status);
    expect(reply.body).toEqual({
      type: "error",
      error: { type, message: expect.any(String) },
      request_id: reply.headers.get("request-id"),
    });
    expect(reply.headers.get("anthropic-ratelimit-requests-limit")).toBe("1000");
    expect((await post(request({}))).status).toBe(200);
  });

  it("7: strike as often as asked, one after the other, and can be taken back", async () => {
    const { emulator, post } = await rig();
    emulator.failNext({ status: 529, times: 2 });
    emulator.failNext({ status: 429, retryAfterSeconds: 7 });
    const statuses = [];
    for (let count = 0; count < 4; count += 1) statuses.push((await post(request({}))).status);
    expect(statuses).toEqual([529, 529, 429, 200]);
    emulator.failNext({ status: 500 });
    emulator.clearFaults();
    expect((await post(request({}))).status).toBe(200);
  });

  it("7: a spend limit is a 429 without retry-after and with its error code", async () => {
    const { emulator, post } = await rig();
    emulator.failNext({ status: 429, errorCode: "enforced_spend_limit_reached" });
    const reply = await post(request({}));
    expect(reply.headers.get("retry-after")).toBeNull();
    expect(reply.body.error.details).toEqual({ error_code: "enforced_spend_limit_reached" });
  });

  it("come from outside by a header, on each request that carries it", async () => {
    const { post } = await rig();
    const header = { "x-emulator-fault": "429; retry-after=2; error-code=slow_down" };
    for (let count = 0; count < 2; count += 1) {
      const reply = await post(request({}), header);
      expect(reply.status).toBe(429);
      expect(reply.headers.get("retry-after")).toBe("2");
      expect(reply.body.error.details).toEqual({ error_code: "slow_down" });
    }
    expect((await post(request({}))).status).toBe(200);
    expect((await post(request({}), { "x-emulator-fault": "nonsense" })).status).toBe(200);
  });

  it("leave the cache as it is", async () => {
    const { emulator, post } = await rig();
    const body = request({ system: [text("s", 100, "5m")] });
    emulator.failNext({ status: 529 });
    await post(body);
    expect(emulator.entries()).toEqual([]);
  });

  it("end a stream with an error event after message_start", async () => {
    const { emulator, url } = await rig();
    emulator.failNext({ status: 529, at: "stream" });
    const response = await fetch(`${url}/v1/messages`, {
      method: "POST",
      headers: { "x-api-key": "k" },
      body: JSON.stringify(request({ stream: true })),
    });
    expect(response.status).toBe(200);
    const events = (await response.text()).match(/^event: .*$/gm);
    expect(events).toEqual(["event: message_start", "event: error"]);
  });

  it("close the connection without an answer", async () => {
    const { emulator, post } = await rig();
    emulator.failNext({ status: 500, at: "disconnect" });
    await expect(post(request({}))).rejects.toThrow("fetch failed");
    expect(emulator.requests.at(0)).toMatchObject({ status: 0, aborted: true });
  });
});
