import { describe, expect, it } from "vitest";
import { isProbe, toWarmRequest } from "../../src/anthropic/index.ts";
import { captured, KEY, MARKER, requestBody, textOf, warmOf } from "./fixtures.ts";

/** Ways in which cache warmers in the wild came to re-read another prefix than the conversation's. */
describe("a warm re-reads the conversation's own prefix", () => {
  it("keeps tools, thinking, effort, output_config and context management", () => {
    const fields = {
      tools: [{ name: "read", input_schema: { type: "object" }, cache_control: MARKER }],
      thinking: { type: "adaptive", display: "omitted" },
      output_config: { effort: "xhigh" },
      context_management: { edits: [{ type: "clear_thinking_20251015", keep: "all" }] },
      mcp_servers: [{ type: "url", url: "https://x", name: "x" }],
      metadata: { user_id: "u" },
      stop_sequences: ["\n\nHuman:"],
      service_tier: "auto",
      diagnostics: { previous_message_id: "msg_0" },
      cache_control: { type: "ephemeral", ttl: "1h" },
    };
    const body = requestBody(fields);
    expect(JSON.parse(textOf(warmOf(captured(body)).body))).toEqual({
      ...body,
      max_tokens: 0,
      stream: false,
    });
  });

  it("keeps every beta header", () => {
    const headers = [
      ["x-api-key", KEY],
      ["anthropic-beta", "context-1m-2025-08-07,mcp-client-2026-09-15"],
      ["anthropic-beta", "mid-conversation-system-messages-2026-07-01"],
    ] as const;
    expect(warmOf(captured(requestBody(), { headers })).headers).toEqual(headers);
  });

  it("does not serialise again: escapes, number spellings, key order and white space stay", () => {
    const text = String.raw`{ "temperature": 1.0, "z": 1e2, "system":[{"text":"\u00e9\/\ud83d\ude00 é","type":"text","cache_control":{"type":"ephemeral"}}],
      "messages" : [ {"content":"2","role":"user"} ],"2":0,"1":12345678901234567890, "tools":[{"name":"x"}],"max_tokens":64000,"model":"claude-opus-5-5" ,"stream" :true}`;
    const warm = textOf(warmOf(captured(text)).body);
    expect(warm).toBe(
      text.replace('"max_tokens":64000', '"max_tokens":0').replace('"stream" :true', '"stream" :false'),
    );
  });

  it("keeps bytes that are no valid UTF-8", () => {
    const text = JSON.stringify(requestBody({ messages: [{ role: "user", content: "@@" }] }));
    const body = Buffer.from(text);
    body.set([0xff, 0xfe], body.indexOf("@@"));
    const warm = warmOf(captured(body)).body;
    expect(Buffer.from(warm).includes(Buffer.from([0xff, 0xfe]))).toBe(true);
  });

  it("leaves the captured request as it was", () => {
    const request = captured();
    const before = Uint8Array.from(request.body);
    warmOf(request).body.fill(0);
    expect(request.body).toEqual(before);
  });

  it("keeps the model and the speed", () => {
    const body = requestBody({ model: "claude-opus-4-8", speed: "fast" });
    expect(JSON.parse(textOf(warmOf(captured(body)).body))).toMatchObject({
      model: "claude-opus-4-8",
      speed: "fast",
    });
  });

  it("edits no look-alike in tools, inputs or text", () => {
    const input = { max_tokens: 5, stream: true, text: '"max_tokens": 9, "stream": true' };
    const messages = [
      { role: "assistant", content: [{ type: "tool_use", id: "t", name: "n", input }] },
      {
        role: "user",
        content: [{ type: "tool_result", tool_use_id: "t", content: '{"max_tokens":7,"stream":true}' }],
      },
    ];
    const body = requestBody({ messages, metadata: { max_tokens: 3, stream: true } });
    expect(JSON.parse(textOf(warmOf(captured(body)).body))).toEqual({
      ...body,
      max_tokens: 0,
      stream: false,
    });
  });

  it("does not take the newest part of a message thread for the whole conversation", () => {
    for (const thread of [{ type: "create" }, { type: "continue", previous_message_id: "msg_1" }]) {
      expect(toWarmRequest(captured(requestBody({ thread })))).toMatchObject({
        kind: "refused",
        code: "thread",
      });
    }
  });

  it("can be told from the requests of a conversation, so that it is not captured as one", () => {
    const warm = warmOf(captured());
    const again = warmOf(captured(warm.body));
    expect(isProbe(warm.facts)).toBe(false);
    expect(isProbe(again.facts)).toBe(true);
    expect(again.body).toEqual(warm.body);
  });
});
