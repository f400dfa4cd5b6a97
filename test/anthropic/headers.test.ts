import { describe, expect, it } from "vitest";
import { credentialOf, headerPairs, isSubscriptionLogin, warmHeaders } from "../../src/anthropic/index.ts";

const kept = [
  ["X-Api-Key", "key"],
  ["anthropic-version", "2023-06-01"],
  ["Anthropic-Beta", "context-1m-2025-08-07"],
  ["anthropic-beta", "interleaved-thinking-2025-05-14"],
  ["Content-Type", "application/json"],
  ["User-Agent", "agent/1"],
  ["X-Stainless-Lang", "js"],
  ["x-session-id", "ses_1"],
  ["Accept", "application/json"],
] as const;

const droppedHeaders = [
  ["Connection", "keep-alive, X-Custom-Hop"],
  ["X-Custom-Hop", "1"],
  ["Keep-Alive", "timeout=5"],
  ["TE", "trailers"],
  ["Trailer", "x"],
  ["Transfer-Encoding", "chunked"],
  ["Upgrade", "h2c"],
  ["Proxy-Authorization", "Basic x"],
  ["Proxy-Connection", "close"],
  ["Host", "127.0.0.1:9"],
  ["Content-Length", "12"],
  ["Content-Encoding", "gzip"],
  ["Content-MD5", "x"],
  ["Accept-Encoding", "br"],
  ["Expect", "100-continue"],
  ["Idempotency-Key", "stainless-node-retry-1"],
  ["X-Stainless-Retry-Count", "2"],
  ["X-Stainless-Timeout", "600"],
  ["traceparent", "00-1-2-01"],
  ["tracestate", "a=b"],
  ["baggage", "a=b"],
  ["b3", "1-2"],
  ["X-B3-TraceId", "1"],
  ["X-Request-Id", "r"],
  ["X-Datadog-Trace-Id", "1"],
  [":authority", "api.anthropic.com"],
] as const;

describe("warmHeaders", () => {
  it("keeps the captured headers in their order and spelling, every beta header included", () => {
    expect(warmHeaders(headerPairs(kept))).toEqual(kept);
  });

  it.each(droppedHeaders)("drops %s", (name, value) => {
    const pairs = headerPairs([...kept, ["Connection", "x-custom-hop"], [name, value]]);
    expect(warmHeaders(pairs)).toEqual(kept);
  });

  it("reads Headers, plain objects and pairs alike", () => {
    const names = (headers: Parameters<typeof headerPairs>[0]) => warmHeaders(headerPairs(headers));
    expect(
      names(
        new Headers([
          ["X-Api-Key", "key"],
          ["Host", "x"],
        ]),
      ),
    ).toEqual([["x-api-key", "key"]]);
    expect(names({ "x-api-key": "key", host: "x", cookie: undefined })).toEqual([["x-api-key", "key"]]);
    expect(names({ "anthropic-beta": ["a", "b"] })).toEqual([
      ["anthropic-beta", "a"],
      ["anthropic-beta", "b"],
    ]);
    expect(names(new Map([["X-Api-Key", "key"]]))).toEqual([["X-Api-Key", "key"]]);
  });
});

describe("credentialOf", () => {
  it.each([
    [{ "x-api-key": "sk-ant-api03-x" }, "key"],
    [{ Authorization: "Bearer sk-ant-api03-x" }, "key"],
    [{ Authorization: "Bearer sk-ant-api03-x", "anthropic-beta": "oauth-2025-04-20" }, "subscription"],
    [{ Authorization: "Bearer sk-ant-oat01-x" }, "subscription"],
    [{ authorization: "bearer eyJ" }, "subscription"],
    [{ "X-Api-Key": "sk-ant-oat01-x" }, "subscription"],
    [{ "x-api-key": "k", "anthropic-beta": "a,oauth-2025-04-20" }, "subscription"],
    [{ authorization: "AWS4-HMAC-SHA256 Credential=x" }, "signature"],
    [{ "x-api-key": "k", "Signature-Input": "x", Signature: "y" }, "signature"],
    [{ authorization: "Basic eA==" }, "key"],
    [{}, "none"],
  ] as const)("reads %j as %s", (headers, credential) => {
    expect(credentialOf(headerPairs(headers))).toBe(credential);
  });
});

describe("isSubscriptionLogin", () => {
  it.each([
    [true, { authorization: "Bearer sk-ant-oat01-abc" }],
    [true, { "x-api-key": "sk-ant-oat01-abc" }],
    [true, { authorization: "Bearer abc", "anthropic-beta": "files-2025, oauth-2025-04-20" }],
    [false, { authorization: "Bearer a-gateway-of-ours" }],
    [false, { authorization: "Bearer sk-ant-api03-abc" }],
    [false, { "x-api-key": "sk-ant-api03-abc" }],
    [false, {}],
  ])("is %s for %j", (expected, headers) => {
    expect(isSubscriptionLogin(headerPairs(headers))).toBe(expected);
  });
});
