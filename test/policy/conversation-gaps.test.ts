import { describe, expect, it } from "vitest";
import type { StorageNamespace } from "../../src/host.ts";
import {
  CONVERSATION_GAPS_KEY,
  createHistory,
  createPlanner,
  GAPS_KEY,
  GapHistory,
  type IdleSpan,
  MOST_CONVERSATIONS,
} from "../../src/policy/index.ts";
import { UNNAMED_PREFIX } from "../../src/pure.ts";
import { storageIn } from "../support/storage-in.ts";
import { createVirtualClock, settled } from "../support/virtual-clock.ts";

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** Processes that follow one another on one storage. */
function aMachine() {
  const clock = createVirtualClock();
  const entries = new Map<string, string>();
  const writes: string[] = [];
  const kept = storageIn(entries);
  const storage: StorageNamespace = {
    ...kept,
    async set(key, value) {
      writes.push(key);
      await kept.set(key, value);
    },
  };

  async function process(more: Partial<StorageNamespace> = {}) {
    const history = createHistory({ storage: { ...storage, ...more }, timers: clock.timers });
    await settled();
    const turn = (id: string) => {
      history.started(id, clock.now());
      history.settled(id, clock.now(), { stop: "end_turn", promptTokens: 100_000 });
    };
    return {
      ...history,
      turn,
      /** A turn, and another one so much later. */
      async pauses(id: string, ms: number): Promise<void> {
        turn(id);
        clock.sleep(ms);
        turn(id);
        await clock.pass(0);
      },
      /** What is known of the conversation itself, once it has spoken here. */
      of(id: string) {
        turn(id);
        return history.activityOf(id, clock.now()).conversation;
      },
    };
  }

  const stored = () => entries.get(CONVERSATION_GAPS_KEY) ?? "";
  return { clock, entries, writes, process, stored };
}

/** With one pause of half an hour, counted under the turn's end. */
const halfAnHour = () => {
  const gaps = new GapHistory();
  gaps.returned("end_turn", 30 * MINUTE_MS);
  return gaps.summary();
};

const NOTHING = new GapHistory().summary();

describe("how a conversation pauses", () => {
  it("is known after a restart, of that conversation and no other", async () => {
    const { process, clock } = aMachine();
    const first = await process();
    await first.pauses("a", 30 * MINUTE_MS);
    await first.pauses("b", 10 * SECOND_MS);
    await clock.pass(10 * SECOND_MS);
    const next = await process();
    expect(next.of("a")).toEqual(halfAnHour());
    expect(next.of("c")).toEqual(NOTHING);
  });

  it("gives the same plan after a restart as before it", async () => {
    const { process, clock, entries } = aMachine();
    const span = (): IdleSpan => ({
      conversationId: "a",
      now: clock.now() + 20 * MINUTE_MS,
      turnStartedAt: clock.now(),
      settledAt: clock.now(),
      ttlMs: 5 * MINUTE_MS,
      dueAt: clock.now() + 20 * MINUTE_MS,
      everyMs: 280 * SECOND_MS,
      warms: 4,
      spentUsd: 0,
      keepWarm: "auto",
      turn: {
        stopReason: "end_turn",
        usage: { inputTokens: 100_000, outputTokens: 5, cacheReadTokens: 100_000, cacheWriteTokens: 0 },
      },
    });
    const planOf = ({ activityOf }: Awaited<ReturnType<typeof process>>) => {
      const { warmAt, reason, pReturn } = createPlanner({ activityOf }).plan(span());
      return { reason, chance: pReturn.toFixed(3), afterMs: (warmAt ?? 0) - (warmAt ? clock.now() : 0) };
    };
    const first = await process();
    for (let pause = 0; pause < 4; pause++) await first.pauses("a", 3 * HOUR_MS);
    const before = planOf(first);
    first.dispose();
    await settled();

    const next = await process();
    next.turn("a");
    expect(planOf(next)).toEqual(before);

    entries.delete(CONVERSATION_GAPS_KEY);
    const without = await process();
    without.turn("a");
    expect(planOf(without)).not.toEqual(before);
  });

  it("is written later than the turn, many at once", async () => {
    const { process, clock, writes } = aMachine();
    const { pauses } = await process();
    const own = () => writes.filter((key) => key === CONVERSATION_GAPS_KEY).length;
    await pauses("a", 30 * MINUTE_MS);
    await pauses("b", 30 * MINUTE_MS);
    expect(own()).toBe(0);
    await clock.pass(10 * SECOND_MS);
    expect(own()).toBe(1);
    await clock.pass(HOUR_MS);
    expect(own()).toBe(1);
  });

  it("is written at once when keepwarm ends, as its storage is about to close", async () => {
    const { process, stored, clock } = aMachine();
    const { pauses, dispose } = await process();
    await pauses("a", 30 * MINUTE_MS);
    dispose();
    expect(stored()).toContain('"a"');
    expect(clock.liveTimers()).toBe(0);
  });

  it("is written as counts, without a time and without a conversation that nobody can ask for again", async () => {
    const { process, stored, clock } = aMachine();
    const { pauses } = await process();
    await pauses("a", 30 * MINUTE_MS);
    await pauses(`${UNNAMED_PREFIX}b`, 30 * MINUTE_MS);
    await clock.pass(10 * SECOND_MS);
    expect(stored()).toMatch(/^\[\["a","g1;[^"]{1,60}"\]\]$/);
    expect(stored()).not.toContain(String(clock.now()).slice(0, 4));
  });

  it("stays known though it is let go of, and is taken up again", async () => {
    const { process } = aMachine();
    const { pauses, closed, of } = await process();
    await pauses("a", 30 * MINUTE_MS);
    closed("a");
    expect(of("a")).toEqual(halfAnHour());
  });

  it("goes where so many others have spoken since", async () => {
    const { process, clock } = aMachine();
    const first = await process();
    await first.pauses("older", 30 * MINUTE_MS);
    await first.pauses("old", 30 * MINUTE_MS);
    for (let other = 0; other < MOST_CONVERSATIONS - 1; other++) first.turn(`other ${other}`);
    await clock.pass(10 * SECOND_MS);
    const next = await process();
    expect(next.of("old")).toEqual(halfAnHour());
    expect(next.of("older")).toEqual(NOTHING);
  });

  it("adds what happened while the past was being read", async () => {
    const { process, clock, entries } = aMachine();
    const first = await process();
    await first.pauses("a", 30 * MINUTE_MS);
    await clock.pass(10 * SECOND_MS);
    const slow = Promise.withResolvers<void>();
    const next = await process({
      get: async (key) => {
        await slow.promise;
        return entries.get(key) ?? null;
      },
    });
    await next.pauses("a", 30 * MINUTE_MS);
    slow.resolve();
    await settled();
    expect(next.activityOf("a", clock.now()).conversation?.end_turn.returned).not.toEqual(
      halfAnHour().end_turn.returned,
    );
    await clock.pass(10 * SECOND_MS);
    const last = await process();
    expect(Math.round(sum(last.of("a")?.end_turn.returned))).toBe(2);
  });

  it("is not written over where it could not be read", async () => {
    const { process, stored, clock } = aMachine();
    const first = await process();
    await first.pauses("a", 30 * MINUTE_MS);
    await clock.pass(10 * SECOND_MS);
    const before = stored();
    const next = await process({ get: () => Promise.reject(new Error("disk")) });
    await next.pauses("b", 30 * MINUTE_MS);
    await clock.pass(10 * SECOND_MS);
    next.dispose();
    await settled();
    expect(stored()).toBe(before);
  });

  it.each([["[["], ['{"a":1}'], ['[["a",1]]'], ['[["a","nonsense"]]']])(
    "is nothing where %s is stored",
    async (text) => {
      const { process, entries } = aMachine();
      entries.set(CONVERSATION_GAPS_KEY, text);
      const { of } = await process();
      expect(of("a")).toEqual(NOTHING);
    },
  );
});

describe("a conversation that is forgotten", () => {
  it("leaves nothing of how it pauses, and everything of how others do", async () => {
    const { process, stored, clock, entries } = aMachine();
    const first = await process();
    await first.pauses("a", 30 * MINUTE_MS);
    await first.pauses("b", 30 * MINUTE_MS);
    await clock.pass(10 * SECOND_MS);
    expect(await first.forgetConversation("a")).toBe(true);
    expect(stored()).not.toContain('"a"');
    expect(stored()).toContain('"b"');
    expect(entries.has(GAPS_KEY)).toBe(true);
    expect(await first.forgetConversation("a")).toBe(false);
    expect(first.of("a")).toEqual(NOTHING);
  });

  it("is forgotten though it has not spoken since the restart, nor been read", async () => {
    const { process, stored, clock, entries } = aMachine();
    const first = await process();
    await first.pauses("a", 30 * MINUTE_MS);
    await clock.pass(10 * SECOND_MS);
    const next = createHistory({ storage: storageIn(entries), timers: clock.timers });
    expect(await next.forgetConversation("a")).toBe(true);
    expect(stored()).toBe("[]");
  });

  it("is still there where the storage fails, and can be forgotten again", async () => {
    const { process, clock, entries } = aMachine();
    const { set } = storageIn(entries);
    let isFull = false;
    const first = await process({
      set: async (key, value) => {
        if (isFull) throw new Error("disk full");
        await set(key, value);
      },
    });
    await first.pauses("a", 30 * MINUTE_MS);
    await clock.pass(10 * SECOND_MS);
    isFull = true;
    await expect(first.forgetConversation("a")).rejects.toThrow("disk full");
    isFull = false;
    expect(await first.forgetConversation("a")).toBe(true);
  });

  it("goes with all others when the person's pauses are forgotten, even while they are being read", async () => {
    const { process, clock, entries } = aMachine();
    const first = await process();
    await first.pauses("a", 30 * MINUTE_MS);
    await clock.pass(10 * SECOND_MS);
    const again = createHistory({ storage: storageIn(entries), timers: clock.timers });
    await again.forget();
    await settled();
    expect([...entries.keys()]).toEqual([]);
    again.started("a", clock.now());
    expect(again.activityOf("a", clock.now()).conversation).toEqual(NOTHING);
  });
});

function sum(counts: readonly number[] = []): number {
  return counts.reduce((total, count) => total + count, 0);
}
