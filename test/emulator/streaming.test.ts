import { describe, expect, it } from "vitest";
import { type Body, request, rig, text, user } from "./harness.ts";

interface Event {
  readonly type: string;
  readonly data: Record<string, never> & { type: string; delta?: object; usage?: object; message?: object };
}

async function stream(url: string, body: Body): Promise<readonly Event[]> {
  const response = await fetch(`${url}/v1/messages?beta=true`, {
    method: "POST",
    headers: { "x-api-key": "key-a" },
    body: JSON.stringify({ ...body, stream: true }),
  });
  expect(response.headers.get("content-type")).toMatch(/^text\/event-stream/);
  const chunks = (await response.text()).split("\n\n").filter((chunk) => chunk !== "");
  return chunks.map((chunk) => {
    const [, type = "", data = ""] = /^event: (.*)\ndata: (.*)$/.exec(chunk) ?? [];
    return { type, data: JSON.parse(data) };
  });
}

describe("a stream", () => {
  it("5: has its events in the documented order, named as their data", async () => {
    const { url } = await rig({ answerTokens: 10 });
    const events = await stream(url, request({}));
    expect(events.map((event) => event.type)).toEqual([
      "message_start",
      "content_block_start",
      "ping",
      "content_block_delta",
      "content_block_delta",
      "content_block_stop",
      "message_delta",
      "message_stop",
    ]);
    for (const event of events) expect(event.data.type).toBe(event.type);
  });

  it("5: gives the cache counters in message_start, cumulative ones in message_delta", async () => {
    const { url } = await rig({ answerTokens: 10 });
    const body = request({ system: [text("s", 100, "5m")], messages: [user(text("q", 7))] });
    const events = await stream(url, body);
    expect(events.at(0)?.data.message).toMatchObject({
      content: [],
      stop_reason: null,
      usage: {
        input_tokens: 7,
        cache_creation_input_tokens: 100,
        cache_read_input_tokens: 0,
        cache_creation: { ephemeral_5m_input_tokens: 100, ephemeral_1h_input_tokens: 0 },
        output_tokens: 1,
        service_tier: "standard",
      },
    });
    expect(events.at(-2)?.data).toEqual({
      type: "message_delta",
      delta: { stop_reason: "end_turn", stop_sequence: null, stop_details: null, container: null },
      usage: {
        input_tokens: 7,
        cache_creation_input_tokens: 100,
        cache_read_input_tokens: 0,
        output_tokens: 10,
        output_tokens_details: null,
        server_tool_use: null,
      },
    });
    const again = await stream(url, body);
    expect(again.at(0)?.data.message).toMatchObject({ usage: { cache_read_input_tokens: 100 } });
  });

  it("5: carries diagnostics in message_start", async () => {
    const { url } = await rig();
    const lost = { diagnostics: { previous_message_id: "msg_lost" } };
    expect((await stream(url, request(lost))).at(0)?.data.message).toMatchObject({
      diagnostics: { cache_miss_reason: { type: "previous_message_not_found" } },
    });
  });

  it("spells a tool's input in input_json_delta after an empty start", async () => {
    const { url } = await rig();
    const input = { path: "src/emulator/index.ts", line: 12 };
    const events = await stream(
      url,
      request({
        tools: [{ name: "read" }],
        messages: [{ role: "user", content: `[[tool:read ${JSON.stringify(input)}]]` }],
      }),
    );
    expect(events.at(1)?.data).toMatchObject({
      content_block: { type: "tool_use", name: "read", input: {} },
    });
    const deltas = events.filter((event) => event.type === "content_block_delta");
    const json = deltas.map((event) => (event.data.delta as { partial_json: string }).partial_json).join("");
    expect(deltas.length).toBeGreaterThan(1);
    expect(JSON.parse(json)).toEqual(input);
    expect(events.at(-2)?.data.delta).toMatchObject({ stop_reason: "tool_use" });
  });

  it("signs thinking with a signature_delta", async () => {
    const { url } = await rig();
    const events = await stream(url, request({ messages: [{ role: "user", content: "[[thinking:5]]" }] }));
    const kinds = events.map((event) => (event.data.delta as { type?: string } | undefined)?.type);
    expect(kinds.filter((kind) => kind?.endsWith("thinking_delta") || kind === "signature_delta")).toEqual([
      "thinking_delta",
      "signature_delta",
    ]);
  });

  it("waits between its deltas as [[pace:…ms]] says", async () => {
    const waits: number[] = [];
    const { url } = await rig({ sleep: async (ms) => void waits.push(ms), answerTokens: 15 });
    await stream(url, request({ messages: [{ role: "user", content: "[[pace:20ms]]" }] }));
    expect(waits).toEqual([20, 20, 20]);
  });
});
