import { describe, expect, it } from "vitest";
import { differenceOf, judge, worthOf } from "../../src/prewarm/index.ts";
import { entryOf, MODEL, requestOf } from "./entries.ts";

const marked = (text: string) => ({ type: "text", text, cache_control: { type: "ephemeral" } });

describe("the judgement of an entry", () => {
  it("says what would be cached, and what that costs cold and warm", () => {
    const { problems, notes, prefixTokens, isEstimated, minimumTokens, writeUsd, readUsd } = judge(
      entryOf("reviewer", requestOf("reviewer", 10_000)),
    );
    expect([problems, notes, isEstimated, minimumTokens]).toEqual([[], [], true, 512]);
    expect(prefixTokens).toBe(10_000);
    // $5 and $0.20 a million, and a placeholder at $4.
    expect(writeUsd).toBeCloseTo(0.05 + 8 * 4e-6, 9);
    expect(readUsd).toBeCloseTo(0.002 + 8 * 4e-6, 9);
  });

  it("goes by what the API has counted, where it has", () => {
    const { prefixTokens, isEstimated } = judge(entryOf("reviewer"), { knownTokens: 1_234 });
    expect([prefixTokens, isEstimated]).toEqual([1_234, false]);
  });

  it("says what a schedule costs a day", () => {
    const entry = entryOf("reviewer", requestOf("reviewer", 10_000), { schedule: { everyMs: 240_000 } });
    const { dailyUsd, readUsd } = judge(entry);
    expect(dailyUsd).toBeCloseTo(360 * (readUsd ?? 0), 9);
  });

  it("warns of a schedule that lets the prefix lapse each time, and reckons with full writes", () => {
    const entry = entryOf("reviewer", requestOf("reviewer", 10_000), { schedule: { everyMs: 600_000 } });
    const { notes, dailyUsd, writeUsd } = judge(entry);
    expect(notes).toEqual(["Its schedule is no shorter than its entries live: each would be a full write."]);
    expect(dailyUsd).toBeCloseTo(144 * (writeUsd ?? 0), 9);
  });

  it.each([
    ["no marker", { system: "handbook ".repeat(2_000) }, /marks nothing for the prompt cache/],
    ["a top-level marker", { cache_control: { type: "ephemeral" } }, /marks the placeholder itself/],
    [
      "a marked placeholder",
      { messages: [{ role: "user", content: [marked("warmup")] }] },
      /should be a placeholder/,
    ],
    [
      "a marker inside the last message",
      { messages: [{ role: "user", content: [marked("shared"), { type: "text", text: "warmup" }] }] },
      /A marker stands in its last message/,
    ],
    [
      "an answer at its end",
      {
        messages: [
          { role: "user", content: "a" },
          { role: "assistant", content: "b" },
        ],
      },
      /must be a user's/,
    ],
    ["a thinking budget", { thinking: { type: "enabled", budget_tokens: 2_048 } }, /fixed thinking budget/],
    ["too short a prefix", { system: [marked("short")] }, /caches from 512/],
  ])("refuses %s", (_, fields, why) => {
    expect(judge(entryOf("a", requestOf("a", 1_000, fields))).problems).toEqual([expect.stringMatching(why)]);
  });

  it("only notes a prefix that may be long enough", () => {
    const { problems, notes } = judge(entryOf("a", requestOf("a", 450)));
    expect(problems).toEqual([]);
    expect(notes).toEqual([
      "Its prefix has about 450 tokens, and claude-opus-5-5 caches from 512: perhaps nothing would be cached.",
    ]);
  });

  it("takes a model's own minimum", () => {
    const { problems } = judge(entryOf("a", requestOf("a", 2_000, { model: "claude-haiku-4-5" })));
    expect(problems).toEqual([
      "Its prefix has about 2000 tokens, and claude-haiku-4-5 caches from 4096: nothing would be cached.",
    ]);
  });
});

describe("the difference between an entry and traffic", () => {
  const tools = [
    { name: "look", input_schema: {} },
    { name: "write", input_schema: {} },
  ];
  const entry = requestOf("reviewer", 2_000, { tools });
  const text = entry.system[0]?.text ?? "";
  const system = (changed: string) => [marked(changed)];
  const asked = { messages: [{ role: "user", content: "What now?" }], max_tokens: 4_096, stream: true };

  it("is none where only what stands behind the marker, or is no part of it, differs", () => {
    expect(differenceOf(entry, { ...entry, ...asked, metadata: { user_id: "ada" } })).toBe(null);
    // Markers move, and more may follow.
    const more = [{ type: "text", text }, marked("more of it")];
    expect(differenceOf(entry, { ...entry, ...asked, system: more })).toBe(null);
  });

  it("is told at its byte, in UTF-8", () => {
    const changed = { ...entry, ...asked, system: system(`${text.slice(0, 4_312)}Ω${text.slice(4_313)}`) };
    expect(differenceOf(entry, changed)).toMatchObject({
      part: "the system prompt",
      byte: 4_312,
      sentence: "Your traffic's system prompt differs at byte 4,312: this pre-warm would never hit.",
    });
    const accented = { ...entry, system: system(`ää${text}`) };
    expect(differenceOf(accented, { ...accented, system: system(`ääx${text}`) })?.byte).toBe(4);
  });

  it.each([
    [
      "another model",
      { model: "claude-opus-5" },
      /^Your traffic goes to "claude-opus-5", and the entry to "claude-opus-5-5"/,
    ],
    [
      "another tool",
      { tools: [tools[0], { name: "erase", input_schema: {} }] },
      /^Your traffic's tool 2 differs at byte \d+/,
    ],
    ["a tool less", { tools: [tools[0]] }, /^Your traffic has fewer tools \(there is no tool 2/],
    ["no system prompt", { system: undefined }, /^Your traffic has less of a system prompt/],
    [
      "another effort",
      { output_config: { effort: "low" } },
      /^Your traffic sends the effort "low", and the entry \(none\)/,
    ],
    [
      "another thinking",
      { thinking: { type: "disabled" } },
      /^Your traffic sends the thinking mode "disabled"/,
    ],
    ["another speed", { speed: "fast" }, /^Your traffic sends the speed "fast", and the entry "standard"/],
  ])("is told for %s", (_, fields, sentence) => {
    expect(differenceOf(entry, { ...entry, ...asked, ...fields })?.sentence).toMatch(sentence);
  });

  it("tells the beta features, and shows no content", () => {
    const betas = { entry: [], traffic: ["some-beta"] };
    expect(differenceOf(entry, { ...entry, ...asked }, betas)?.part).toBe("the beta features");
    const format = { output_config: { format: { type: "json_schema", schema: { secret: "plans" } } } };
    expect(differenceOf(entry, { ...entry, ...asked, ...format })?.sentence).not.toContain("plans");
  });

  it("reaches into messages that are shared", () => {
    const shared = (words: string) => [
      { role: "user", content: [marked(words)] },
      { role: "assistant", content: "Read." },
      { role: "user", content: "warmup" },
    ];
    const own = { ...entry, messages: shared("the team's context") };
    expect(
      differenceOf(own, {
        ...own,
        messages: [...shared("the team's context").slice(0, 2), { role: "user", content: "Now?" }],
      }),
    ).toBe(null);
    expect(differenceOf(own, { ...own, messages: shared("the team's notes") })).toMatchObject({
      part: "message 1",
    });
    // What is cached of messages depends on the choice of tools as well.
    expect(differenceOf(own, { ...own, tool_choice: { type: "none" } })?.part).toBe("tool_choice");
  });
});

describe("whether an hour ahead is worth a pre-warm", () => {
  const hour = { writeUsd: 0.5, readUsd: 0.02, ttlMs: 300_000, isWarm: false, latencyUsd: 0 };

  it("one start alone never pays for the write", () => {
    expect(worthOf({ ...hour, expectedStarts: 1 })).toEqual({
      savingUsd: 0.48,
      costUsd: expect.closeTo(0.5 + 12 * 0.02, 9),
      isWorthIt: false,
    });
  });

  it("several do, and so does one whose quick answer is worth the rest", () => {
    expect(worthOf({ ...hour, expectedStarts: 2 }).isWorthIt).toBe(true);
    expect(worthOf({ ...hour, expectedStarts: 1, latencyUsd: 0.3 }).isWorthIt).toBe(true);
  });

  it("what is warm as it is need only be held", () => {
    expect(worthOf({ ...hour, expectedStarts: 0.6, isWarm: true })).toEqual({
      savingUsd: expect.closeTo(0.288, 9),
      costUsd: expect.closeTo(0.24, 9),
      isWorthIt: true,
    });
  });
});

it("prices an unknown model as unknown, which a cap cannot hold", () => {
  const { notes, writeUsd } = judge(entryOf("a", requestOf("a", 1_000, { model: "some-model" })));
  expect(writeUsd).toBe(null);
  expect(notes).toEqual(["No price is known for its model, so it is not sent while a cap holds."]);
  expect(MODEL).toBe("claude-opus-5-5");
});
