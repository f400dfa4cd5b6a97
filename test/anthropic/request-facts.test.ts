import { describe, expect, it } from "vitest";
import { isProbe, type RequestFacts, readRequest, type TtlOptions } from "../../src/anthropic/index.ts";
import { bytesOf, MARKER, requestBody } from "./fixtures.ts";

const HOUR = { type: "ephemeral", ttl: "1h" };

function factsOf(body: Record<string, unknown> | string, options: TtlOptions = {}): RequestFacts {
  const reading = readRequest(bytesOf(typeof body === "string" ? body : JSON.stringify(body)), options);
  if (!reading.ok) throw new Error(reading.problem);
  return reading.facts;
}

function markersOf(fields: Record<string, unknown>) {
  return factsOf(requestBody({ system: "plain", ...fields })).markers;
}

function inMessage(content: unknown) {
  return { messages: [{ role: "user", content }] };
}

describe("readRequest", () => {
  it("reads the small fields", () => {
    const facts = factsOf(
      requestBody({
        thinking: { type: "enabled", budget_tokens: 4_000 },
        tool_choice: { type: "tool", name: "x" },
        output_config: { effort: "high", format: { type: "json_schema" } },
        speed: "fast",
        inference_geo: "us",
        service_tier: "auto",
      }),
    );
    expect(facts).toMatchObject({
      model: "claude-opus-5-5",
      stream: true,
      maxTokens: 32_000,
      thinking: { kind: "enabled", budgetTokens: 4_000 },
      toolChoice: "tool",
      structuredOutput: true,
      speed: "fast",
      inferenceGeo: "us",
      serviceTier: "auto",
      thread: false,
      compaction: false,
      compactAboveTokens: null,
    });
  });

  it("reads nothing into what is not there, or is null", () => {
    const absent = factsOf('{"model":"m"}');
    const nulls =
      '"thinking":null,"tool_choice":null,"output_config":null,"output_format":null,"thread":null,"compaction":null';
    expect(factsOf(`{"model":"m",${nulls}}`)).toEqual({ ...absent, bodyBytes: expect.any(Number) });
    expect(absent).toMatchObject({ maxTokens: null, thinking: { kind: "none" }, markers: [], ttlMs: null });
  });

  it("survives fields of the wrong type", () => {
    expect(
      factsOf('{"model":5,"max_tokens":"x","thinking":[],"tool_choice":"any","output_config":1}'),
    ).toMatchObject({
      model: "",
      maxTokens: null,
      thinking: { kind: "none" },
      toolChoice: null,
      structuredOutput: false,
    });
  });

  it("takes the last of two equal keys", () => {
    const facts = factsOf(
      '{"model":"a","model":"b","system":[{"cache_control":{"type":"ephemeral"}}],"system":"x"}',
    );
    expect(facts).toMatchObject({ model: "b", markers: [] });
  });

  it("knows output_format, effort alone is no structured output", () => {
    expect(factsOf(requestBody({ output_format: { type: "json_schema" } })).structuredOutput).toBe(true);
    expect(factsOf(requestBody({ output_config: { effort: "low" } })).structuredOutput).toBe(false);
  });

  it("knows from which prompt size on the server summarises", () => {
    const compact = (edit: object) =>
      factsOf(requestBody({ context_management: { edits: [edit] } })).compactAboveTokens;
    expect(compact({ type: "compact_20260112" })).toBe(150_000);
    expect(compact({ type: "compact_20260112", trigger: { type: "input_tokens", value: 80_000 } })).toBe(
      80_000,
    );
    expect(compact({ type: "clear_tool_uses_20250919" })).toBeNull();
  });

  it("tells probes and warms from requests of a conversation", () => {
    expect([0, 1, 2, 32_000].map((max_tokens) => isProbe(factsOf(requestBody({ max_tokens }))))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});

describe("cache markers", () => {
  it("are found on tools, system, and blocks of messages", () => {
    const markers = markersOf({
      tools: [{ name: "a" }, { name: "b", cache_control: HOUR }],
      system: [{ type: "text", text: "x", cache_control: MARKER }],
      messages: [
        { role: "user", content: "plain" },
        { role: "assistant", content: [{ type: "text", text: "y" }] },
        {
          role: "user",
          content: [{ type: "text", text: "z", cache_control: { type: "ephemeral", ttl: "5m" } }],
        },
      ],
    });
    expect(markers).toEqual([
      { where: "tools", ttl: "1h" },
      { where: "system", ttl: "5m" },
      { where: "messages", ttl: "5m" },
    ]);
  });

  it("are found at the top, which marks automatically", () => {
    expect(markersOf({ cache_control: HOUR })).toEqual([{ where: "automatic", ttl: "1h" }]);
  });

  it("are found on an mcp_toolset", () => {
    expect(
      markersOf({ tools: [{ type: "mcp_toolset", mcp_server_name: "x", cache_control: MARKER }] }),
    ).toEqual([{ where: "tools", ttl: "5m" }]);
  });

  it("are found inside tool_result.content and document.source.content, from where they are lifted", () => {
    const text = { type: "text", text: "x", cache_control: MARKER };
    const document = { type: "document", source: { type: "content", content: [text] } };
    expect(markersOf(inMessage([{ type: "tool_result", content: [{ type: "text" }, text] }]))).toHaveLength(
      1,
    );
    expect(markersOf(inMessage([document]))).toHaveLength(1);
    expect(markersOf(inMessage([{ type: "tool_result", content: [document] }]))).toHaveLength(1);
  });

  it("are found under an escaped key", () => {
    const json = String.raw`{"model":"m","system":[{"cache\u005fcontrol":{"type":"ephemeral","ttl":"\u0031h"}}]}`;
    expect(factsOf(json).markers).toEqual([{ where: "system", ttl: "1h" }]);
  });

  it("are not what a tool's input, schema or result says", () => {
    const input = { cache_control: MARKER, content: [{ cache_control: MARKER }] };
    expect(markersOf(inMessage([{ type: "tool_use", id: "t", name: "n", input }]))).toEqual([]);
    expect(
      markersOf({ tools: [{ name: "a", input_schema: { properties: { cache_control: MARKER } } }] }),
    ).toEqual([]);
    expect(markersOf(inMessage([{ type: "text", text: JSON.stringify({ cache_control: MARKER }) }]))).toEqual(
      [],
    );
    expect(
      markersOf(inMessage([{ type: "text", text: "x", citations: [{ cache_control: MARKER }] }])),
    ).toEqual([]);
    expect(markersOf({ metadata: { cache_control: MARKER } })).toEqual([]);
  });

  it("are not there when they are null", () => {
    expect(markersOf({ cache_control: null, ...inMessage([{ type: "text", cache_control: null }]) })).toEqual(
      [],
    );
  });
});

describe("the TTL of a prefix", () => {
  const mixed = requestBody({
    system: [{ type: "text", text: "x", cache_control: HOUR }],
    messages: [{ role: "user", content: [{ type: "text", text: "z", cache_control: MARKER }] }],
  });

  it("is that of its shortest-lived entry", () => {
    expect(factsOf(mixed)).toMatchObject({ ttlMs: 300_000, mixedTtl: true });
    expect(factsOf(requestBody({ cache_control: HOUR, system: "x" }))).toMatchObject({
      ttlMs: 3_600_000,
      mixedTtl: false,
    });
    expect(factsOf(requestBody())).toMatchObject({ ttlMs: 300_000, mixedTtl: false });
  });

  it("can be scaled", () => {
    expect(factsOf(mixed, { ttl5mMs: 6_000, ttl1hMs: 72_000 }).ttlMs).toBe(6_000);
    expect(factsOf(requestBody({ cache_control: HOUR, system: "x" }), { ttl1hMs: 72_000 }).ttlMs).toBe(
      72_000,
    );
  });
});
