import { EventEmitter } from "eventemitter3";
import { describe, expect, it } from "vitest";
import type { Host, HostEvents, RememberedTurn, SurfaceProvider } from "../src/host.ts";
import { activate } from "../src/plugin.ts";
import { createMemoryStorage } from "./support/memory-storage.ts";
import { createRecordingLogger, type RecordingLogger } from "./support/recording-logger.ts";
import { createVirtualClock, settled } from "./support/virtual-clock.ts";

const ID = "conversation-1";
const USAGE = { inputTokens: 1_000, outputTokens: 0, cacheReadTokens: 900, cacheWriteTokens: 50 };

interface World {
  readonly lastTurns?: () => Iterable<RememberedTurn>;
  readonly entries?: Map<string, string>;
  readonly logger?: RecordingLogger;
}

function setUp({ lastTurns, entries, logger = createRecordingLogger() }: World = {}) {
  const clock = createVirtualClock();
  const events = new EventEmitter<HostEvents>();
  const warmed: string[] = [];
  const providers = new Set<SurfaceProvider>();
  const storage = createMemoryStorage(clock, entries);
  const host: Host = {
    events,
    warmService: {
      async warm(conversationId, options) {
        warmed.push(conversationId);
        const { warmId } = options ?? {};
        events.emit("warmCompleted", {
          conversationId,
          usage: USAGE,
          ...(warmId === undefined ? {} : { warmId }),
        });
        return USAGE;
      },
    },
    storage,
    surfaces: {
      register(provider) {
        providers.add(provider);
        return () => void providers.delete(provider);
      },
    },
    logger,
    now: clock.now,
    monotonicNow: clock.monotonicNow,
    timers: clock.timers,
    ...(lastTurns === undefined ? {} : { lastTurns }),
  };
  const plugin = activate(host);
  const fields = () => plugin.surface.getSpec({ conversationId: ID }).fields;
  return { clock, events, warmed, providers, logger, storage, plugin, fields };
}

function throwing(): never {
  throw new Error("spool file broken");
}

function* brokenOff(): Generator<RememberedTurn> {
  yield { conversationId: ID, requestStartedAt: createVirtualClock().now() - 60_000, ttlMs: 300_000 };
  throwing();
}

function settle(events: EventEmitter<HostEvents>, clock: { now(): number }): void {
  events.emit("turnStarted", { conversationId: ID });
  events.emit("turnSettled", { conversationId: ID, requestStartedAt: clock.now(), ttlMs: 300_000 });
}

describe("a plugin in a host", () => {
  it("warms a conversation from its host's events alone, once its person has switched it on", async () => {
    const { clock, events, warmed, plugin } = setUp();
    await plugin.surface.invoke("cache-warming/toggle", undefined, { conversationId: ID });
    settle(events, clock);
    await clock.pass(600_000);
    expect(warmed).toEqual([ID, ID]);
  });

  it("warms nothing that nobody has switched on", async () => {
    const { clock, events, warmed } = setUp();
    settle(events, clock);
    await clock.pass(3_600_000);
    expect(warmed).toEqual([]);
  });

  it.each(["conversationClosed", "conversationDetached"] as const)("stops at %s", async (event) => {
    const { clock, events, warmed, plugin } = setUp();
    await plugin.warmer.setEnabled(ID, true);
    settle(events, clock);
    events.emit(event, { conversationId: ID });
    await clock.pass(3_600_000);
    expect(warmed).toEqual([]);
  });

  it("stops when the host says that the prefix has changed", async () => {
    const { clock, events, warmed, plugin, fields } = setUp();
    await plugin.warmer.setEnabled(ID, true);
    settle(events, clock);
    events.emit("conversationChanged", { conversationId: ID, invalidated: "it was compacted" });
    await clock.pass(3_600_000);
    expect(warmed).toEqual([]);
    expect(JSON.stringify(fields())).toContain("it was compacted");
  });

  it("re-arms after a restart what the host remembers and its person had switched on", async () => {
    const entries = new Map([[`settings:${ID}`, '{"enabled":true,"intervalMs":240000}']]);
    const startedAt = createVirtualClock().now() - 60_000;
    const lastTurns = [{ conversationId: ID, requestStartedAt: startedAt, ttlMs: 300_000 }];
    const { clock, warmed } = setUp({ lastTurns: () => lastTurns, entries });
    await clock.pass(230_000);
    expect(warmed).toEqual([ID]);
  });

  it.each([
    ["cannot be told at all", throwing],
    ["break off", brokenOff],
    ["are no turns", () => [null, undefined, 7, {}, { conversationId: 1 }] as unknown as RememberedTurn[]],
    ["are no list", () => 7 as unknown as RememberedTurn[]],
  ])("goes on when the host's last turns %s, and says so in the log", async (_, lastTurns) => {
    const { clock, events, warmed, plugin, logger } = setUp({ lastTurns });
    await plugin.warmer.setEnabled(ID, true);
    settle(events, clock);
    await clock.pass(290_000);
    expect(warmed).toEqual([ID]);
    expect([...logger.at("error"), ...logger.at("warn")]).not.toHaveLength(0);
    plugin.dispose();
    expect(events.eventNames()).toEqual([]);
  });

  it("re-arms what the host told before its last turns broke off, and loads the rest of what is stored", async () => {
    const on = '{"enabled":true,"intervalMs":240000}';
    const entries = new Map([ID, "other"].map((id) => [`settings:${id}`, on]));
    const { clock, warmed, plugin } = setUp({ lastTurns: brokenOff, entries });
    await clock.pass(230_000);
    expect(warmed).toEqual([ID]);
    expect(plugin.warmer.getState("other").enabled).toBe(true);
  });

  it("credits a warm against what the host remembers, and shows it as soon as a price is known", async () => {
    const entries = new Map([[`settings:${ID}`, '{"enabled":true,"intervalMs":240000}']]);
    const requestStartedAt = createVirtualClock().now() - 60_000;
    const lastTurns = [{ conversationId: ID, requestStartedAt, ttlMs: 300_000, usage: USAGE }];
    const { clock, events, plugin, fields } = setUp({ lastTurns: () => lastTurns, entries });
    await clock.pass(250_000);
    const request = { conversationId: ID, startedAt: clock.now(), usage: USAGE, ttlMs: 300_000 };
    events.emit("requestAnswered", request);
    expect(plugin.ledger.figuresOf(ID)).toMatchObject({
      requests: 1,
      warms: 1,
      rescued: 1,
      warmsUnpriced: 1,
    });
    expect(JSON.stringify(fields())).not.toContain("Spent");
    events.emit("warmCompleted", { conversationId: ID, usage: USAGE, costUsd: 0.5 });
    expect(fields()).toContainEqual({ kind: "stat", label: "Spent", value: "$0.50" });
    expect(fields()).toContainEqual({ kind: "stat", label: "Net", value: "−$0.50" });
  });

  it("is not thrown at by its own listener when a warm is reported without its usage", () => {
    const { events } = setUp();
    expect(() => events.emit("warmCompleted", { conversationId: ID } as never)).not.toThrow();
  });

  it("works on with a logger that throws", async () => {
    const logger = createRecordingLogger();
    for (const level of ["debug", "info", "warn", "error"] as const) {
      logger[level] = () => {
        throw new Error("log full");
      };
    }
    const { clock, events, warmed, plugin } = setUp({ logger, lastTurns: throwing });
    plugin.surface.subscribe(throwing);
    await plugin.surface.invoke("cache-warming/set-interval", "no number", { conversationId: ID });
    await plugin.surface.invoke("cache-warming/toggle", undefined, { conversationId: ID });
    settle(events, clock);
    await clock.pass(290_000);
    expect(warmed).toEqual([ID]);
  });

  it("lets go of everything when it is disposed of", async () => {
    const { clock, events, warmed, plugin, providers } = setUp();
    await plugin.warmer.setEnabled(ID, true);
    settle(events, clock);
    plugin.dispose();
    settle(events, clock);
    await clock.pass(3_600_000);
    expect(warmed).toEqual([]);
    expect(clock.liveTimers()).toBe(0);
    expect(providers.size).toBe(0);
    expect(events.eventNames()).toEqual([]);
  });
});

describe("its surface", () => {
  it("shows that no conversation has the focus", () => {
    const { plugin } = setUp();
    expect(plugin.surface.getSpec().fields).toEqual([
      { kind: "stat", label: "Status", value: "No conversation focused" },
    ]);
  });

  it("loads a focused conversation's stored settings and asks to be redrawn", async () => {
    const { plugin, fields } = setUp({
      entries: new Map([[`settings:${ID}`, '{"enabled":true,"intervalMs":30000}']]),
    });
    const notices: string[] = [];
    plugin.surface.subscribe((conversationId) => notices.push(conversationId));
    expect(fields()[0]).toMatchObject({ value: false });
    await settled();
    expect(notices).toEqual([ID]);
    expect(fields()[0]).toMatchObject({ value: true });
    expect(fields()[1]).toMatchObject({ value: 30 });
  });

  it("has exactly five fields while there is nothing to explain", () => {
    const { fields } = setUp();
    expect(fields().map(({ kind }) => kind)).toEqual(["toggle", "number", "stat", "stat", "custom"]);
  });

  it("flips what is stored, not the default it shows before that is read", async () => {
    const { plugin, storage } = setUp({
      entries: new Map([[`settings:${ID}`, '{"enabled":true,"intervalMs":30000}']]),
    });
    await plugin.surface.invoke("cache-warming/toggle", undefined, { conversationId: ID });
    expect(storage.settings(ID)).toMatchObject({ enabled: false, intervalMs: 30_000 });
  });

  it.each([
    [false, 2, false],
    [false, 3, true],
    [true, 2, true],
    [true, 3, false],
  ])("stored as %s and flipped %i times in quick succession ends as %s", async (enabled, times, ends) => {
    const entries = new Map([[`settings:${ID}`, JSON.stringify({ enabled, intervalMs: 30_000 })]]);
    const { plugin, storage, clock } = setUp({ entries });
    storage.delayMs = () => 50;
    const flips = Array.from({ length: times }, () =>
      plugin.surface.invoke("cache-warming/toggle", undefined, { conversationId: ID }),
    );
    await clock.pass(1_000);
    await Promise.all(flips);
    expect([plugin.warmer.getState(ID).enabled, storage.settings(ID)]).toMatchObject([
      ends,
      { enabled: ends },
    ]);
  });

  it("flips the last word though an earlier one has just been stored", async () => {
    const { plugin, storage, clock } = setUp({
      entries: new Map([[`settings:${ID}`, '{"enabled":true,"intervalMs":30000}']]),
    });
    await plugin.warmer.load(ID);
    storage.delayMs = () => 50;
    const flip = () => void plugin.surface.invoke("cache-warming/toggle", undefined, { conversationId: ID });
    flip();
    flip();
    // Off is stored by now, on not yet.
    await clock.pass(150);
    flip();
    await clock.pass(1_000);
    expect([plugin.warmer.getState(ID).enabled, storage.settings(ID)]).toMatchObject([
      false,
      { enabled: false },
    ]);
  });

  it("flips what is so when the flip before could not be stored", async () => {
    const { plugin, storage } = setUp();
    const flip = () => plugin.surface.invoke("cache-warming/toggle", undefined, { conversationId: ID });
    storage.fails = (verb) => verb === "set";
    await expect(flip()).rejects.toThrow("disk full");
    storage.fails = () => false;
    await flip();
    expect(storage.settings(ID)).toMatchObject({ enabled: true });
  });

  it("does not bring back a conversation that its host lets go of by redrawing at once", async () => {
    const { plugin, events, clock } = setUp();
    const seen: unknown[] = [];
    plugin.surface.subscribe((conversationId) => {
      const { fields } = plugin.surface.getSpec({ conversationId });
      seen.push(fields.find(({ kind }) => kind === "custom"));
    });
    await plugin.warmer.setEnabled(ID, true);
    settle(events, clock);
    await settled();
    events.emit("conversationDetached", { conversationId: ID });
    await settled();
    expect(plugin.warmer.conversations()).toEqual([]);
    expect(seen.at(-1)).toMatchObject({ payload: { nextWarmAt: null } });
  });

  it("does not bring back a conversation that its host lets go of by redrawing a moment later", async () => {
    const { plugin, events, clock, warmed } = setUp();
    plugin.surface.subscribe((conversationId) => {
      queueMicrotask(() => plugin.surface.getSpec({ conversationId }));
    });
    await plugin.warmer.setEnabled(ID, true);
    events.emit("turnStarted", { conversationId: ID });
    await settled();
    events.emit("conversationDetached", { conversationId: ID });
    await settled();
    events.emit("turnSettled", { conversationId: ID, requestStartedAt: clock.now(), ttlMs: 300_000 });
    await clock.pass(600_000);
    expect(warmed).toEqual([]);
    expect(plugin.warmer.conversations()).toEqual([]);
  });

  it("sets the interval from seconds, bare or as a value", async () => {
    const { plugin, storage } = setUp();
    await plugin.surface.invoke("cache-warming/set-interval", 20, { conversationId: ID });
    expect(storage.settings(ID)).toMatchObject({ intervalMs: 20_000 });
    await plugin.surface.invoke("cache-warming/set-interval", { value: 0.2 }, { conversationId: ID });
    expect(storage.settings(ID)).toMatchObject({ intervalMs: 1_000 });
  });

  it.each([Number.NaN, 0, -5, "60", null, undefined, {}])(
    "leaves the interval alone for %s, and says so in the log",
    async (payload) => {
      const { plugin, storage, logger } = setUp();
      await plugin.surface.invoke("cache-warming/set-interval", payload, { conversationId: ID });
      expect(storage.entries.size).toBe(0);
      expect(logger.at("warn")).toHaveLength(1);
    },
  );

  it("does nothing without a conversation in focus, and nothing for an action it does not know", async () => {
    const { plugin, storage } = setUp();
    await plugin.surface.invoke("cache-warming/toggle");
    await plugin.surface.invoke("cache-warming/explode", undefined, { conversationId: ID });
    expect(storage.entries.size).toBe(0);
  });

  it("survives a subscriber that throws, and still tells the others", async () => {
    const { plugin, logger } = setUp();
    const notices: string[] = [];
    plugin.surface.subscribe(() => {
      throw new Error("redraw failed");
    });
    plugin.surface.subscribe((conversationId) => notices.push(conversationId));
    await plugin.warmer.setEnabled(ID, true);
    expect(notices).toEqual([ID]);
    expect(logger.at("error")).toHaveLength(1);
  });

  it("tells a subscriber nothing after it has left", async () => {
    const { plugin } = setUp();
    const notices: string[] = [];
    const leave = plugin.surface.subscribe((conversationId) => notices.push(conversationId));
    leave();
    await plugin.warmer.setEnabled(ID, true);
    expect(notices).toEqual([]);
  });
});
