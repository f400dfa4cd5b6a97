import { describe, expect, it } from "vitest";
import {
  clairvoyant,
  fixedArm,
  neverWarmUsd,
  peerArms,
  type RecordedCall,
  type Recording,
  type Span,
  simulate,
  spansOf,
  termsOf,
} from "../../src/policy/lab/index.ts";
import { assistant, billOf, marker, request, rig, text, user } from "../emulator/harness.ts";

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const five = { ...termsOf("5m", 0.1), inputUsd: 1 };
const hour = { ...termsOf("1h", 0.1), inputUsd: 1 };

function callAt(startedAt: number, contextTokens: number, changes: Partial<RecordedCall> = {}): RecordedCall {
  return {
    startedAt,
    endedAt: startedAt + 5_000,
    model: "m",
    contextTokens,
    outputTokens: 10,
    stop: "end_turn",
    ...changes,
  };
}

function spans(...calls: readonly RecordedCall[]): readonly Span[] {
  const recording: Recording = { id: "c", person: "p", calls, sideCalls: [] };
  return spansOf(recording);
}

/** A pause of `minutes` with 100 tokens before it and 110 after. */
function pause(minutes: number): Span {
  return spans(callAt(0, 100), callAt(minutes * MINUTE_MS, 110))[0] as Span;
}

describe("the replay of a span", () => {
  it("lets the lifetime run from the start of the request, to the last millisecond", () => {
    expect(neverWarmUsd(spans(callAt(0, 100), callAt(300_000, 110)), five)).toBeCloseTo(125 + 10 + 12.5, 9);
    expect(neverWarmUsd(spans(callAt(0, 100), callAt(300_001, 110)), five)).toBeCloseTo(125 + 137.5, 9);
  });

  it("pays a read for a warm, which restarts the lifetime, and saves the rewrite once", () => {
    expect(simulate(pause(9), [280_000], five)).toEqual({
      warms: 1,
      late: 0,
      rescued: true,
      spentUsd: 10,
      savedUsd: expect.closeTo(115, 9),
    });
    expect(simulate(pause(9.7), [280_000], five)).toMatchObject({
      rescued: false,
      spentUsd: 10,
      savedUsd: 0,
    });
  });

  it("credits nothing to a return within the lifetime, with a warm or without", () => {
    expect(simulate(pause(4.9), [280_000], five)).toMatchObject({
      rescued: false,
      savedUsd: 0,
      spentUsd: 10,
    });
    expect(simulate(pause(9), [], five)).toMatchObject({ warms: 0, spentUsd: 0, savedUsd: 0 });
  });

  it("pays a whole write for a warm that comes late", () => {
    expect(simulate(pause(12), [10 * MINUTE_MS], five)).toMatchObject({
      late: 1,
      spentUsd: 125,
      rescued: true,
    });
  });

  it("does not count warms at or after the return", () => {
    expect(simulate(pause(9), [280_000, 9 * MINUTE_MS, 600_000], five)).toMatchObject({ warms: 1 });
  });

  it("cannot rescue a return to another model, or to a context under 60 %", () => {
    for (const next of [callAt(9 * MINUTE_MS, 110, { model: "n" }), callAt(9 * MINUTE_MS, 59)]) {
      const [span] = spans(callAt(0, 100), next) as [Span];
      expect(simulate(span, [280_000], five)).toMatchObject({ rescued: false, spentUsd: 10, savedUsd: 0 });
      expect(clairvoyant.warmsAt(span, five, "open")).toEqual([]);
    }
    const [shrunk] = spans(callAt(0, 100), callAt(9 * MINUTE_MS, 60)) as [Span];
    expect(simulate(shrunk, [280_000], five).savedUsd).toBeCloseTo(60 * 1.15, 9);
  });

  it("writes at twice the input price on the 1-hour tier", () => {
    expect(simulate(pause(80), [58 * MINUTE_MS], hour)).toMatchObject({
      rescued: true,
      savedUsd: expect.closeTo(190, 9),
    });
  });
});

describe("an arm", () => {
  it("that is fixed warms every 280 s from the request's start, and as often into a last span only when open", () => {
    const [first, last] = spans(callAt(0, 100), callAt(60 * MINUTE_MS, 110)) as [Span, Span];
    expect(fixedArm(2).warmsAt(first, five, "closed")).toEqual([280_000, 560_000]);
    expect(fixedArm(2).warmsAt(last, five, "open")).toEqual([280_000, 560_000]);
    expect(fixedArm(2).warmsAt(last, five, "closed")).toEqual([]);
  });

  it("that is clairvoyant warms only where it pays", () => {
    expect(clairvoyant.warmsAt(pause(9), five, "open")).toEqual([280_000]);
    expect(clairvoyant.warmsAt(pause(4), five, "open")).toEqual([]);
    expect(clairvoyant.warmsAt(pause(55), five, "open")).toHaveLength(11);
    expect(clairvoyant.warmsAt(pause(62), five, "open")).toEqual([]);
    expect(clairvoyant.warmsAt(pause(62), hour, "open")).toHaveLength(1);
  });

  it("knows its peers' rules", () => {
    const arms = new Map(peerArms().map((arm) => [arm.name, arm]));
    const at = (name: string, span: Span, terms = five) => arms.get(name)?.warmsAt(span, terms, "open");
    const [large] = spans(callAt(0, 200_000), callAt(40 * MINUTE_MS, 210_000)) as [Span];
    const priced = { ...five, inputUsd: 5e-6 };
    expect(at("aider", large, priced)).toEqual([295_000, 590_000]);
    expect(at("context-guru", large, priced)).toEqual([280_000, 560_000]);
    expect(at("context-guru", pause(40), priced)).toEqual([]);
    expect(at("pi", large, priced)?.[0]).toBe(270_000);
    expect(at("pi", large, priced)?.length).toBe(6);
    expect(at("pi", large, { ...hour, inputUsd: 5e-6 })).toEqual([]);
    expect(at("oh-my-pi", large, priced)).toEqual([287_000, 574_000, 861_000]);
    expect(at("dispatch", large, priced)?.slice(0, 2)).toEqual([245_000, 487_000]);
    expect(at("membrane", large, hour)).toEqual([]);
    const [afterTool] = spans(callAt(0, 200_000, { stop: "tool_use" }), callAt(40 * MINUTE_MS, 210_000)) as [
      Span,
    ];
    expect(at("context-guru-gated", afterTool, priced)).toEqual([]);
    expect(at("context-guru-gated", large, priced)).toHaveLength(2);
  });
});

describe("the replay and the emulator", () => {
  it.each([
    ["5m", five],
    ["1h", hour],
  ] as const)("agree on what a small history reads and writes on %s", async (ttl, terms) => {
    const { clock, post } = await rig();
    // Minutes to the next turn, and minutes at which a warm goes out meanwhile: in time, not at all, late.
    const history = [
      { gap: 2, warms: [] },
      { gap: 9, warms: [280 / 60] },
      { gap: 12, warms: [] },
      { gap: 13, warms: [280 / 60, 560 / 60] },
      { gap: 14, warms: [6] },
      { gap: 100, warms: [58] },
      { gap: 70, warms: [] },
    ];
    const conversation: Record<string, unknown>[] = [];
    const say = (turn: number, tokens: number) => {
      for (const message of conversation)
        delete (message.content as Record<string, unknown>[])[0]?.cache_control;
      conversation.push(user({ ...text(`turn ${turn}`, tokens), ...marker(ttl) }));
    };
    const bill = async () => {
      const reply = await post(request({ messages: structuredClone(conversation) }));
      const [read = 0, write5m = 0, write1h = 0, base = 0] = billOf(reply.body.usage);
      expect(base).toBe(0);
      return read * 0.1 + (write5m * 1.25 + write1h * 2);
    };
    say(0, 500);
    let emulated = await bill();
    const calls = [callAt(0, 500)];
    const warmsAt: number[][] = [];
    for (const [turn, { gap, warms }] of history.entries()) {
      let past = 0;
      for (const at of warms) {
        clock.advance(Math.round((at - past) * MINUTE_MS));
        past = at;
        emulated += await bill();
      }
      clock.advance(Math.round((gap - past) * MINUTE_MS));
      conversation.push(assistant(text("answer", 10)));
      say(turn + 1, 40);
      emulated += await bill();
      const before = calls.at(-1) as RecordedCall;
      calls.push(callAt(before.startedAt + Math.round(gap * MINUTE_MS), before.contextTokens + 50));
      warmsAt.push(warms.map((at) => Math.round(at * 60) * SECOND_MS));
    }
    const replayed = spans(...calls);
    const outcomes = replayed.map((span, index) => simulate(span, warmsAt[index] ?? [], terms));
    const net = outcomes.reduce((sum, { spentUsd, savedUsd }) => sum + spentUsd - savedUsd, 0);
    expect(neverWarmUsd(replayed, terms) + net).toBeCloseTo(emulated, 6);
    expect(outcomes.filter(({ rescued }) => rescued).length).toBeGreaterThan(0);
  });
});
