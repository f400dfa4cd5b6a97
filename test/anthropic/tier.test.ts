import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mayChangeTier, readRequest, type Ttl, withTier } from "../../src/anthropic/index.ts";
import { textOf } from "./fixtures.ts";
import { RawJson, render } from "./random-body.ts";

function tiered(body: string | Uint8Array, tier: Ttl) {
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const reading = readRequest(bytes);
  if (!reading.ok) throw new Error(reading.problem);
  return withTier(bytes, reading, tier);
}

const edited = (body: string, tier: Ttl) => {
  const found = tiered(body, tier);
  return found && textOf(found.body);
};

describe("the tier of a request", () => {
  it("is set in each marker, wherever it stands, and nowhere else", () => {
    const body = JSON.stringify({
      cache_control: { type: "ephemeral" },
      model: "claude-opus-5-5",
      tools: [
        {
          name: "a",
          input_schema: { cache_control: { type: "ephemeral" } },
          cache_control: { type: "ephemeral", ttl: "1h" },
        },
      ],
      system: [
        {
          type: "text",
          text: '"cache_control":{"type":"ephemeral"}',
          cache_control: { ttl: "5m", type: "ephemeral" },
        },
      ],
      messages: [
        {
          role: "user",
          content: [
            {
              type: "tool_result",
              content: [{ type: "text", text: "x", cache_control: { type: "ephemeral" } }],
            },
          ],
        },
        {
          role: "assistant",
          content: [{ type: "tool_use", input: { cache_control: { type: "ephemeral", ttl: "5m" } } }],
        },
      ],
    });
    const found = tiered(body, "1h");
    expect(textOf(found?.body ?? new Uint8Array())).toBe(
      body
        .replace('{"cache_control":{"type"', '{"cache_control":{"ttl":"1h","type"')
        .replace(
          '"cache_control":{"ttl":"5m","type":"ephemeral"}',
          '"cache_control":{"ttl":"1h","type":"ephemeral"}',
        )
        .replace('"text":"x","cache_control":{"type"', '"text":"x","cache_control":{"ttl":"1h","type"'),
    );
    expect(found?.facts).toMatchObject({ ttlMs: 3_600_000, mixedTtl: false, bodyBytes: found?.body.length });
    expect(found?.facts.markers.map(({ ttl }) => ttl)).toEqual(["1h", "1h", "1h", "1h"]);
  });

  it("is taken back to five minutes without touching markers that are on it already", () => {
    const body =
      '{"system":[{"cache_control":{"type":"ephemeral" , "ttl" :"\\u0031h"}}],"cache_control":{"type":"ephemeral"}}';
    expect(edited(body, "5m")).toBe(body.replace('"\\u0031h"', '"5m"'));
  });

  it.each([
    ["has no marker", '{"messages":[]}', "1h"],
    ["is on it already", '{"cache_control":{"type":"ephemeral","ttl":"1h"}}', "1h"],
    ["has a marker that is null", '{"cache_control":null}', "1h"],
    ["has a marker of another type", '{"cache_control":{"type":"lasting"}}', "1h"],
    ["has a marker without a type", '{"cache_control":{"ttl":"5m"}}', "1h"],
    ["has a lifetime that nobody knows", '{"cache_control":{"type":"ephemeral","ttl":"2h"}}', "1h"],
    [
      "has a marker that is no object beside a good one",
      '{"cache_control":{"type":"ephemeral"},"system":[{"cache_control":1}]}',
      "1h",
    ],
  ] as const)("is left as it is where the request %s", (_, body, tier) => {
    expect(tiered(body, tier)).toBeNull();
  });

  it("is set in a marker that says null for it, and in every one of two equal keys", () => {
    expect(edited('{"cache_control":{"type":"ephemeral","ttl":null,"ttl":"5m"}}', "1h")).toBe(
      '{"cache_control":{"type":"ephemeral","ttl":"1h","ttl":"1h"}}',
    );
  });
});

describe("another tier may be set", () => {
  const facts = (more: object) => {
    const reading = readRequest(
      new TextEncoder().encode(JSON.stringify({ model: "claude-opus-5-5", ...more })),
    );
    if (!reading.ok) throw new Error(reading.problem);
    return reading.facts;
  };
  const key = ["x-api-key", "sk-ant-api03-x"] as const;
  const login = ["authorization", "Bearer sk-ant-oat01-x"] as const;

  it.each([
    ["a Claude model by an API key", [key], {}, true],
    ["a Claude model by a provider's name", [key], { model: "us.anthropic.claude-opus-4-8-v1:0" }, true],
    ["a model of another company", [key], { model: "glm-5" }, false],
    ["a request without a model", [key], { model: null }, false],
    ["a conversation that the server holds", [key], { thread: { id: "x" } }, false],
    ["a signed request", [["authorization", "AWS4-HMAC-SHA256 x"]], {}, false],
    ["a body that a header vouches for", [key, ["Content-Digest", "sha-256=:x:"]], {}, false],
    ["a subscription", [login], {}, false],
  ] as const)("for %s: %#", (_, headers, more, may) => {
    expect(mayChangeTier(headers, facts(more))).toBe(may);
  });

  it("for a subscription whose person allows it", () => {
    expect(mayChangeTier([login], facts({}), { allowSubscription: true })).toBe(true);
  });
});

/** A marker as it is written, and as it must be on each tier: known from writing it. */
interface WrittenMarker {
  readonly text: string;
  readonly on: Readonly<Record<Ttl, string>>;
}

const gap = fc.constantFrom("", "", " ", "\n\t");
const ttlTexts: Readonly<Record<Ttl, readonly string[]>> = {
  "5m": ['"5m"', '"\\u0035m"', "null"],
  "1h": ['"1h"', '"1\\u0068"'],
};

const marker: fc.Arbitrary<WrittenMarker> = fc
  .record({
    ttl: fc.constantFrom<Ttl | "none">("5m", "1h", "none"),
    pick: fc.nat(2),
    first: fc.boolean(),
    a: gap,
    b: gap,
    scope: fc.boolean(),
  })
  .map(({ ttl, pick, first, a, b, scope }) => {
    const others = [`${b}"type"${a}:"ephemeral"${b}`, ...(scope ? [`"scope":"{\\"ttl\\":1}"${a}`] : [])];
    const write = (value: string | null, inserted = "") => {
      const own = value === null ? [] : [`${a}"ttl"${b}:${a}${value}${b}`];
      return `{${inserted}${(first ? [...own, ...others] : [...others, ...own]).join(",")}}`;
    };
    if (ttl === "none")
      return { text: write(null), on: { "5m": write(null), "1h": write(null, '"ttl":"1h",') } };
    const texts = ttlTexts[ttl];
    const text = write(texts[pick % texts.length] ?? null);
    const other = ttl === "5m" ? "1h" : "5m";
    const on = { [ttl]: text, [other]: write(`"${other}"`) } as Record<Ttl, string>;
    return { text, on };
  });

type Write = (one: WrittenMarker) => string;
type Part = (write: Write) => unknown;

const words = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom('{"cache_control":{"type":"ephemeral"}}', "\\", '"ttl":"5m"'),
);
const decoy = new Map([
  [
    "cache_control",
    new Map([
      ["type", "ephemeral"],
      ["ttl", "5m"],
    ]),
  ],
]);

function holder(fields: fc.Arbitrary<readonly (readonly [string, Part])[]>): fc.Arbitrary<Part> {
  return fc.tuple(fields, fc.option(marker), fc.boolean()).map(([own, marked, first]) => (write) => {
    const control = marked === null ? [] : [["cache_control", new RawJson(write(marked))] as const];
    const rest = own.map(([key, value]) => [key, value(write)] as const);
    return new Map<string, unknown>(first ? [...control, ...rest] : [...rest, ...control]);
  });
}

const plain =
  (value: unknown): Part =>
  () =>
    value;
const listOf =
  (parts: readonly Part[]): Part =>
  (write) =>
    parts.map((part) => part(write));
const textBlock = holder(
  words.map(
    (text) =>
      [
        ["type", plain("text")],
        ["text", plain(text)],
      ] as const,
  ),
);
const block = fc.oneof(
  textBlock,
  holder(
    words.map(
      (text) =>
        [
          ["type", plain("tool_use")],
          ["input", plain(new Map<string, unknown>([["x", text], ["y", decoy], ...decoy]))],
        ] as const,
    ),
  ),
  holder(
    fc.array(textBlock, { maxLength: 2 }).map(
      (below) =>
        [
          ["type", plain("tool_result")],
          ["content", listOf(below)],
        ] as const,
    ),
  ),
  holder(
    fc.array(textBlock, { maxLength: 2 }).map(
      (below) =>
        [
          ["type", plain("document")],
          ["source", (write: Write) => new Map([["content", listOf(below)(write)]])],
        ] as const,
    ),
  ),
);
const tool = holder(
  words.map(
    (name) =>
      [
        ["name", plain(name)],
        ["input_schema", plain(new Map([["properties", decoy]]))],
      ] as const,
  ),
);
const message = fc.oneof(
  fc.array(block, { maxLength: 3 }).map(
    (content): Part =>
      (write) =>
        new Map([
          ["role", "user"],
          ["content", listOf(content)(write)],
        ] as [string, unknown][]),
  ),
  words.map((text) =>
    plain(
      new Map([
        ["role", "user"],
        ["content", text],
      ]),
    ),
  ),
);

const request = fc.record({
  tools: fc.array(tool, { maxLength: 3 }),
  system: fc.oneof(words.map(plain), fc.array(textBlock, { maxLength: 3 }).map(listOf)),
  messages: fc.array(message, { maxLength: 4 }),
  automatic: fc.option(marker),
  seed: fc.integer(),
  tier: fc.constantFrom<Ttl>("5m", "1h"),
});

describe("a request set to a tier", () => {
  it("differs from the one that came only in the lifetimes of its markers, over 3000 generated bodies", () => {
    let changed = 0;
    fc.assert(
      fc.property(request, ({ tools, system, messages, automatic, seed, tier }) => {
        const written = (write: Write) =>
          render({
            seed,
            members: [
              ["model", "claude-opus-5-5"],
              ["tools", listOf(tools)(write)],
              ["metadata", decoy],
              ["messages", listOf(messages)(write)],
              ["system", system(write)],
              ...(automatic === null ? [] : [["cache_control", new RawJson(write(automatic))] as const]),
            ],
          }).bytes;
        const original = written(({ text }) => text);
        const expected = written(({ on }) => on[tier]);
        const found = tiered(original, tier);
        if (found !== null) changed += 1;
        expect(Buffer.compare(found?.body ?? original, expected)).toBe(0);
        const again = readRequest(expected);
        if (!again.ok) throw new Error(again.problem);
        if (found !== null) expect(found.facts).toEqual(again.facts);
      }),
      { numRuns: 3_000 },
    );
    expect(changed).toBeGreaterThan(1_000);
  }, 120_000);
});
