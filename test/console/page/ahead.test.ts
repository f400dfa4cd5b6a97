import { describe, expect, it, vi } from "vitest";
import { ceilingOf, warmsAhead } from "../../../src/console/page/conversation/ahead.ts";
import { whyNoWarm } from "../../../src/console/page/conversation/why-no-warm.ts";
import { waysToChange } from "../../../src/console/page/settings/meanings.ts";
import { rangeOf } from "../../../src/console/page/totals/range.ts";
import { cappedTo, intervalInForce } from "../../../src/console/page/words/interval.ts";
import type { SettingView } from "../../../src/hub/index.ts";
import { aConversation, NOON } from "../../support/controlled-in-memory.ts";

// Whatever the language of the machine that tests.
vi.hoisted(() => vi.stubGlobal("navigator", { languages: ["en-US"] }));

const warms = (count: number) => Array.from({ length: count }, (_, at) => ({ at, usd: 0.012 }));

describe("what is to come", () => {
  it("of a policy without an end is told by the day, and of any other as a sum", () => {
    const always = { warms: warms(308), warmsADay: 308.57, warmUsd: 0.012 };
    expect(warmsAhead(always)).toBe("warms if nobody comes, without an end: about $3.70 a day");
    expect(warmsAhead({ ...always, warmUsd: null })).toContain("309 warms a day");
    expect(warmsAhead({ warms: warms(3), warmsADay: null, warmUsd: 0.012 })).toBe(
      "3 warms if nobody comes, $0.036 in all",
    );
  });

  it("is drawn on a scale on which small chances can be seen", () => {
    expect([[0, 0.02], [0.06], [0.3], [0.49], []].map(ceilingOf)).toEqual([0.05, 0.1, 0.5, 1, 0.05]);
  });
});

describe("a warm by hand", () => {
  const view = aConversation({ id: "a", lapsesAt: NOON + 1 });

  it("may be asked for while the entry of one that is on lives", () => {
    expect(whyNoWarm(view, NOON)).toBeNull();
  });

  it.each([
    ["off", { enabled: false, phase: "off" as const }, /switch it on/],
    ["in a turn", { phase: "generating" as const }, /under way/],
    ["without anything cached", { lapsesAt: null }, /Nothing/],
    ["whose entry has lapsed", { lapsesAt: NOON }, /expired/],
  ])("is not offered for one that is %s, and why is said", (_, changes, why) => {
    expect(whyNoWarm({ ...view, ...changes }, NOON)).toMatch(why);
  });
});

describe("an interval", () => {
  it("that is longer than the entry can live is told as what it comes to", () => {
    const chosen = { intervalMs: 99_999_000, intervalChosen: true, ttlMs: 20_000 };
    expect(Math.round(cappedTo(chosen) ?? 0)).toBe(18_667);
    expect(Math.round(intervalInForce(chosen))).toBe(18_667);
    expect(cappedTo({ ...chosen, ttlMs: null })).toBeNull();
    expect(cappedTo({ ...chosen, intervalMs: 10_000 })).toBeNull();
  });
});

describe("a plot of days", () => {
  it("has its days in the middle, and is a week wide at least", () => {
    expect(rangeOf(1)).toEqual([-3.7, 3.7]);
    expect(rangeOf(10).map((end) => end.toFixed(1))).toEqual(["-0.7", "9.7"]);
  });
});

describe("the ways to change what the page cannot", () => {
  const setting = (name: string, changes: Partial<SettingView> = {}) =>
    ({ name, fixed: "why", origin: { from: "default", where: "default" }, ...changes }) as SettingView;
  const given = { from: "flag", where: "--ttl-5m" } as const;

  it("are said once, whichever settings they are for", () => {
    expect(waysToChange([setting("port"), setting("host"), setting("tier", { fixed: null })])).toEqual([
      expect.stringContaining("keepwarm config set <name> <value>"),
    ]);
    expect(waysToChange([setting("tier", { fixed: null })])).toEqual([]);
  });

  it("do not name the config file where a flag goes before it", () => {
    const [one, ...others] = waysToChange([setting("ttl5m", { origin: given })]);
    expect(one).toMatch(/flag/);
    expect(one).not.toContain("config set");
    expect(others).toEqual([]);
  });
});
