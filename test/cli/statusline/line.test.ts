import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { PLACEHOLDERS } from "../../../src/cli/statusline/format.ts";
import { lineOf } from "../../../src/cli/statusline/line.ts";
import type { ConversationView } from "../../../src/hub/index.ts";
import { aConversation, NOON } from "../../support/controlled-in-memory.ts";

beforeEach(() => {
  vi.stubEnv("NO_COLOR", "1");
  vi.stubEnv("FORCE_COLOR", undefined);
  onTestFinished(() => void vi.unstubAllEnvs());
});

const money = (spentUsd: number, savedUsd: number) => ({
  spentUsd,
  savedUsd,
  netUsd: savedUsd - spentUsd,
  warms: 3,
  rescues: 1,
  unpricedWarms: 0,
});

const warm = aConversation({
  id: "0f6e8a2c-1b2a-4c4d-8e8f-001122334455",
  folder: "cathedral",
  nextWarmAt: NOON + 192_000,
  lastTurnPct: 91,
  lastPct: 98,
  money: money(0.12, 1.36),
});

const line = (...views: ConversationView[]) => lineOf(views, { all: views, now: NOON });

describe("the status line of one conversation", () => {
  it("counts down to the next warm, and tells what the last one read and what all of them came to", () => {
    expect(line(warm)).toBe("warm 3:12 · 98 % · net $1.24");
  });

  it.each([
    [0, "warm 0:00"],
    [-5_000, "warm 0:00"],
    [1, "warm 0:01"],
    [59_001, "warm 1:00"],
    [3_480_000, "warm 58:00"],
    [3_723_000, "warm 1:02:03"],
    [86_400_000, "warm 24:00:00"],
  ])("%i ms before it is due, says %s", (leftMs, said) => {
    expect(line({ ...warm, nextWarmAt: NOON + leftMs, lastPct: null, lastTurnPct: null, money: null })).toBe(
      said,
    );
  });

  it.each([
    ["is being warmed", { phase: "warming", nextWarmAt: null }, "warming · 98 % · net $1.24"],
    ["takes its turn", { phase: "generating", nextWarmAt: null }, "keepwarm on · 98 % · net $1.24"],
    ["waits for a reason to be warmed", { nextWarmAt: null }, "keepwarm on · 98 % · net $1.24"],
    ["has lapsed", { phase: "lapsed", nextWarmAt: null }, "cache lapsed · net $1.24"],
    ["has stopped", { phase: "stopped", nextWarmAt: null }, "warming stopped · net $1.24"],
    ["is off", { phase: "off", enabled: false, nextWarmAt: null }, "keepwarm off · net $1.24"],
    ["is off in a turn", { phase: "generating", enabled: false }, "keepwarm off · net $1.24"],
  ] as const)("says so when it %s", (_, view, said) => {
    expect(line({ ...warm, ...view })).toBe(said);
  });

  it("tells of the last turn while nothing was warmed, and nothing that is not known", () => {
    expect(line({ ...warm, lastPct: null, money: null })).toBe("warm 3:12 · 91 %");
    expect(line({ ...warm, lastPct: null, lastTurnPct: null, money: null })).toBe("warm 3:12");
  });

  it("tells a loss as one", () => {
    expect(line({ ...warm, money: money(0.31, 0) })).toBe("warm 3:12 · 98 % · net −$0.31");
  });

  it("has colour only where that is asked for", () => {
    vi.stubEnv("NO_COLOR", undefined);
    vi.stubEnv("FORCE_COLOR", "1");
    expect(line(warm)).toBe("\u001b[32mwarm 3:12\u001b[39m · 98 % · net $1.24");
  });
});

describe("the status line of several", () => {
  it("counts those that will be warmed, down to the soonest, and sums up those that are on", () => {
    const soon = aConversation({ id: "soon", nextWarmAt: NOON + 72_000, money: money(0.1, 0) });
    const busy = aConversation({ id: "busy", phase: "generating", money: money(0, 2) });
    const off = aConversation({ id: "off", phase: "off", enabled: false, money: money(50, 0) });
    expect(line(warm, soon, busy, off)).toBe("2 warm, next 1:12 · net $3.14");
    expect(line(busy, { ...busy, id: "b", money: null })).toBe("keepwarm 2 on · net $2.00");
  });

  it("says of those that are on and not warmed any more that they are not", () => {
    const stopped = aConversation({ id: "stopped", phase: "stopped", money: null });
    const lapsed = aConversation({ id: "lapsed", phase: "lapsed", money: null });
    const busy = aConversation({ id: "busy", phase: "generating", money: null });
    expect(line(stopped, { ...stopped, id: "b" })).toBe("keepwarm 2 stopped");
    expect(line(stopped, lapsed, { ...lapsed, id: "b" })).toBe("keepwarm 2 lapsed, 1 stopped");
    expect(line(stopped, busy)).toBe("keepwarm 1 on, 1 stopped");
    const state = (...views: ConversationView[]) =>
      lineOf(views, { all: views, now: NOON, format: "{state}" });
    expect(state(stopped, { ...stopped, id: "b" })).toBe("stopped");
    expect(state(stopped, busy)).toBe("on");
  });

  it("is that of the only one that is on, and says off where none is", () => {
    const off = aConversation({ id: "off", phase: "off", enabled: false });
    expect(line(off, warm)).toBe("warm 3:12 · 98 % · net $1.24");
    expect(line(off, { ...off, id: "b" })).toBe("keepwarm off");
  });

  it("is nothing where there is none", () => {
    expect(line()).toBeNull();
  });
});

describe("a status line's format", () => {
  const say = (format: string, ...views: ConversationView[]) =>
    lineOf(views, { all: views, now: NOON, format });

  it("has a place for each thing there is to tell", () => {
    const format = Object.keys(PLACEHOLDERS)
      .map((name) => `${name}={${name}}`)
      .join(" | ");
    const view = { ...warm, intervalMs: 60_000, intervalChosen: true, keepWarm: "2h" };
    expect(say(format, view)).toBe(
      "line=warm 3:12 · 98 % · net $1.24 | state=warm | next=3:12 | turn=91 % | warm=98 % | cache=98 % | " +
        "spent=$0.12 | saved=$1.36 | net=$1.24 | name=cathedral | model=claude-opus-5-5 | every=1m | for=2h | count=1",
    );
  });

  it("shows a dash for what is not known, and leaves alone what is no place", () => {
    const unknown = { ...warm, nextWarmAt: null, lastPct: null, money: null, modelName: null };
    expect(say("{next} {warm} {net} {model} {} {a b} #[fg=green]%", unknown)).toBe(
      "– – – – {} {a b} #[fg=green]%",
    );
    expect(say("{next} {net} {name} {count}", warm, { ...warm, id: "b", nextWarmAt: NOON })).toBe(
      "0:00 $2.48 – 2",
    );
  });

  it("shows nothing that a terminal would take as a command", () => {
    const evil = { ...warm, folder: "a\u001b[2Jb\u0007", modelName: "c\u202ed", keepWarm: "e\nf" };
    expect(say("{name} {model} {for}", evil)).toBe("ab  c d e f");
  });
});
