import { describe, expect, it } from "vitest";
import {
  type SendOptions,
  sendWarm,
  type WarmRequestOptions,
  warmCaptured,
} from "../../src/anthropic/index.ts";
import {
  apiError,
  apiMessage,
  apiUsage,
  captured,
  fakeFetch,
  jsonResponse,
  KEY,
  MARKER,
  requestBody,
  sse,
  textOf,
  warmOf,
} from "./fixtures.ts";

const plan = () => warmOf(captured());

function send(answer: Response | Error, options: SendOptions = {}) {
  return sendWarm(plan(), { fetch: fakeFetch(answer).fetch, ...options });
}

function sentTokens(init: RequestInit): unknown {
  return JSON.parse(textOf(init.body as Uint8Array)).max_tokens;
}

describe("an answered warm", () => {
  it("tells usage, outcome, when it went out, what it cost and what the limits are", async () => {
    let clock = 1_000;
    const headers = {
      "request-id": "req_1",
      "anthropic-ratelimit-requests-limit": "1000",
      "anthropic-ratelimit-requests-remaining": "999",
      "anthropic-ratelimit-requests-reset": "2026-11-20T00:00:00Z",
      "anthropic-ratelimit-input-tokens-remaining": "2000000",
    };
    const { fetch, calls } = fakeFetch(jsonResponse(apiMessage(), { headers }));
    const answer = await sendWarm(plan(), { fetch, now: () => clock++ });
    expect(answer).toEqual({
      kind: "warmed",
      usage: expect.objectContaining({ inputTokens: 50_010, cacheReadTokens: 50_000, outputTokens: 0 }),
      outcome: "hit",
      startedAt: 1_000,
      requestId: "req_1",
      missReason: null,
      stopReason: "max_tokens",
      costUsd: expect.closeTo(0.05 * 0.2 + 0.00001 * 4, 12),
      rateLimit: {
        requests: { limit: 1_000, remaining: 999, resetAt: Date.UTC(2026, 10, 20) },
        inputTokens: { limit: null, remaining: 2_000_000, resetAt: null },
      },
    });
    expect(calls).toHaveLength(1);
    expect(calls[0]).toMatchObject({ url: plan().url, init: { method: "POST", redirect: "manual" } });
    expect(calls[0]?.init.body).toEqual(plan().body);
  });

  it("tells a cold one from a hit, and why the API missed", async () => {
    const usage = apiUsage({
      cache_read_input_tokens: 0,
      cache_creation_input_tokens: 50_000,
      cache_creation: null,
    });
    const diagnostics = { cache_miss_reason: { type: "tools_changed", cache_missed_input_tokens: 9 } };
    expect(await send(jsonResponse(apiMessage({ usage, diagnostics })))).toMatchObject({
      outcome: "cold",
      missReason: "tools_changed",
      rateLimit: null,
    });
  });

  it("prices writes of unknown tier by the request's longest TTL", async () => {
    const usage = apiUsage({
      input_tokens: 0,
      cache_read_input_tokens: 0,
      cache_creation_input_tokens: 1_000_000,
    });
    const cost = async (ttl: string) => {
      const body = requestBody({ cache_control: { ...MARKER, ttl }, system: "x".repeat(2_000) });
      const answer = jsonResponse(apiMessage({ usage: { ...usage, cache_creation: null } }));
      const result = await sendWarm(warmOf(captured(body)), { fetch: fakeFetch(answer).fetch });
      return result.kind === "warmed" ? result.costUsd : null;
    };
    expect(await cost("5m")).toBeCloseTo(5);
    expect(await cost("1h")).toBeCloseTo(8);
  });

  it("is read from a stream too, should a proxy stream regardless", async () => {
    const events = [{ type: "message_start", message: apiMessage() }, { type: "message_stop" }];
    const response = new Response(sse(events), {
      headers: { "content-type": "text/event-stream; charset=utf-8" },
    });
    expect(await send(response)).toMatchObject({ kind: "warmed", outcome: "hit" });
  });

  it("without usage is a failure: what it did is not known", async () => {
    for (const body of [apiMessage({ usage: null }), {}, "hello"]) {
      expect(await send(jsonResponse(body))).toMatchObject({ kind: "failed", permanent: true, status: 200 });
    }
  });
});

describe("an answer that is an error", () => {
  it.each([
    [400, "invalid_request_error", true],
    [401, "authentication_error", true],
    [402, "billing_error", true],
    [403, "permission_error", true],
    [404, "not_found_error", true],
    [413, "request_too_large", true],
    [422, "invalid_request_error", true],
    [408, "timeout_error", false],
    [409, "conflict_error", false],
    [429, "rate_limit_error", false],
    [500, "api_error", false],
    [502, "api_error", false],
    [504, "timeout_error", false],
    [529, "overloaded_error", false],
  ])("%d %s: permanent %s", async (status, type, permanent) => {
    const failure = await send(apiError(status, type, "Something is wrong", { "request-id": "req_9" }));
    expect(failure).toEqual({
      kind: "failed",
      error: `The API answered the warm with ${status} ${type}: Something is wrong.`,
      permanent,
      status,
      errorType: type,
      requestId: "req_9",
    });
  });

  it("obeys x-should-retry", async () => {
    expect(await send(apiError(529, "overloaded_error", "x", { "x-should-retry": "false" }))).toMatchObject({
      permanent: true,
    });
    expect(await send(apiError(400, "x", "x", { "x-should-retry": "true" }))).toMatchObject({
      permanent: false,
    });
  });

  it.each([
    [{ "retry-after": "7" }, 7_000],
    [{ "retry-after": "0.5" }, 500],
    [{ "retry-after-ms": "1500", "retry-after": "9" }, 1_500],
    [{ "retry-after": "Fri, 20 Nov 2026 00:00:30 GMT" }, 30_000],
    [{ "retry-after": "Thu, 19 Nov 2026 00:00:00 GMT" }, 0],
    [{ "retry-after": "soon" }, undefined],
    [{ "retry-after": "-5" }, undefined],
    [{}, undefined],
  ] as const)("reads %j as %s ms", async (headers, retryAfterMs) => {
    const now = () => Date.UTC(2026, 10, 20);
    const failure = await send(apiError(429, "rate_limit_error", "x", headers), { now });
    expect("retryAfterMs" in failure ? failure.retryAfterMs : undefined).toBe(retryAfterMs);
  });

  it("stops at a spend limit, which no waiting lifts", async () => {
    const error = {
      type: "rate_limit_error",
      message: "x",
      details: { error_code: "enforced_spend_limit_reached" },
    };
    const failure = await send(jsonResponse({ type: "error", error }, { status: 429 }));
    expect(failure).toMatchObject({ permanent: true, error: expect.stringContaining("spend limit") });
  });

  it("does not follow a redirect", async () => {
    const { fetch, calls } = fakeFetch(
      new Response(null, { status: 307, headers: { location: "https://evil.example" } }),
    );
    const failure = await sendWarm(plan(), { fetch });
    expect(failure).toMatchObject({ permanent: true, error: expect.stringContaining("redirect (307)") });
    expect(calls).toHaveLength(1);
  });

  it("that is no JSON is told by its status", async () => {
    const failure = await send(new Response("<html>Bad gateway</html>", { status: 502 }));
    expect(failure).toMatchObject({ permanent: false, error: "The API answered the warm with 502." });
  });

  it("never shows credentials, quoted content or more than a line", async () => {
    const message = [
      `Invalid key ${KEY}, sk-ant-api03-another or Bearer abc.def.ghi,`,
      '"please summarise my very private letter to the tax office",',
      "x".repeat(80),
      "and on\nand on ".repeat(40),
    ].join(" ");
    const failure = await send(apiError(401, "authentication_error", message));
    if (failure.kind !== "failed") throw new Error("was answered");
    expect(failure.error).not.toContain("sk-ant");
    expect(failure.error).not.toContain("abc.def");
    expect(failure.error).not.toContain("private letter");
    expect(failure.error).not.toContain("xxxx");
    expect(failure.error).not.toContain("\n");
    expect(failure.error.length).toBeLessThan(260);
  });

  it("never shows a credential that looks like none", async () => {
    for (const headers of [{ "x-api-key": "internal-key-7" }, { authorization: "Bearer internal-key-7" }]) {
      const { fetch } = fakeFetch(apiError(401, "authentication_error", "no such key: internal-key-7"));
      const request = captured(requestBody(), { headers });
      const failure = await sendWarm(warmOf(request, { allowSubscription: true }), { fetch });
      expect(failure).toMatchObject({ error: expect.not.stringContaining("internal-key-7") });
    }
  });
});

describe("a request without an answer", () => {
  it("is worth another try, and says the error's code only", async () => {
    const cause = Object.assign(new Error("connect ECONNREFUSED 10.0.0.1:443 https://user:pw@host"), {
      code: "ECONNREFUSED",
    });
    expect(await send(Object.assign(new TypeError("fetch failed"), { cause }))).toEqual({
      kind: "failed",
      error: "The warm did not get through to the API (ECONNREFUSED).",
      permanent: false,
    });
    expect(await send(new Error("odd"))).toMatchObject({ error: "The warm did not get through to the API." });
  });

  it("is marked when it was called off, before or during", async () => {
    const before = fakeFetch(jsonResponse(apiMessage()));
    expect(await sendWarm(plan(), { fetch: before.fetch, signal: AbortSignal.abort() })).toMatchObject({
      aborted: true,
    });
    expect(before.calls).toHaveLength(0);

    const controller = new AbortController();
    const running = sendWarm(plan(), { fetch: hangingFetch, signal: controller.signal });
    controller.abort();
    expect(await running).toMatchObject({ kind: "failed", aborted: true, permanent: false });
  });

  it("ends after the time it is given", async () => {
    const failure = await sendWarm(plan(), { fetch: hangingFetch, timeoutMs: 20 });
    expect(failure).toEqual({
      kind: "failed",
      error: "The API did not answer the warm in time.",
      permanent: false,
      mayBeBilled: true,
    });
  });

  it("may be billed all the same once it was sent, and not before", async () => {
    const mayBeBilled = true;
    expect(await send(new Error("odd"))).toMatchObject({ mayBeBilled });
    expect(await send(failedBy("ECONNRESET"))).toMatchObject({ mayBeBilled });
    for (const code of ["ECONNREFUSED", "ENOTFOUND", "UND_ERR_CONNECT_TIMEOUT"]) {
      expect(await send(failedBy(code)), code).not.toHaveProperty("mayBeBilled");
    }
    const { fetch } = fakeFetch(jsonResponse(apiMessage()));
    const { signal } = new AbortController();
    expect(await sendWarm(plan(), { fetch, signal: AbortSignal.abort() })).not.toHaveProperty("mayBeBilled");
    const controller = new AbortController();
    const running = sendWarm(plan(), { fetch: hangingFetch, signal: controller.signal });
    controller.abort();
    expect(await running).toMatchObject({ mayBeBilled });
    expect(await sendWarm(plan(), { fetch, signal, lifeLeftMs: () => 0 })).not.toHaveProperty("mayBeBilled");
    expect(await send(apiError(529, "overloaded_error", "Overloaded"))).not.toHaveProperty("mayBeBilled");
    expect(await send(jsonResponse({ type: "message" }))).toMatchObject({ mayBeBilled });
  });
});

function failedBy(code: string): Error {
  return Object.assign(new TypeError("fetch failed"), { cause: Object.assign(new Error(code), { code }) });
}

function hangingFetch(_: string, { signal }: RequestInit): Promise<Response> {
  return new Promise((_resolve, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason));
  });
}

describe("a model that rejects max_tokens: 0", () => {
  const rejection = () =>
    apiError(400, "invalid_request_error", "max_tokens: must be greater than or equal to 1");

  it("is remembered, and the failure can be retried", async () => {
    const rejectedZero = new Set<string>();
    const failure = await send(rejection(), { rejectedZero });
    expect(failure).toMatchObject({ permanent: false, zeroRejected: true, status: 400 });
    expect([...rejectedZero]).toEqual(["claude-opus-5-5"]);
  });

  it("is recognised behind gateways that validate on their own", async () => {
    const detail = [{ loc: ["body", "max_tokens"], msg: "Input should be greater than or equal to 1" }];
    expect(await send(jsonResponse({ detail }, { status: 422 }))).toMatchObject({ zeroRejected: true });
  });

  it("is not one whose prompt is too long, nor one that was sent 1", async () => {
    const tooLong = "input length and `max_tokens` exceed context limit: 200001 + 0 > 200000";
    expect(await send(apiError(400, "invalid_request_error", tooLong))).not.toHaveProperty("zeroRejected");
    const { fetch } = fakeFetch(rejection());
    const failure = await sendWarm(warmOf(captured(), { warmTokens: 1 }), { fetch });
    expect(failure).toMatchObject({ permanent: true });
    expect(failure).not.toHaveProperty("zeroRejected");
  });

  it("is warmed with 1 token at once, and from then on", async () => {
    const rejectedZero = new Set<string>();
    const { fetch, calls } = fakeFetch(rejection(), jsonResponse(apiMessage()), jsonResponse(apiMessage()));
    expect(await warmCaptured(captured(), { fetch, rejectedZero })).toMatchObject({ kind: "warmed" });
    expect(await warmCaptured(captured(), { fetch, rejectedZero })).toMatchObject({ kind: "warmed" });
    expect(calls.map(({ init }) => sentTokens(init))).toEqual([0, 1, 1]);
  });

  it("is not tried more than twice", async () => {
    const { fetch, calls } = fakeFetch(rejection(), rejection(), rejection());
    expect(await warmCaptured(captured(), { fetch })).toMatchObject({ kind: "failed", permanent: true });
    expect(calls).toHaveLength(2);
  });

  it("is refused afterwards when the person forces 0", async () => {
    const { fetch, calls } = fakeFetch(rejection());
    const result = await warmCaptured(captured(), { fetch, warmTokens: 0 });
    expect(result).toMatchObject({ kind: "refused", code: "zero-rejected" });
    expect(calls).toHaveLength(1);
  });
});

describe("warmCaptured", () => {
  it("sends nothing when the request is refused", async () => {
    const { fetch, calls } = fakeFetch();
    const result = await warmCaptured(captured(requestBody({ system: "unmarked" })), { fetch });
    expect(result).toMatchObject({ kind: "refused", code: "no-marker" });
    expect(calls).toHaveLength(0);
  });
});

describe("a streamed warm", () => {
  const thinking = { type: "enabled", budget_tokens: 2_000 };
  const options: WarmRequestOptions = { budgetThinking: "stream-abort" };
  const streamPlan = () => warmOf(captured(requestBody({ thinking })), options);

  it("is broken off as soon as the response begins", async () => {
    let sent = 0;
    let cancelled = false;
    const chunks = [sse([{ type: "message_start", message: apiMessage() }]), ...Array(50).fill(": more\n\n")];
    const body = new ReadableStream({
      pull(controller) {
        if (sent === chunks.length) return controller.close();
        controller.enqueue(new TextEncoder().encode(chunks[sent++]));
      },
      cancel() {
        cancelled = true;
      },
    });
    const response = new Response(body, { headers: { "content-type": "text/event-stream" } });
    const { fetch, calls } = fakeFetch(response);
    expect(await sendWarm(streamPlan(), { fetch })).toMatchObject({ kind: "warmed", outcome: "hit" });
    expect(cancelled).toBe(true);
    expect(sent).toBeLessThan(5);
    expect(calls[0]?.init.signal?.aborted).toBe(true);
  });

  it("that the API breaks off is a failure by the error's type", async () => {
    const answer = (type: string) =>
      new Response(sse([{ type: "error", error: { type, message: "Overloaded" } }]), {
        headers: { "content-type": "text/event-stream" },
      });
    const failed = (type: string) => sendWarm(streamPlan(), { fetch: fakeFetch(answer(type)).fetch });
    expect(await failed("overloaded_error")).toEqual({
      kind: "failed",
      error: "The API broke the warm off with overloaded_error: Overloaded.",
      permanent: false,
      errorType: "overloaded_error",
      mayBeBilled: true,
    });
    expect(await failed("authentication_error")).toMatchObject({ permanent: true });
  });
});
