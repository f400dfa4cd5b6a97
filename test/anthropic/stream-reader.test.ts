import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MessageStreamReader, printOpening } from "../../src/anthropic/index.ts";
import { apiMessage, apiUsage, bytesOf, sse } from "./fixtures.ts";

const start = {
  type: "message_start",
  message: apiMessage({
    id: "msg_é😀漢",
    stop_reason: null,
    usage: apiUsage({
      input_tokens: 10,
      output_tokens: 1,
      cache_creation_input_tokens: 300,
      cache_creation: { ephemeral_5m_input_tokens: 100, ephemeral_1h_input_tokens: 200 },
    }),
    diagnostics: { cache_miss_reason: { type: "messages_changed", cache_missed_input_tokens: 3 } },
  }),
};

const passes = (...outputs: readonly number[]) =>
  outputs.map((output_tokens) => ({ type: "message", input_tokens: 10, output_tokens }));

const text = {
  type: "content_block_delta",
  index: 0,
  delta: { type: "text_delta", text: 'é😀 "message_delta" data: {"type":"message_stop"}\n\n漢字' },
};

const delta = {
  type: "message_delta",
  delta: { stop_reason: "end_turn", stop_sequence: null },
  usage: {
    input_tokens: 12,
    output_tokens: 42,
    cache_read_input_tokens: 50_000,
    cache_creation_input_tokens: 350,
    server_tool_use: { web_search_requests: 1 },
  },
};

const stream = sse([start, { type: "ping" }, text, delta, { type: "message_stop" }]);

const expected = {
  inputTokens: 50_362,
  outputTokens: 42,
  cacheReadTokens: 50_000,
  cacheWriteTokens: 350,
  cacheWriteSplit: { ttl5mTokens: 150, ttl1hTokens: 200 },
  serviceTier: "standard",
  speed: "standard",
  inferenceGeo: "global",
  webSearchRequests: 1,
};

function readAll(chunks: Iterable<Uint8Array | string>): MessageStreamReader {
  const reader = new MessageStreamReader();
  for (const chunk of chunks) reader.feed(typeof chunk === "string" ? bytesOf(chunk) : chunk);
  return reader;
}

function factsOf(reader: MessageStreamReader): unknown {
  const { started, complete, usage, stopReason, toolNames, model, messageId, missReason, opening, error } =
    reader;
  return { started, complete, usage, stopReason, toolNames, model, messageId, missReason, opening, error };
}

/** Pieces of these lengths in turn; what is left is the last one. */
function cutUp(bytes: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let from = 0;
  for (const length of lengths) {
    // Its owner reuses it once it has been fed.
    pieces.push(bytes.slice(from, from + length));
    from += length;
  }
  return [...pieces, bytes.slice(from)];
}

function expectWhole(reader: MessageStreamReader): void {
  expect(reader.usage).toEqual(expected);
  expect(reader.stopReason).toBe("end_turn");
  expect(reader.model).toBe("claude-opus-5-5");
  expect(reader.messageId).toBe("msg_é😀漢");
  expect(reader.missReason).toBe("messages_changed");
  expect(reader.started).toBe(true);
  expect(reader.complete).toBe(true);
  expect(reader.error).toBeNull();
}

describe("MessageStreamReader", () => {
  it("reads a stream split in two at every byte, inside characters too", () => {
    const bytes = bytesOf(stream);
    for (let at = 0; at <= bytes.length; at += 1) {
      expectWhole(readAll([bytes.subarray(0, at), bytes.subarray(at)]));
    }
  });

  it("reads a stream that comes byte by byte", () => {
    expectWhole(readAll(Array.from(bytesOf(stream), (byte) => Uint8Array.of(byte))));
  });

  it("reads other line ends, and events without names", () => {
    expectWhole(readAll([stream]));
    expectWhole(readAll([stream.replaceAll("\n", "\r\n")]));
    expectWhole(readAll([stream.replaceAll(/^event: .*\n/gm, "")]));
  });

  it("steps over what says nothing, and finds the same as when it reads every event", () => {
    const words = fc.constantFrom(
      "message_stop",
      "error",
      '"text"',
      "\n\n",
      "é😀",
      "message_delta",
      " ",
      "\n",
    );
    const said = fc.oneof(words, fc.string({ maxLength: 80 }), fc.constant(""));
    const block = (type: string, key: string) =>
      said.map((value) => ({ type: "content_block_delta", index: 0, delta: { type, [key]: value } }));
    const event = fc.oneof(
      block("text_delta", "text"),
      block("thinking_delta", "thinking"),
      block("input_json_delta", "partial_json"),
      fc.constantFrom(start, delta, { type: "ping" }, { type: "content_block_stop", index: 0 }),
      fc.constant({ type: "error", error: { type: "overloaded_error", message: null } }),
    );
    const between = fc.constantFrom(
      "",
      "",
      "\n",
      ": error\n\n",
      "event: message_stop\n\n",
      "data: message_\n",
    );
    const piece = fc.tuple(fc.boolean(), event, between).map(([isNamed, one, after]) => {
      const text = sse([one]);
      return (isNamed ? text : text.replace(/^event: .*\n/, "")) + after;
    });
    const cuts = fc.array(fc.nat({ max: 120 }));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), cuts, fc.boolean(), (pieces, lengths, isEnded) => {
        const whole = pieces.join("") + (isEnded ? sse([{ type: "message_stop" }]) : "");
        // Where lines end otherwise, nothing is stepped over.
        const every = factsOf(readAll([whole.replaceAll("\n", "\r\n")]));
        expect(factsOf(readAll(cutUp(bytesOf(whole), lengths)))).toEqual(every);
      }),
      { numRuns: 2_000 },
    );
  });

  it("knows how an answer's text begins, though it has been thinking for long", () => {
    const thought = {
      type: "content_block_delta",
      index: 0,
      delta: { type: "thinking_delta", thinking: "…" },
    };
    const later = { ...text, delta: { ...text.delta, text: "and what follows ".repeat(9) } };
    const reader = readAll([sse([start, ...Array(50).fill(thought), text, later, later, delta])]);
    expect(reader.opening).toBe(printOpening(text.delta.text + later.delta.text));
  });

  it.each([
    ["as the API sends it", (events: string) => events],
    [
      "by a proxy that leaves the events' names out",
      (events: string) => events.replaceAll(/^event: .*\n/gm, ""),
    ],
  ])("knows each of the client's tools that is called, at any place, in a stream %s", (_, change) => {
    const called = (type: string, name: string) => ({
      type: "content_block_start",
      index: 1,
      content_block: { type, id: "toolu_1", name, input: {} },
    });
    const ended = { type: "content_block_stop", index: 1 };
    const look = called("tool_use", "look");
    const calls = [look, ended, called("server_tool_use", "web_search"), ended];
    const events = [start, text, ended, ...calls, called("tool_use", "AskUserQuestion"), ended, look, delta];
    const bytes = bytesOf(change(sse(events)));
    for (const length of [1, 7, bytes.length]) {
      const reader = readAll(cutUp(bytes, Array(Math.floor(bytes.length / length)).fill(length)));
      expect(reader.toolNames).toEqual(["look", "AskUserQuestion"]);
    }
  });

  it("knows at each point only what came so far", () => {
    const reader = new MessageStreamReader();
    expect(reader).toMatchObject({ started: false, usage: null, stopReason: null });
    reader.feed(bytesOf(sse([start])));
    expect(reader).toMatchObject({ started: true, complete: false, stopReason: null });
    expect(reader.usage).toMatchObject({ cacheWriteTokens: 300, outputTokens: 1 });
    reader.feed(bytesOf(sse([delta])));
    expect(reader).toMatchObject({ stopReason: "end_turn", complete: false });
    reader.feed(bytesOf(sse([{ type: "message_stop" }])));
    expect(reader.complete).toBe(true);
  });

  it("keeps the counts of the start when the delta has none of them, or zeros", () => {
    const usages = [
      { output_tokens: 42 },
      {
        output_tokens: 42,
        input_tokens: null,
        cache_read_input_tokens: null,
        cache_creation_input_tokens: null,
      },
      { output_tokens: 42, input_tokens: 0, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 },
    ];
    for (const usage of usages) {
      const reader = readAll([sse([start, { ...delta, usage }])]);
      expect(reader.usage).toMatchObject({
        cacheReadTokens: 50_000,
        cacheWriteTokens: 300,
        outputTokens: 42,
      });
    }
  });

  it("counts what the API writes on its own, behind server tool results, to the 5-minute tier", () => {
    expect(readAll([stream]).usage?.cacheWriteSplit).toEqual({ ttl5mTokens: 150, ttl1hTokens: 200 });
  });

  it("tells an error inside the stream", () => {
    const error = { type: "error", error: { type: "overloaded_error", message: "Overloaded" } };
    const reader = readAll([sse([start, error])]);
    expect(reader.error).toEqual({ type: "overloaded_error", message: "Overloaded" });
    expect(reader.complete).toBe(false);
  });

  it("never throws, whatever it is fed, and still reads what follows garbage", () => {
    const garbage = fc.array(
      fc.oneof(fc.uint8Array(), fc.string(), fc.constantFrom("\n\n", "data: ", "event: message_start\n")),
    );
    fc.assert(
      fc.property(garbage, (chunks) => {
        const reader = readAll(chunks);
        expect([null, "object"]).toContain(reader.usage === null ? null : typeof reader.usage);
      }),
      { numRuns: 2_000 },
    );
    expectWhole(
      readAll(["event: message_start\ndata: {broken\n\n", ": comment\n\n", "data: null\n\n", stream]),
    );
    expectWhole(readAll([sse([{ type: "message_delta" }, { type: "error_of_tomorrow" }]), stream]));
  });

  it("does not go by a single pass that was listed when there was hardly any output yet", () => {
    const begin = (iterations: unknown) => ({
      ...start,
      message: { ...start.message, usage: { ...apiUsage(), iterations } },
    });
    const iterationsOf = (iterations: unknown, later: object = {}) => {
      const end = { ...delta, usage: { ...delta.usage, ...later } };
      const { usage } = readAll([sse([begin(iterations), text, end, { type: "message_stop" }])]);
      return usage?.iterations?.map((pass) => pass.usage.outputTokens);
    };
    expect(iterationsOf(passes(1))).toBeUndefined();
    expect(iterationsOf(passes(1), { iterations: passes(42) })).toEqual([42]);
    expect(iterationsOf(passes(20, 1))).toEqual([20, 1]);
  });
});
