import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createMemoryStorage } from "../support/memory-storage.ts";
import { createVirtualClock, settled } from "../support/virtual-clock.ts";
import { COLD, HIT, honourAbort, type WarmCall } from "../support/warm-service.ts";
import { createWarmerModel, type WarmerModel } from "../support/warmer-model.ts";
import { sequence, setUp, type WarmerUnderTest } from "../support/warmer-under-test.ts";

const IDS = ["a", "b"] as const;
const id = fc.constantFrom(...IDS);
const agoMs = fc.option(fc.nat(320_000), { nil: undefined });
const ttlMs = fc.constantFrom(undefined, 6_000, 300_000, 3_600_000, Number.NaN);

/** How the warm service answers from now on. */
const manner = fc.record({
  does: fc.constantFrom("succeed", "fail", "refuse", "hang"),
  usage: fc.constantFrom(HIT, HIT, HIT, COLD),
  event: fc.constantFrom("before", "after", "none"),
  ids: fc.boolean(),
  afterMs: fc.constantFrom(0, 0, 50, 2_000, 40_000, 350_000),
  honoursAbort: fc.boolean(),
  retryAfterMs: fc.option(fc.nat(60_000), { nil: undefined }),
} as const);
type Manner = typeof manner extends fc.Arbitrary<infer T> ? T : never;

const event = fc.oneof(
  { weight: 5, arbitrary: fc.record({ event: fc.constant("started"), id }) },
  { weight: 7, arbitrary: fc.record({ event: fc.constant("settled"), id, agoMs, ttlMs }) },
  { weight: 8, arbitrary: fc.record({ event: fc.constant("pass"), ms: fc.nat(400_000) }) },
  { weight: 1, arbitrary: fc.record({ event: fc.constant("sleep"), ms: fc.nat(400_000) }) },
  { weight: 1, arbitrary: fc.record({ event: fc.constant("stop"), ms: fc.nat(400_000) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      event: fc.constant("setWall"),
      ms: fc.integer({ min: -4_000_000, max: 4_000_000 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ event: fc.constant("switch"), id, on: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ event: fc.constant("enableIfNew"), id }) },
  {
    weight: 2,
    arbitrary: fc.record({
      event: fc.constant("interval"),
      id,
      ms: fc.integer({ min: 1_000, max: 500_000 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ event: fc.constant("close"), id }) },
  { weight: 1, arbitrary: fc.record({ event: fc.constant("detach"), id }) },
  {
    weight: 2,
    arbitrary: fc.record({
      event: fc.constant("changed"),
      id,
      change: fc.constantFrom(
        { open: false },
        { open: true },
        { present: true },
        { invalidated: "compacted" },
      ),
    }),
  },
  { weight: 2, arbitrary: fc.record({ event: fc.constant("warmNow"), id }) },
  { weight: 1, arbitrary: fc.record({ event: fc.constant("restore"), id, agoMs: fc.nat(320_000), ttlMs }) },
  { weight: 1, arbitrary: fc.record({ event: fc.constant("load"), id }) },
  {
    weight: 2,
    arbitrary: fc.record({
      event: fc.constant("manual"),
      id,
      warmId: fc.constantFrom(undefined, "by-hand", "keepwarm-0-0-1", "old"),
      agoMs,
      usage: fc.constantFrom(HIT, COLD),
    }),
  },
  { weight: 3, arbitrary: fc.record({ event: fc.constant("service"), manner }) },
  { weight: 2, arbitrary: fc.record({ event: fc.constant("answer"), manner }) },
  {
    weight: 2,
    arbitrary: fc.record({
      event: fc.constant("storage"),
      delayMs: fc.constantFrom(0, 0, 10, 5_000),
      fails: fc.constantFrom(false, false, true),
    }),
  },
);
type Event = typeof event extends fc.Arbitrary<infer T> ? T : never;

/** How every warm ends that is sent for the sake of the ending. */
const FINE: Manner = {
  does: "succeed",
  usage: HIT,
  event: "before",
  ids: true,
  afterMs: 0,
  honoursAbort: true,
  retryAfterMs: undefined,
};

describe("whatever happens, in whatever order", () => {
  it("no warm is sent that must not be, no timer is left over, and the next turn is warmed all the same", async () => {
    const unhandled: unknown[] = [];
    const listener = (reason: unknown) => void unhandled.push(reason);
    process.on("unhandledRejection", listener);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(undefined, false, true),
        fc.constantFrom<readonly Glance[]>([], ["getState", "getStatus"], ["load"]),
        fc.array(event, { maxLength: 40, size: "max" }),
        fc.constantFrom(closeAll, disposeOf),
        async (wasOn, glances, events, end) => {
          const play = begin(wasOn, glances);
          for (const each of events) {
            await happen(each, play);
            await settled();
            play.model.checkState();
            expect(play.troubles).toEqual([]);
          }
          await nextTurnsAreWarmed(play);
          await end(play);
          expect(play.troubles).toEqual([]);
        },
      ),
      { numRuns: 4_000 },
    );
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", listener);
    expect(unhandled).toEqual([]);
  });
});

interface Play {
  readonly world: WarmerUnderTest;
  readonly model: WarmerModel;
  /** What the model found wrong: kept, because the warmer would take a throw for a failure of the service. */
  readonly troubles: string[];
  manner: Manner;
}

/** What a surface asks the warmer for whenever it is told to redraw. */
type Glance = "getState" | "getStatus" | "load";

function begin(wasOn: boolean | undefined, glances: readonly Glance[]): Play {
  const clock = createVirtualClock();
  const stored = JSON.stringify({ enabled: wasOn, intervalMs: 240_000 });
  const known = wasOn === undefined ? [] : IDS;
  const storage = createMemoryStorage(clock, new Map(known.map((each) => [`settings:${each}`, stored])));
  const world = setUp({ clock, storage, random: sequence(0.382) });
  const model = createWarmerModel(world, IDS, wasOn);
  const play: Play = { world, model, troubles: [], manner: { ...FINE, does: "hang" } };

  const note = (check: () => void) => {
    try {
      check();
    } catch (error) {
      play.troubles.push(String(error));
    }
  };
  world.deps.onSurfaceChange = (conversationId) => {
    note(() => model.checkNotice(conversationId));
    for (const glance of glances) void world.warmer[glance](conversationId);
  };
  const { emit } = world.service;
  world.service.emit = (completed) => {
    model.completed(completed);
    emit(completed);
  };
  world.service.answer = (call) => {
    note(() => model.checkSent(call));
    const how = play.manner;
    if (how.honoursAbort) honourAbort(call);
    if (how.afterMs === 0) answer(call, model, how);
    else clock.after(how.afterMs, () => answer(call, model, how));
  };
  return play;
}

function answer(call: WarmCall, model: WarmerModel, how: Manner): void {
  if (!call.open) return;
  const counts = model.counts(call);
  if (how.does === "succeed") {
    void call.succeed(how);
    if (counts && how.ids && how.event === "before" && how.usage === COLD) model.stopped(call);
  } else if (how.does === "fail") {
    const { retryAfterMs } = how;
    call.resolve({
      error: "overloaded",
      status: 529,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  } else if (how.does === "refuse") {
    call.reject(Object.assign(new Error("no"), { status: 401 }));
    if (counts) model.stopped(call);
  }
}

async function happen(what: Event, play: Play): Promise<void> {
  const { world, model } = play;
  const { warmer, clock, service, storage } = world;
  const ignored = () => {};
  switch (what.event) {
    case "started":
      model.started(what.id);
      return warmer.onTurnStarted(what.id);
    case "settled": {
      const start = what.agoMs === undefined ? {} : { requestStartedAt: clock.now() - what.agoMs };
      model.settled(what.id, what.agoMs, what.ttlMs);
      return warmer.onTurnSettled(what.id, { ...start, ...ttlTold(what) });
    }
    case "pass":
      return clock.pass(what.ms);
    case "sleep":
      return clock.sleep(what.ms);
    case "stop":
      return clock.stop(what.ms);
    case "setWall":
      return clock.setWall(what.ms);
    case "switch":
      model.switched(what.id, what.on);
      return void warmer.setEnabled(what.id, what.on).catch(ignored);
    case "enableIfNew":
      model.enabledIfNew(what.id);
      return void warmer.enableIfNew(what.id).catch(ignored);
    case "interval":
      return void warmer.setIntervalMs(what.id, what.ms).catch(ignored);
    case "close":
      model.closed(what.id);
      return void warmer.onConversationClosed(what.id);
    case "detach":
      model.detached(what.id);
      warmer.onConversationDetached(what.id);
      return expect(warmer.conversations()).not.toContain(what.id);
    case "changed":
      if (warmer.conversations().includes(what.id)) model.changed(what.id, what.change);
      return warmer.onConversationChanged(what.id, what.change);
    case "warmNow":
      model.asking = what.id;
      void warmer.warmNow(what.id);
      model.asking = null;
      return;
    case "restore": {
      model.remembered(what.id, what.agoMs, what.ttlMs);
      const turn = { conversationId: what.id, settledAt: clock.now() - what.agoMs, ...ttlTold(what) };
      return void warmer.restore([turn]);
    }
    case "load":
      return void warmer.load(what.id);
    case "manual": {
      const old = service.calls.find(({ conversationId }) => conversationId === what.id)?.options.warmId;
      const warmId = what.warmId === "old" ? old : what.warmId;
      return service.emit({
        conversationId: what.id,
        usage: what.usage,
        ...(warmId === undefined ? {} : { warmId }),
        ...(what.agoMs === undefined ? {} : { startedAt: clock.now() - what.agoMs }),
      });
    }
    case "service":
      play.manner = what.manner;
      return;
    case "answer":
      for (const call of service.open()) answer(call, model, what.manner);
      return;
    case "storage":
      storage.delayMs = () => what.delayMs;
      storage.fails = () => what.fails;
  }
}

const ttlTold = ({ ttlMs }: { ttlMs?: number | undefined }) => (ttlMs === undefined ? {} : { ttlMs });

/** Whatever went before: once service and storage are well again, a turn that settles is warmed. */
async function nextTurnsAreWarmed(play: Play): Promise<void> {
  const { warmer, clock, service, storage } = play.world;
  storage.delayMs = () => 0;
  storage.fails = () => false;
  play.manner = FINE;
  for (const call of service.open()) call.reject(new Error("gone"));
  await clock.pass(600_000);
  for (const each of IDS) {
    await happen({ event: "switch", id: each, on: true }, play);
    await settled();
    await happen({ event: "changed", id: each, change: { open: true } }, play);
    await happen({ event: "started", id: each }, play);
    await happen({ event: "settled", id: each, agoMs: 0, ttlMs: 300_000 }, play);
    const sent = service.calls.length;
    await clock.pass(290_000);
    const ids = service.calls.slice(sent).map(({ conversationId }) => conversationId);
    if (!ids.includes(each)) play.troubles.push(`${each} is not warmed: ${warmer.getStatus(each).why}`);
  }
}

/** No timer and no memory is left of closed conversations, whatever still arrives of them. */
async function closeAll(play: Play): Promise<void> {
  const { warmer, clock, storage } = play.world;
  for (const each of IDS) {
    // One that is closed with a warm on its way.
    play.manner = { ...FINE, does: "hang", honoursAbort: false };
    await happen({ event: "settled", id: each, agoMs: 0, ttlMs: 300_000 }, play);
    await happen({ event: "warmNow", id: each }, play);
    play.model.closed(each);
    await warmer.onConversationClosed(each);
  }
  await happen({ event: "answer", manner: { ...FINE, ids: false, event: "after" } }, play);
  for (const each of IDS) {
    await happen({ event: "changed", id: each, change: { open: true } }, play);
    for (const warmId of [undefined, "by-hand", "old"] as const) {
      await happen({ event: "manual", id: each, warmId, agoMs: undefined, usage: HIT }, play);
    }
    await happen({ event: "settled", id: each, agoMs: undefined, ttlMs: undefined }, play);
    await happen({ event: "detach", id: each }, play);
    await happen({ event: "settled", id: each, agoMs: 0, ttlMs: 300_000 }, play);
  }
  await clock.pass(600_000);
  expect([warmer.conversations(), clock.liveTimers()]).toEqual([[], 0]);
  for (const each of IDS) expect(storage.settings(each)).toMatchObject({ enabled: false });
}

/** Nothing is left of a warmer that is disposed of, nor comes back. */
async function disposeOf(play: Play): Promise<void> {
  const { warmer, clock } = play.world;
  warmer.dispose();
  play.model.disposed = true;
  play.model.checkState();
  for (const each of IDS) {
    await happen({ event: "started", id: each }, play);
    await happen({ event: "settled", id: each, agoMs: undefined, ttlMs: undefined }, play);
  }
  await clock.pass(600_000);
  play.model.checkState();
}
