import { describe, expect, it } from "vitest";
import { statusReport } from "../../src/cli/status-report.ts";
import type { ConversationView, GatewayInfo } from "../../src/hub/index.ts";
import {
  aConversation as anyConversation,
  controlledInMemory,
  NOON,
} from "../support/controlled-in-memory.ts";

/** One of which no folder is known, unless it is said: called by its id. */
const aConversation: typeof anyConversation = (view) => anyConversation({ folder: null, run: null, ...view });
const gateway = controlledInMemory().info();

function report(
  conversations: readonly ConversationView[],
  info: Partial<GatewayInfo> = {},
  width = 200,
): string {
  return statusReport({ gateway: { ...gateway, ...info }, conversations }, NOON, width);
}

describe("keepwarm status", () => {
  it("groups conversations by what they are doing, and says when the next warm is due and why there is none", () => {
    const conversations = [
      aConversation({ id: "new", enabled: false, phase: "off", lastTurnAt: NOON - 500 }),
      aConversation({
        id: "refactoring",
        nextWarmAt: NOON + 200_000,
        lastPct: 98,
        lastTurnAt: NOON - 360_000,
      }),
      aConversation({
        id: "cold one",
        phase: "stopped",
        why: "The last warm found the cache cold: it wrote 48000 tokens and read 0.",
        lastPct: 0,
        lastTurnAt: NOON - 7_500_000,
        modelName: "claude-haiku-4-5",
      }),
      aConversation({ id: "review", nextWarmAt: NOON + 59_400, lastPct: 100, lastTurnAt: NOON - 220_000 }),
      aConversation({
        id: "away",
        phase: "lapsed",
        why: "The cache entry has expired.",
        lastTurnAt: NOON - 90_000_000,
      }),
      aConversation({ id: "busy", phase: "generating", lastTurnAt: NOON - 3_000, modelName: null }),
      aConversation({ id: "sending", phase: "warming", lastTurnAt: NOON - 281_000 }),
      aConversation({
        id: "waiting",
        why: "Waiting for a turn: there is no prefix to keep warm yet.",
        lastTurnAt: null,
      }),
    ];
    expect(report(conversations)).toMatchInlineSnapshot(`
      "keepwarm 0.1.0, process 4321, up 1h
      http://127.0.0.1:4777 → https://api.anthropic.com
      new conversations start off · 1.5 of 256 MB held

        conversation  next warm    cache  keep warm  interval  last turn   model
      Generating (1)
        busy          —                —  auto       auto      3s ago      —
      Warm (3)
        sending       warming          —  auto       auto      4m 41s ago  claude-opus-5-5
        review        in 59s     —/100 %  auto       auto      3m 40s ago  claude-opus-5-5
        refactoring   in 3m 20s   —/98 %  auto       auto      6m ago      claude-opus-5-5
      Waiting (1)
        waiting       —                —  auto       auto      —           claude-opus-5-5
          Waiting for a turn: there is no prefix to keep warm yet.
      Lapsed (1)
        away          —                —  auto       auto      1d 1h ago   claude-opus-5-5
          The cache entry has expired.
      Stopped (1)
        cold one      —            —/0 %  auto       auto      2h 5m ago   claude-haiku-4-5
          The last warm found the cache cold: it wrote 48000 tokens and read 0.
      Off (1)
        new           —                —  auto       auto      just now    claude-opus-5-5"
    `);
  });

  it("tells what the gateway is doing besides", () => {
    const runs = [
      { runId: "1", pid: 1, command: "claude", cwd: null, startedAt: NOON },
      { runId: "2", pid: 2, command: "aider", cwd: null, startedAt: NOON },
    ];
    expect(report([], { enableNew: true, runs, warmsInFlight: 2, heldBytes: 0 })).toMatchInlineSnapshot(`
      "keepwarm 0.1.0, process 4321, up 1h
      http://127.0.0.1:4777 → https://api.anthropic.com
      new conversations start on · 0 of 256 MB held · 2 warms under way · running claude, aider

      No conversation is open: point an agent at the gateway.
        keepwarm run -- claude, or ANTHROPIC_BASE_URL=http://127.0.0.1:4777"
    `);
  });

  it("shows an unnamed conversation as far as it takes to tell it from the others", () => {
    const uuid = "3f2a1c08-59f4-4f0e-9d8c-1b2a3c4d5e6f";
    const id = `keepwarm-thread-${uuid}`;
    const alone = report([aConversation({ id, named: false })]);
    expect(alone).toMatch(/^ {2}3f2a1c08 /m);
    expect(alone).not.toContain(uuid);
    const twin = aConversation({ id: `keepwarm-thread-3f2a1c08-0000`, named: false });
    expect(report([aConversation({ id, named: false }), twin])).toContain(uuid);
  });

  it("shows nothing to the terminal that it would take as a command", () => {
    const evil = "\u001b[2Jgone\u0007\u202e";
    const said = report([aConversation({ id: evil, modelName: evil, why: evil })], {
      version: evil,
      gatewayUrl: evil,
      upstream: evil,
      runs: [{ runId: evil, pid: 1, command: evil, cwd: null, startedAt: NOON }],
    });
    expect(said).not.toContain("\u001b");
    expect(said).not.toContain("\u0007");
    expect(said).not.toContain("\u202e");
    expect(said).toContain("gone");
  });

  const money = {
    spentUsd: 0.12,
    savedUsd: 1.36,
    netUsd: 1.24,
    warms: 9,
    rescues: 2,
    unpricedWarms: 0,
  };

  /** Rows of a table as wide as `width`, which every line of it must keep to. */
  function rowsAt(width: number): string[] {
    const conversations = [
      anyConversation({
        id: "0f6e8a2c-1b2a-4c4d-8e8f-001122334455",
        folder: "a-project-with-a-rather-long-name",
        run: { runId: "1", command: "claude" },
        nextWarmAt: NOON + 200_000,
        lastTurnPct: 98,
        lastPct: 100,
        lastTurnAt: NOON - 80_000,
        intervalMs: 60_000,
        intervalChosen: true,
        keepWarm: "2h",
        money,
      }),
      aConversation({ id: "chat", money: { ...money, savedUsd: 0, netUsd: -0.12 } }),
    ];
    const lines = statusReport({ gateway, conversations }, NOON, width).split("\n").slice(4);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
    return lines;
  }

  it.each([
    [60, ["conversation", "next warm", "cache", "net"]],
    [80, ["conversation", "next warm", "cache", "net", "keep warm", "interval"]],
    [
      120,
      [
        ...["conversation", "next warm", "cache", "spent", "saved", "net", "keep warm", "interval"],
        ...["last turn", "model"],
      ],
    ],
    [
      200,
      [
        ...["conversation", "next warm", "cache", "spent", "saved", "net", "keep warm", "interval"],
        ...["last turn", "model", "program", "id"],
      ],
    ],
  ])("keeps to a terminal of %i columns, and to what matters most", (width, titles) => {
    expect(rowsAt(width)[0]?.trim().split(/ {2,}/)).toEqual(titles);
  });

  it("shows money, choices and the command it belongs to, and sums up what came of it", () => {
    const lines = rowsAt(200);
    expect(lines[2]?.trim().split(/ {2,}/)).toEqual([
      ...["a-project-with-a-rather-long-name", "in 3m 20s", "98/100 %", "$0.12", "$1.36", "+$1.24"],
      ...["2h", "1m", "1m 20s ago", "claude-opus-5-5", "claude", "0f6e8a2c"],
    ]);
    expect(lines.at(-1)).toBe("spent $0.24 · saved $1.36 · net +$1.12");
  });

  it("tells which programs keep conversations warm themselves, and which those are", () => {
    const host = { host: "pi", pid: 7, version: "0.1.0", since: NOON, conversations: 1 };
    const said = report([aConversation({ id: "chat", host: "pi" }), aConversation({ id: "other" })], {
      hosts: [host, { ...host, pid: 8 }],
    });
    expect(said).toContain(" held · inside pi\n");
    expect(said).toMatch(/^ {2}chat .* claude-opus-5-5 {2}pi$/m);
    expect(said).toMatch(/^ {2}other .* claude-opus-5-5 {2}—$/m);
  });

  it("tells conversations in one folder by their ids too", () => {
    const said = report([
      aConversation({ id: "a1", folder: "cathedral" }),
      aConversation({ id: "b2", folder: "cathedral" }),
      aConversation({ id: "c3", folder: "bazaar" }),
    ]);
    expect(said).toMatch(/^ {2}cathedral a1 .*\n {2}cathedral b2 .*\n {2}bazaar /m);
  });

  it("shows what the TTL makes of an interval that is longer", () => {
    const view = { intervalMs: 600_000, intervalChosen: true };
    const said = report([
      aConversation({ id: "short", ...view, ttlMs: 300_000 }),
      aConversation({ id: "hour", ...view, ttlMs: 3_600_000 }),
      aConversation({ id: "unknown", ...view, ttlMs: null }),
    ]);
    expect(said).toMatch(/^ {2}short .* 10m→4m 40s /m);
    expect(said).toMatch(/^ {2}hour .* 10m {2}/m);
    expect(said).toMatch(/^ {2}unknown .* 10m {2}/m);
  });

  it("says in a line which cache lifetime would be cheapest, and whether it is applied", () => {
    const relativeCost = { "5m alone": 1, "5m + warms": 0.787, "1h alone": 0.83, "1h + warms": 0.8 };
    const tier = {
      set: null,
      modelName: "claude-opus-5-5",
      cheapest: "5m + warms",
      relativeCost,
      isOwn: false,
    };
    const line = (view: Partial<Omit<typeof tier, "set">> & { set?: string | null }) =>
      report([], { tier: { ...tier, ...view } }, 200)
        .split("\n")
        .find((one) => one.startsWith("cache lifetime"));
    // What most people's pauses advise is no news to anybody.
    expect(line({})).toBeUndefined();
    expect(line({ set: "5m" })).toBe(
      "cache lifetime 5m · cheapest for claude-opus-5-5: 5m + warms, 21 % less than 5m alone (by most people's pauses, as yours are not known well yet)",
    );
    expect(line({ isOwn: true, cheapest: "5m alone" })).toBe(
      "cache lifetime as sent · cheapest for claude-opus-5-5: 5m alone (by your own pauses)",
    );
    expect(report([], { tier: { ...tier, set: "auto" } })).toContain("cache lifetime auto · ");
    expect(report([], { tier: null })).not.toContain("cache lifetime");
  });

  it("is no wider than the terminal, sentences and all", () => {
    const why = `Not worth a warm: ${"3.1 % chance of a return 5 to 10 minutes from now, if not sooner; ".repeat(3)}`;
    const runs = [1, 2, 3, 4].map((pid) => ({
      runId: `${pid}`,
      pid,
      command: `agent-${pid}`,
      cwd: null,
      startedAt: NOON,
    }));
    const tier = {
      set: "auto",
      modelName: "claude-opus-5-5",
      cheapest: "5m + warms",
      relativeCost: {},
      isOwn: true,
    };
    const said = report([aConversation({ id: "one", why })], { runs, tier }, 60);
    expect(Math.max(...said.split("\n").map((line) => line.length))).toBeLessThanOrEqual(60);
    expect(said.replaceAll(/\s+/g, " ")).toContain(why.trim());
  });
});
