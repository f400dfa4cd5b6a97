import { describe, expect, it } from "vitest";
import { adviceFrom } from "../../src/audit/advice.ts";
import { auditOf, type Conversation, gapHistoryOf, recordingOf } from "../../src/audit/index.ts";
import { type Option, POLICIES, type PolicyName, type WhatIf } from "../../src/audit/what-if.ts";
import { startCommand } from "../../src/cli/start.ts";
import { loadConfig, type Settings } from "../../src/config/index.ts";
import { createHistory, stopKindOf } from "../../src/policy/index.ts";
import { callAt, cold, conversation, HOUR, READING, START, UTC } from "./conversations.ts";

function audited(conversations: readonly Conversation[]) {
  return auditOf({ conversations, reading: READING, blocked: [] }, { calendar: UTC });
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
    expect(advice.command).toBe("keepwarm start --tier 1h");
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

describe("the command that is advised", () => {
  const outcome = (billUsd: number) => ({
    billUsd,
    change: billUsd / 100 - 1,
    warms: 0,
    rescues: 0,
    spentUsd: 0,
    savedUsd: 0,
  });
  /** A past in which one option was much better than all others. */
  function pastOf(policy: PolicyName, tier: Option["tier"], tiers: WhatIf["tiers"]): WhatIf {
    const options = POLICIES.flatMap((name) =>
      (["5m", "1h", "chosen"] as const)
        .filter((one) => one !== "chosen" || name === "auto")
        .map((one): Option => {
          const billUsd = name === policy && one === tier ? 50 : name === "perfect foresight" ? 40 : 90;
          return { policy: name, tier: one, outcome: { open: outcome(billUsd), closed: outcome(billUsd) } };
        }),
    );
    return { conversations: tiers["5m"] + tiers["1h"], tiers, presentUsd: 100, options };
  }

  /** What `keepwarm start` makes of it. */
  function settingsFrom(command: string | null): Partial<Settings> {
    const [keepwarm, name, ...words] = (command ?? "").match(/"[^"]*"|\S+/g) ?? [];
    expect([keepwarm, name]).toEqual(["keepwarm", "start"]);
    const start = startCommand();
    const { operands, unknown } = start.parseOptions(words.map((word) => word.replaceAll('"', "")));
    expect([...operands, ...unknown]).toEqual([]);
    const { settings } = loadConfig({ flags: start.opts(), env: { KEEPWARM_HOME: "/nowhere" } });
    const { enableNew, keepWarm, tier } = settings;
    return { enableNew, keepWarm, tier };
  }

  const CASES = POLICIES.filter((policy) => policy !== "perfect foresight").flatMap((policy) =>
    (["5m", "1h", "chosen"] as const)
      .filter((tier) => tier !== "chosen" || policy === "auto")
      .map((tier) => ({ policy, tier })),
  );

  it.each(CASES)("does just that: $policy on $tier", ({ policy, tier }) => {
    const advice = adviceFrom(pastOf(policy, tier, { "5m": 7, "1h": 3 }), 100);
    expect(advice).toMatchObject({ policy, tier, savedUsd: 50, savedShare: 0.5 });
    expect(settingsFrom(advice.command)).toEqual({
      enableNew: policy !== "never",
      keepWarm: policy === "never" ? "auto" : policy,
      tier: tier === "chosen" ? "auto" : tier,
    });
  });

  it("leaves the lifetime to the client only where all was written so already", () => {
    const commandFor = (tiers: WhatIf["tiers"]) => adviceFrom(pastOf("auto", "1h", tiers), 100).command;
    expect(commandFor({ "5m": 0, "1h": 10 })).toBe("keepwarm start --enable-new");
    expect(commandFor({ "5m": 1, "1h": 9 })).toBe("keepwarm start --enable-new --tier 1h");
  });

  it("is none where nothing is worth a hundredth", () => {
    const past = pastOf("auto", "5m", { "5m": 10, "1h": 0 });
    const flat = past.options.map((one) => ({
      ...one,
      outcome: { open: outcome(99.5), closed: outcome(99.5) },
    }));
    expect(adviceFrom({ ...past, options: flat }, 100)).toMatchObject({ kind: "nothing", command: null });
  });

  it("says what more is in it where ends of conversations are known", () => {
    const past = pastOf("auto", "5m", { "5m": 10, "1h": 0 });
    const known = past.options.map((one) => ({ ...one, outcome: { ...one.outcome, closed: outcome(40) } }));
    expect(adviceFrom({ ...past, options: known }, 100).sentences.join(" ")).toContain("Up to $60.00");
    expect(adviceFrom(past, 100).sentences.join(" ")).not.toContain("Up to");
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

it("teaches the policy what a warmer that had watched them would have learned", () => {
  const reasons = {
    e: { stopReason: "end_turn" },
    t: { stopReason: "tool_use" },
    q: { stopReason: "tool_use", asksPerson: true },
    s: { stopReason: "stop_sequence" },
    m: { stopReason: "max_tokens" },
    p: { stopReason: "pause_turn" },
  };
  const stops = Object.keys(reasons) as (keyof typeof reasons)[];
  const calls = Array.from({ length: 40 }, (_, index) =>
    callAt(index * (index % 5 === 0 ? 1 : 9), { stop: stops[index % stops.length] ?? "e" }),
  ).toSorted((a, b) => a.startedAt - b.startedAt);
  const live = createHistory();
  for (const call of calls) {
    live.started("a", call.startedAt);
    const stop = stopKindOf(reasons[call.stop as keyof typeof reasons]);
    live.settled("a", call.endedAt, { stop, promptTokens: 100_000 });
  }
  const now = (calls.at(-1)?.startedAt ?? 0) + HOUR;
  const seeded = gapHistoryOf([recordingOf(conversation(calls))], now).summary();
  expect(seeded).toEqual(live.activityOf("b", now).person);
  expect(seeded.tool_use.returned.some((count) => count > 0)).toBe(true);
  expect(seeded.question.returned.some((count) => count > 0)).toBe(true);
  expect(seeded.other.returned.some((count) => count > 0)).toBe(true);
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
