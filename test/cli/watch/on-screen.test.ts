import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import type { Keys } from "../../../src/cli/watch/keys.ts";
import { showOnScreen } from "../../../src/cli/watch/on-screen.ts";
import type { ConsoleEvent, ConversationView, GatewayRecord, HistoryEntry } from "../../../src/hub/index.ts";
import { aSnapshot, NO_MONEY } from "../../support/console-events.ts";
import { aConversation as anyConversation, NOON } from "../../support/controlled-in-memory.ts";
import { terminalScreen } from "../../support/terminal-screen.ts";
import { createVirtualClock } from "../../support/virtual-clock.ts";

beforeEach(() => {
  vi.stubEnv("NO_COLOR", "1");
  vi.stubEnv("TZ", "UTC");
  onTestFinished(() => void vi.unstubAllEnvs());
});

const aConversation: typeof anyConversation = (view) => anyConversation({ folder: null, run: null, ...view });
const THERE = { gatewayUrl: "http://127.0.0.1:4777" } as GatewayRecord;

/** A terminal that somebody watches, with these conversations open. */
async function aWatch({ columns = 80, rows = 16, open = [] as readonly ConversationView[] } = {}) {
  const clock = createVirtualClock(NOON);
  const terminal = terminalScreen(columns, rows);
  const done: string[] = [];
  let press: (key: string) => void = () => {};
  const keys: Keys = {
    hear: (onKey) => {
      press = onKey;
    },
    release: () => {
      press = () => {};
      done.push("keys released");
    },
  };
  const screen = showOnScreen({
    terminal,
    keys,
    now: clock.now,
    timers: clock.timers,
    onEnough: () => done.push("enough"),
    onSuspend: () => done.push("suspend"),
  });
  screen.enter();
  screen.onThere(THERE);
  const tell = (...conversations: ConversationView[]) =>
    screen.onEvent({ type: "conversations", id: null, data: { conversations } });
  screen.onEvent(aSnapshot());
  tell(...open);
  screen.onEvent({ type: "live", id: "1", data: { now: NOON } });
  await clock.pass(50);
  return { clock, terminal, screen, done, tell, press: (key: string) => press(key) };
}

const chat = aConversation({ id: "chat", nextWarmAt: NOON + 200_000, lastTurnPct: 91, lastPct: 98 });

describe("keepwarm watch on a terminal", () => {
  it("shows the gateway, its money and its conversations, and how it is ended", async () => {
    const { terminal } = await aWatch({ open: [chat] });
    expect(terminal.isAlternate()).toBe(true);
    expect(terminal.shown()).toEqual([
      "keepwarm 0.1.0, up 1h  http://127.0.0.1:4777 → https://api.anthropic.com",
      "today spent $0.00 · saved $0.00 · net $0.00 · in all net $0.00",
      "",
      "  conversation  next warm    cache  keep warm  interval  model",
      "Warm (1)",
      "  chat          in 3m 20s  91/98 %  auto       auto      claude-opus-5-5",
      ...Array<string>(9).fill(""),
      "q ends it",
    ]);
  });

  it("counts down by itself, by the clock's own seconds, and writes no more than what changes", async () => {
    const { terminal, clock } = await aWatch({ open: [chat] });
    terminal.written.length = 0;
    await clock.pass(10_000);
    expect(terminal.shown()[5]).toContain("in 3m 10s");
    expect(terminal.written).toHaveLength(10);
    for (const piece of terminal.written) expect(piece).toMatch(/^.{0,20}\[6;1H {2}chat .*$/su);
  });

  it("shows what has changed a moment later, however many changes there are", async () => {
    const { terminal, clock, tell } = await aWatch({ open: [chat] });
    terminal.written.length = 0;
    for (let pct = 1; pct <= 90; pct += 1) tell({ ...chat, lastPct: pct });
    expect(terminal.written).toEqual([]);
    await clock.pass(50);
    expect(terminal.shown()[5]).toContain("91/90 %");
    expect(terminal.written).toHaveLength(1);
  });

  it("goes on showing while changes come without end", async () => {
    const { terminal, clock, tell } = await aWatch({ open: [chat] });
    terminal.written.length = 0;
    for (let pct = 1; pct <= 50; pct += 1) {
      tell({ ...chat, lastPct: pct });
      await clock.pass(20);
    }
    expect(terminal.written.length).toBeGreaterThan(20);
    expect(terminal.shown()[5]).toMatch(/91\/(49|50) %/);
  });

  it("keeps what it knows through another snapshot until that is complete", async () => {
    const { terminal, clock, tell, screen } = await aWatch({ open: [chat, { ...chat, id: "other" }] });
    screen.onEvent(aSnapshot());
    tell(chat);
    await clock.pass(500);
    expect(terminal.shown().join()).toContain("other");
    screen.onEvent({ type: "live", id: "2", data: { now: NOON } });
    await clock.pass(50);
    expect(terminal.shown().join()).not.toContain("other");
  });

  it("tells what happens, the latest last", async () => {
    const { terminal, clock, screen } = await aWatch({ open: [chat] });
    const usage = { inputTokens: 100, outputTokens: 0, cacheReadTokens: 98, cacheWriteTokens: 2 };
    const entries: HistoryEntry[] = [
      { kind: "switch", seq: 1, at: NOON - 1_000, enabled: true },
      {
        ...{ kind: "warm", seq: 2, at: NOON, outcome: "hit", ttlMs: 300_000, usage, costUsd: 0.002 },
        ...{ policy: "auto", foreign: false },
      },
      {
        ...{ kind: "turn", seq: 3, at: NOON + 1_000, modelName: null, ttlMs: 300_000, usage, costUsd: 0.01 },
        ...{ found: "rescued", savedUsd: 0.5, stopReason: "end_turn" },
      },
    ];
    const history: ConsoleEvent = {
      type: "history",
      id: "2",
      data: { entries: entries.map((entry) => ({ conversationId: "chat", entry })) },
    };
    screen.onEvent(history);
    await clock.pass(50);
    expect(terminal.shown().slice(-6)).toEqual([
      "",
      "Lately",
      "  08:59:59  chat  switched on",
      "  09:00:00  chat  warmed: 98 % read from the cache, $0.0020",
      "  09:00:01  chat  turn: 98 % read from the cache, $0.0100, saved $0.50",
      "q ends it",
    ]);
  });

  it("says that the gateway has gone, that nothing is due, and that it is there again", async () => {
    const { terminal, clock, screen } = await aWatch({ open: [chat] });
    screen.onGone("the gateway has gone");
    expect(terminal.shown().slice(0, 6)).toEqual([
      "keepwarm 0.1.0  http://127.0.0.1:4777 → https://api.anthropic.com",
      "today spent $0.00 · saved $0.00 · net $0.00 · in all net $0.00",
      "09:00:00  the gateway has gone: waiting for the next one (keepwarm start)",
      "",
      "  conversation  next warm    cache  keep warm  interval  model",
      "Waiting (1)",
    ]);
    await clock.pass(5_000);
    screen.onGone("something else answers there");
    expect(terminal.shown()[2]).toMatch(/^09:00:00 {2}something else answers there: /);
    screen.onThere(THERE);
    await clock.pass(50);
    expect(terminal.shown().join()).not.toContain("waiting");
    expect(terminal.shown().join()).toContain("Warm (1)");
  });

  it("shows what is wrong with the gateway", async () => {
    const { terminal, clock, screen } = await aWatch();
    const { health } = aSnapshot().data;
    const problem = { about: "upstream", since: NOON, sentence: "The upstream does not answer." } as const;
    screen.onEvent({ type: "health", id: "2", data: { ...health, ok: false, problems: [problem] } });
    await clock.pass(50);
    expect(terminal.shown()[2]).toBe("The upstream does not answer.");
  });

  it("follows the terminal's size, and never writes over its edge", async () => {
    const long = aConversation({
      id: "a-conversation-with-a-rather-long-name",
      why: "Not worth a warm: 3.1 % chance of a return 20 to 78 seconds from now, if not sooner; a warm costs $0.0020.",
      money: { ...NO_MONEY, spentUsd: 0.12 },
    });
    const { terminal } = await aWatch({ columns: 200, rows: 30, open: [chat, long] });
    for (const [columns, rows] of [
      [120, 10],
      [80, 24],
      [60, 12],
      [30, 5],
      [10, 2],
      [1, 1],
      [100, 20],
    ] as const) {
      terminal.resize(columns, rows);
      expect(terminal.shown().length).toBeLessThanOrEqual(rows);
      expect(terminal.shown().join()).not.toContain("garbage");
    }
    expect(terminal.shown()[0]).toMatch(/^keepwarm 0\.1\.0/);
  });

  it("scrolls by keys through conversations that it has no room for, and not beyond", async () => {
    const open = Array.from({ length: 30 }, (_, index) =>
      aConversation({ id: `c${String(index).padStart(2, "0")}`, nextWarmAt: NOON + 200_000 + index * 1_000 }),
    );
    const { terminal, press } = await aWatch({ open, rows: 14 });
    const first = () => terminal.shown()[3]?.trim().split(" ")[0];
    expect(terminal.shown().at(-1)).toBe("q ends it · ↑ ↓ lines 1–10 of 32");
    press("down");
    press("j");
    expect(first()).toBe("c00");
    press("up");
    press("k");
    press("k");
    expect(first()).toBe("conversation");
    press("pagedown");
    expect(first()).toBe("c08");
    press("end");
    expect(terminal.shown().at(-1)).toBe("q ends it · ↑ ↓ lines 23–32 of 32");
    press("down");
    press("space");
    expect(first()).toBe("c20");
    press("home");
    expect(first()).toBe("conversation");
    press("x");
    expect(first()).toBe("conversation");
  });

  it("ends when its person says so", async () => {
    const { press, done } = await aWatch();
    for (const key of ["q", "ctrl-c", "ctrl-d"]) press(key);
    expect(done).toEqual(["enough", "enough", "enough"]);
  });

  it("gives the terminal back as it was, and leaves nothing behind", async () => {
    const { terminal, screen, done, clock } = await aWatch({ open: [chat] });
    screen.leave();
    screen.leave();
    expect([terminal.isAlternate(), terminal.isCursorShown()]).toEqual([false, true]);
    expect(done).toContain("keys released");
    terminal.written.length = 0;
    terminal.resize(50, 10);
    await clock.pass(5_000);
    expect(terminal.written).toEqual([]);
    expect(clock.liveTimers()).toBe(0);
  });

  it("lets its person go back to the shell for a while, and goes on afterwards", async () => {
    const { terminal, screen, press, done, clock } = await aWatch({ open: [chat] });
    press("ctrl-z");
    expect(done).toEqual(["suspend"]);
    screen.leave();
    clock.stop(60_000);
    screen.enter();
    expect(terminal.shown()[5]).toContain("in 2m 20s");
    press("q");
    expect(done.at(-1)).toBe("enough");
  });
});
