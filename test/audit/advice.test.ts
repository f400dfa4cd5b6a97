import { describe, expect, it } from "vitest";
import { auditOf, type Conversation, gapHistoryOf, recordingOf } from "../../src/audit/index.ts";
import { callAt, cold, conversation, HOUR, START, UTC } from "./conversations.ts";

const READING = { files: 1, bytes: 1, brokenLines: 0, unreadable: {}, repeatedCalls: 0, byAgent: {} };

function audited(conversations: readonly Conversation[]) {
  return auditOf({ conversations, reading: READING }, { calendar: UTC });
}

/** Forty returns, so many minutes apart; every hundred hours another conversation. */
function habit(gapMinutes: number, over = {}): Conversation[] {
  return Array.from({ length: 4 }, (_, index) =>
    conversation(
      Array.from({ length: 11 }, (_, turn) =>
        callAt(index * 6_000 + turn * gapMinutes, { ...(turn === 0 || gapMinutes > 5 ? cold : {}), ...over }),
      ),
      { session: `s${index}` },
    ),
  );
}

describe("what is advised", () => {
  it("is to keep warm where people come back within some lifetimes", async () => {
    const { advice, whatIf, idling } = await audited(habit(9));
    expect(advice).toMatchObject({ kind: expect.stringMatching(/keep-warm|tier-alone/) });
    expect(advice.savedUsd).toBeGreaterThan(0.3 * idling.total.idleUsd);
    expect(advice.savedShare).toBeCloseTo(advice.savedUsd / whatIf.presentUsd, 12);
  });

  it("is an hour alone where everybody is back within one, and warms would only cost", async () => {
    const { advice } = await audited(habit(50));
    expect(advice).toMatchObject({ kind: "tier-alone", tier: "1h" });
    expect(advice.sentences.join(" ")).toContain("--tier 1h");
  });

  it("is nothing where nobody pauses", async () => {
    const { advice } = await audited(habit(1));
    expect(advice).toMatchObject({ kind: "nothing", savedUsd: 0, tier: null });
  });

  it("is nothing at all where no price is known", async () => {
    const { advice, whatIf } = await audited(habit(9, { model: "gpt-5.5" }));
    expect(advice.kind).toBe("unknown");
    expect(whatIf).toMatchObject({ conversations: 0, presentUsd: 0 });
  });

  it("says so where it rests on a handful of pauses", async () => {
    const { advice } = await audited([conversation([callAt(0), callAt(9, cold), callAt(18, cold)])]);
    expect(advice.sentences.at(-1)).toContain("2 pauses");
  });
});

describe("what it would have cost", () => {
  it("is as it was for no warms on the lifetime it had, each conversation at the price of its model", async () => {
    const { whatIf } = await audited([
      ...habit(9),
      ...habit(9, { model: "claude-haiku-4-5" }).map((one) => ({ ...one, session: `h${one.session}` })),
    ]);
    const never = whatIf.options.find(({ policy, tier }) => policy === "never" && tier === "5m");
    expect(never?.outcome.open.change).toBe(0);
    expect(whatIf.tiers).toEqual({ "5m": 8, "1h": 0 });
    const haiku = await audited(habit(9, { model: "claude-haiku-4-5" }));
    const opus = await audited(habit(9));
    expect(whatIf.presentUsd).toBeCloseTo(opus.whatIf.presentUsd + haiku.whatIf.presentUsd, 12);
  });

  it("is held against the lifetime that each conversation was written with", async () => {
    const hour = habit(50, { write5mTokens: 0, write1hTokens: 1_000, readTokens: 100_000 });
    const { whatIf } = await audited([
      ...habit(50),
      ...hour.map((one) => ({ ...one, session: `h${one.session}` })),
    ]);
    const of = async (some: Conversation[]) => (await audited(some)).whatIf;
    const [five, long] = [await of(habit(50)), await of(hour)];
    expect(whatIf.tiers).toEqual({ "5m": 4, "1h": 4 });
    expect(whatIf.presentUsd).toBeCloseTo(five.presentUsd + long.presentUsd, 12);
    const never = (tier: string) => long.options.find((one) => one.policy === "never" && one.tier === tier);
    expect(never("1h")?.outcome.open.change).toBe(0);
    expect(never("5m")?.outcome.open.change).toBeGreaterThan(0.5);
  });

  it("is never less than perfect foresight makes it", async () => {
    for (const gap of [2, 6, 9, 20, 59, 61, 130]) {
      const { whatIf } = await audited(habit(gap));
      for (const tier of ["5m", "1h"] as const) {
        const of = whatIf.options.filter((option) => option.tier === tier);
        const best = of.find(({ policy }) => policy === "perfect foresight");
        for (const { outcome } of of) {
          expect(outcome.open.billUsd).toBeGreaterThanOrEqual((best?.outcome.open.billUsd ?? 0) - 1e-9);
        }
      }
    }
  });
});

it("teaches the policy the gaps of these conversations, and that they ended", () => {
  const recordings = habit(9).map(recordingOf);
  const { end_turn } = gapHistoryOf(recordings, START + 2_000 * HOUR).summary();
  // Nine minutes are the fourth bin; each new gap lets the older ones fade a little.
  const [, , , inNineMinutes = 0] = end_turn.returned;
  expect(inNineMinutes).toBeGreaterThan(36);
  expect(inNineMinutes).toBeLessThanOrEqual(40);
  expect(end_turn.ended).toBeGreaterThan(3.8);
  expect(end_turn.ended).toBeLessThanOrEqual(4);
});

it("takes a conversation that nobody came back to for days to have ended, as a warmer would have", () => {
  const recordings = [conversation([callAt(0), callAt(9), callAt(3 * 24 * 60)])].map(recordingOf);
  const { end_turn } = gapHistoryOf(recordings, START + 240 * HOUR).summary();
  expect(Math.round(end_turn.returned.reduce((sum, count) => sum + count, 0))).toBe(1);
  expect(Math.round(end_turn.ended)).toBe(2);
});
