/** What the audit says a policy would have cost, held against what the emulator bills for just that. */
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { Pricing } from "../../src/audit/prices.ts";
import { recordingOf } from "../../src/audit/replay.ts";
import { whatIf } from "../../src/audit/what-if.ts";
import { adaptive, SHIPPED_PRIOR } from "../../src/policy/index.ts";
import {
  autoTally,
  type Count,
  indexActivities,
  policyArm,
  spansOf,
  termsOf,
} from "../../src/policy/lab/index.ts";
import { MINUTE_MS, rig } from "../emulator/harness.ts";
import { aHome, readAll } from "./world.ts";
import { writeClaudeCode } from "./written/claude-code.ts";
import { writeCodex } from "./written/codex.ts";
import { billOf, converse, every, GAPS_MS, type Had, type Model, type Tier } from "./written/emulated.ts";
import type { Session } from "./written/exchange.ts";
import { writeOpenCodeDatabase2 } from "./written/opencode.ts";
import { writePi } from "./written/pi.ts";

let home: string;
beforeEach(() => {
  home = aHome();
});

function sessionOf({ exchanges }: Had, id = "s1"): Session {
  return { id, cwd: "/home/someone/acme-shop", exchanges };
}

async function recordings() {
  const { conversations } = await readAll(home);
  return conversations.map(recordingOf);
}

const EVERY_MS = { "5m": 280_000, "1h": 3_480_000 };
/** Those that are due while so many minutes since the answer, 4 s after the request, are not over. */
const within = (minutes: number, tier: Tier) => Math.floor((minutes * MINUTE_MS + 4_000) / EVERY_MS[tier]);
/** What a rewrite costs above a read, in reads. */
const premium = (tier: Tier, read: number) => Math.floor(((tier === "5m" ? 1.25 : 2) - read) / read + 1e-9);

const PINGS: Readonly<Record<string, (tier: Tier, read: number) => number | undefined>> = {
  never: () => 0,
  "2 pings": () => 2,
  "30m": (tier) => within(30, tier),
  always: () => undefined,
  "break-even": premium,
};
const CASES = Object.keys(PINGS).flatMap((policy) =>
  (["5m", "1h"] as const).flatMap((tier) =>
    (["open", "closed"] as const).map((count) => ({ policy, tier, count })),
  ),
);

describe("what a policy would have cost is what the API bills for it", () => {
  it.each(CASES)("$policy on $tier, $count", async ({ policy, tier, count }) => {
    const had = await converse(await rig(), { gapsMs: GAPS_MS });
    const instead = await converse(await rig(), {
      gapsMs: GAPS_MS,
      tier: () => tier,
      pings: every(EVERY_MS[tier], PINGS[policy]?.(tier, 0.1)),
      isOpen: count === "open",
    });
    writeClaudeCode(join(home, ".claude"), sessionOf(had));
    const { options, presentUsd } = await whatIf(await recordings(), new Pricing());
    const outcome = options.find((one) => one.policy === policy && one.tier === tier)?.outcome[count];
    expect(presentUsd).toBeCloseTo(billOf(had), 10);
    expect(outcome?.billUsd).toBeCloseTo(billOf(instead), 10);
    expect(outcome?.warms).toBe(instead.pings.length);
    expect(outcome?.change).toBeCloseTo(billOf(instead) / billOf(had) - 1, 10);
  });

  it.each([
    ["pi", (session: Session) => writePi(join(home, ".pi/agent"), session)],
    ["Codex", (session: Session) => writeCodex(join(home, ".codex"), session)],
    [
      "OpenCode 2",
      (session: Session) => writeOpenCodeDatabase2(join(home, ".local/share/opencode"), [session]),
    ],
  ])("from a transcript of %s too", async (_, put) => {
    const had = await converse(await rig(), { gapsMs: GAPS_MS });
    const pings = every(EVERY_MS["5m"], 2);
    const instead = await converse(await rig(), { gapsMs: GAPS_MS, pings });
    put(sessionOf(had));
    const { options } = await whatIf(await recordings(), new Pricing());
    const option = options.find(({ policy, tier }) => policy === "2 pings" && tier === "5m");
    expect(option?.outcome.closed.billUsd).toBeCloseTo(billOf(instead), 10);
  });

  it("for conversations of models that are priced otherwise, each at its own", async () => {
    const models: readonly Model[] = ["claude-opus-4-5-20251101", "claude-opus-5-5"];
    const bills: number[] = [];
    for (const [index, model] of models.entries()) {
      const had = await converse(await rig(), { gapsMs: GAPS_MS, model });
      writeClaudeCode(join(home, ".claude"), sessionOf(had, `s${index}`));
      const read = index === 0 ? 0.1 : 0.05;
      const pings = every(EVERY_MS["5m"], premium("5m", read));
      bills.push(billOf(await converse(await rig(), { gapsMs: GAPS_MS, model, pings })));
    }
    const { options } = await whatIf(await recordings(), new Pricing());
    const option = options.find(({ policy, tier }) => policy === "break-even" && tier === "5m");
    expect(option?.outcome.closed.billUsd).toBeCloseTo((bills[0] ?? 0) + (bills[1] ?? 0), 10);
  });
});

describe("what auto would have cost is what the API bills for the warms that it decides on", () => {
  /** Its decisions, turn by turn, taken again. */
  async function decisions(count: Count) {
    const [recording] = await recordings();
    if (recording === undefined) throw new Error("nothing was read");
    const terms = { "5m": termsOf("5m", 0.1), "1h": termsOf("1h", 0.1) };
    const spans = spansOf(recording);
    const activityAt = indexActivities([recording], spans, [terms["5m"], terms["1h"]]);
    const arm = policyArm("auto", (facts) => adaptive(facts), activityAt);
    const chosen = new Map<number, { tier: Tier; warmsAt: readonly number[] }>();
    const setting = { terms, adaptive: arm, prior: SHIPPED_PRIOR, activityAt };
    autoTally([spans], count, setting, ({ span, tier, warmsAt }) =>
      chosen.set(span.index, { tier, warmsAt }),
    );
    const fixed = (tier: Tier) => spans.map((span) => arm.warmsAt(span, terms[tier], count));
    return { fixed, chosen };
  }

  it.each([
    ["5m", "open"],
    ["5m", "closed"],
    ["1h", "open"],
    ["1h", "closed"],
    ["chosen", "open"],
    ["chosen", "closed"],
  ] as const)("on %s, %s", async (tier, count) => {
    const gapsMs = [...GAPS_MS, ...GAPS_MS.toReversed()];
    const had = await converse(await rig(), { gapsMs });
    writeClaudeCode(join(home, ".claude"), sessionOf(had));
    const { fixed, chosen } = await decisions(count);
    const instead = await converse(await rig(), {
      gapsMs,
      tier: (turn) => (tier === "chosen" ? (chosen.get(turn)?.tier ?? "5m") : tier),
      pings: (turn) => (tier === "chosen" ? (chosen.get(turn)?.warmsAt ?? []) : (fixed(tier)[turn] ?? [])),
      isOpen: count === "open",
    });
    const { options } = await whatIf(await recordings(), new Pricing());
    const outcome = options.find((one) => one.policy === "auto" && one.tier === tier)?.outcome[count];
    expect(outcome?.warms).toBe(instead.pings.length);
    expect(outcome?.billUsd).toBeCloseTo(billOf(instead), 10);
  });
});
