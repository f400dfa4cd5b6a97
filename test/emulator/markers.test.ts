import { describe, expect, it } from "vitest";
import { assistant, type Body, marker, numbered, request, rig, text, user } from "./harness.ts";

describe("a marker", () => {
  it("1.1: defaults to five minutes and takes 5m or 1h", async () => {
    const { bill, refusal } = await rig();
    const marked = (cache_control: unknown) => request({ system: [{ ...text("s", 10), cache_control }] });
    expect(await bill(marked({ type: "ephemeral" }))).toEqual([0, 10, 0, 1]);
    expect(await bill(marked({ type: "ephemeral", ttl: "5m" }))).toEqual([10, 0, 0, 1]);
    expect(await bill(marked(null))).toEqual([0, 0, 0, 11]);
    expect(await refusal(marked({ type: "ephemeral", ttl: "1d" }))).toMatch(/system\.0\.cache_control\.ttl/);
    expect(await refusal(marked({ type: "persistent" }))).toMatch(/Input should be 'ephemeral'/);
  });

  it("1.6: may stand on four blocks and not on five", async () => {
    const { bill, refusal } = await rig();
    expect(await bill(numbered(5, 1, 2, 3, 4))).toEqual([0, 40, 0, 10]);
    expect(await refusal(numbered(5, 1, 2, 3, 4, 5))).toBe(
      "A maximum of 4 blocks with cache_control may be provided. Found 5.",
    );
  });

  it("1b: of an hour must not come after one of five minutes, across tools, system and messages", async () => {
    const { refusal, bill } = await rig();
    const tools = [{ name: "look", input_schema: {}, ...marker() }];
    expect(await refusal(request({ tools, system: [text("s", 10, "1h")] }))).toMatch(
      /^system\.0\.cache_control\.ttl: a ttl='1h' cache_control block must not come after a ttl='5m'/,
    );
    const ordered = request({ system: [text("s", 10, "1h")], messages: [user(text("m", 10, "5m"))] });
    expect(await bill(ordered)).toEqual([0, 10, 10, 0]);
  });

  const thinking = { type: "thinking", thinking: "hm", signature: "s" };
  const refused: [string, Body][] = [
    [
      "a thinking block",
      request({ messages: [user(text("q", 1)), assistant({ ...thinking, ...marker() })] }),
    ],
    [
      "a redacted thinking block",
      request({
        messages: [user(text("q", 1)), assistant({ type: "redacted_thinking", data: "x", ...marker() })],
      }),
    ],
    ["an empty text block", request({ messages: [user({ type: "text", text: "", ...marker() })] })],
    [
      "a citation",
      request({
        messages: [assistant({ ...text("t", 1), citations: [{ type: "char_location", ...marker() }] })],
      }),
    ],
    [
      "a system message that clears itself",
      request({
        messages: [
          user(text("q", 1)),
          { role: "system", clear_at: "next_user_message", content: [text("note", 1, "5m")] },
        ],
      }),
    ],
    [
      "a member of a toolset",
      request({ tools: [{ type: "browser_toolset_20260801", configs: { navigate: marker() } }] }),
    ],
    ["a deferred tool", request({ tools: [{ name: "look", defer_loading: true, ...marker() }] })],
    [
      "a sub-block that is not the last",
      request({
        messages: [
          user({ type: "tool_result", tool_use_id: "t", content: [text("a", 1, "5m"), text("b", 1)] }),
        ],
      }),
    ],
  ];
  it.each(refused)("1.20, 1.22, 1.24: is refused on %s", async (_, body) => {
    const { post } = await rig();
    const reply = await post(body);
    expect(reply.status).toBe(400);
    expect(reply.body.error.type).toBe("invalid_request_error");
    expect(reply.body.error.message).toMatch(/cache_control/);
  });

  it("1.20: leaves thinking blocks in the prefix, where they count when read", async () => {
    const { bill } = await rig();
    const messages = [
      user(text("q", 10)),
      assistant({ type: "thinking", thinking: "h".repeat(80), signature: "s" }, text("a", 10)),
      user(text("next", 10, "5m")),
    ];
    expect(await bill(request({ messages }))).toEqual([0, 50, 0, 0]);
    expect(await bill(request({ messages }))).toEqual([50, 0, 0, 0]);
  });

  const accepted: [string, Body][] = [
    ["a tool", { tools: [{ name: "look", input_schema: {}, ...marker() }] }],
    ["an MCP toolset", { tools: [{ type: "mcp_toolset", mcp_server_name: "m", ...marker() }] }],
    ["system text", { system: [text("s", 5, "5m")] }],
    ["an image", { messages: [user({ type: "image", source: { type: "url", url: "u" }, ...marker() })] }],
    [
      "a document",
      { messages: [user({ type: "document", source: { type: "text", data: "dddd" }, ...marker() })] },
    ],
    ["a search result", { messages: [user({ type: "search_result", content: [], ...marker() })] }],
    [
      "a tool call",
      { messages: [assistant({ type: "tool_use", id: "t", name: "n", input: {}, ...marker() })] },
    ],
    [
      "a tool result",
      { messages: [user({ type: "tool_result", tool_use_id: "t", content: "r", ...marker() })] },
    ],
    [
      "a server tool's result",
      {
        messages: [assistant({ type: "web_search_tool_result", tool_use_id: "t", content: [], ...marker() })],
      },
    ],
    ["a container upload", { messages: [user({ type: "container_upload", file_id: "f", ...marker() })] }],
  ];
  it.each(accepted)("1.21: is accepted on %s", async (_, fields) => {
    const { bill } = await rig();
    const body = request({ messages: [user(text("q", 1))], ...fields });
    const [, written = 0] = await bill(body);
    expect(written).toBeGreaterThan(0);
    expect((await bill(body))[0]).toBe(written);
  });

  it("1.22: on the last sub-block counts for the whole block", async () => {
    const { bill } = await rig();
    const inside = { type: "tool_result", tool_use_id: "t", content: [text("a", 10), text("b", 10, "1h")] };
    expect(await bill(request({ messages: [user(inside)] }))).toEqual([0, 0, 21, 0]);
    const outside = { ...inside, content: [text("a", 10), text("b", 10)], ...marker("1h") };
    expect(await bill(request({ messages: [user(outside)] }))).toEqual([21, 0, 0, 0]);
    const document = { type: "document", source: { type: "content", content: [text("c", 10, "5m")] } };
    expect(await bill(request({ messages: [user(document)] }))).toEqual([0, 11, 0, 0]);
  });

  it("1.23: makes the API cache server-tool results for five minutes, whatever TTL is used", async () => {
    const { bill } = await rig();
    const searched = (ttl?: "1h") =>
      request({
        system: [text("rules", 10, ttl)],
        messages: [
          user(text("q", 10)),
          assistant({ type: "web_search_tool_result", tool_use_id: "t", content: [] }, text("a", 10)),
        ],
      });
    expect(await bill(searched())).toEqual([0, 0, 0, expect.any(Number)]);
    const [read, write5m, write1h, base] = await bill(searched("1h"));
    expect([read, write1h, base]).toEqual([0, 10, 10]);
    expect(write5m).toBeGreaterThan(10);
  });

  it("1.23: is not used up by the API's own breakpoints", async () => {
    const { post } = await rig();
    const results = Array.from({ length: 6 }, (_, index) => ({
      type: "web_fetch_tool_result",
      tool_use_id: `t${index}`,
      content: {},
    }));
    const body = request({
      messages: [user(text("q", 10)), assistant(...results), user(text("n", 10, "1h"))],
    });
    expect((await post(body)).status).toBe(200);
  });

  it("1.24: cannot see deferred tools, which are outside the prefix", async () => {
    const { bill } = await rig();
    const tool = { name: "look", input_schema: {}, ...marker() };
    const [, written] = await bill(request({ tools: [tool] }));
    const more = [tool, { name: "later", input_schema: {}, defer_loading: true }];
    expect(await bill(request({ tools: more }))).toEqual([written, 0, 0, 1]);
  });
});
