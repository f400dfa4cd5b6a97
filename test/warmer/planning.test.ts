import { describe, expect, it } from "vitest";
import type { IdleSpan, Plan, Planner } from "../../src/policy/index.ts";
import { ID, setUp } from "../support/warmer-under-test.ts";

const WORTH = { reason: "Worth it.", expectedNetUsd: 1, pReturn: 0.5 };
const NOT_WORTH = { reason: "Not worth it.", expectedNetUsd: 0, pReturn: 0.01 };
const USAGE = { inputTokens: 1_000, outputTokens: 0, cacheReadTokens: 1_000, cacheWriteTokens: 0 };
const MINUTE_MS = 60_000;
/** As a host tells it that knows the TTL: due 280 s after the request went out. */
const TURN = { ttlMs: 5 * MINUTE_MS, stopReason: "end_turn", usage: USAGE };

function planned(decide: (span: IdleSpan) => Plan, limit: string | null = null) {
  const world = setUp();
  const asked: IdleSpan[] = [];
  const spent: (number | null)[] = [];
  const planner: Planner = {
    plan(span) {
      asked.push(span);
      return decide(span);
    },
    forecast: (span) => ({
      plan: decide(span),
      curve: [],
      warms: [span.dueAt],
      warmsADay: null,
      warmUsd: null,
    }),
    limit: () => limit,
    nameOf: (keepWarm) => keepWarm ?? "auto",
    spent: (costUsd) => spent.push(costUsd),
  };
  world.deps.planner = planner;
  const { warmer, clock } = world;
  const arm = () => world.arm(ID, { ...TURN, requestStartedAt: clock.now() });
  return {
    ...world,
    arm,
    asked,
    spent,
    status: () => warmer.getStatus(ID),
    warms: () => world.service.calls.length,
  };
}

describe("a warmer with a policy", () => {
  it("asks it when a turn settles and again when a warm is due, and sends what it finds worth its price", async () => {
    const { arm, asked, clock, warms } = planned(({ dueAt }) => ({ ...WORTH, warmAt: dueAt }));
    await arm();
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({
      warms: 0,
      spentUsd: 0,
      ttlMs: TURN.ttlMs,
      keepWarm: undefined,
      everyMs: 280_000,
    });
    await clock.pass(280_000);
    expect(warms()).toBe(1);
    expect(asked[1]).toMatchObject({ warms: 0 });
    expect((asked[1]?.now ?? 0) - (asked[1]?.turnStartedAt ?? 0)).toBe(280_000);
  });

  it("sends nothing that it declines, says why, and does not count down to it", async () => {
    const { arm, clock, dueInMs, status, warms, warmer } = planned(() => ({ ...NOT_WORTH, stop: true }));
    await arm();
    expect(dueInMs()).toBeNull();
    expect(status()).toEqual({ phase: "stopped", why: NOT_WORTH.reason });
    await clock.pass(20 * MINUTE_MS);
    expect(warms()).toBe(0);
    warmer.onTurnStarted(ID);
    expect(status().phase).toBe("generating");
  });

  it("asks again when it is told to, and shows no due time until then", async () => {
    const { arm, asked, clock, dueInMs, warms } = planned(({ now, dueAt }) =>
      now < dueAt ? { ...NOT_WORTH, askAgainAt: dueAt } : { ...WORTH, warmAt: now },
    );
    await arm();
    expect(dueInMs()).toBeNull();
    await clock.pass(279_000);
    expect(warms()).toBe(0);
    await clock.pass(2_000);
    expect(warms()).toBe(1);
    expect(asked.length).toBeLessThanOrEqual(4);
  });

  it("is asked again when the person sits down, and told since when they are gone", async () => {
    const { arm, asked, clock, warmer } = planned(({ dueAt }) => ({ ...WORTH, warmAt: dueAt }));
    await arm();
    const seenAgo = () => {
      const { now, seenAt } = asked.at(-1) ?? {};
      return seenAt === undefined || now === undefined ? undefined : now - seenAt;
    };
    const askedOf = (present: boolean) => {
      warmer.onConversationChanged(ID, { present });
      warmer.onConversationChanged(ID, { waiting: present ? "tool" : "none" });
      return seenAgo();
    };
    warmer.onConversationChanged(ID, { present: false });
    expect(seenAgo()).toBeUndefined();
    await clock.pass(MINUTE_MS);
    const before = asked.length;
    warmer.onConversationChanged(ID, { present: true });
    expect(asked.length).toBe(before + 1);
    expect(seenAgo()).toBe(0);
    await clock.pass(2 * MINUTE_MS);
    expect(askedOf(false)).toBe(0);
    await clock.pass(MINUTE_MS);
    warmer.onConversationChanged(ID, { waiting: "permission" });
    expect(seenAgo()).toBe(MINUTE_MS);
  });

  it("takes nobody to be there for longer than five minutes after a host said so", async () => {
    const { arm, asked, clock, warmer } = planned(({ now }) => ({
      ...NOT_WORTH,
      askAgainAt: now + MINUTE_MS,
    }));
    await arm();
    warmer.onConversationChanged(ID, { present: true });
    await clock.pass(4 * MINUTE_MS);
    expect(asked.at(-1)?.seenAt).toBe(asked.at(-1)?.now);
    // A turn that has nothing to do with it keeps the prefix alive.
    warmer.onTurnStarted(ID);
    warmer.onTurnSettled(ID, {});
    await clock.pass(4 * MINUTE_MS);
    const { now = 0, seenAt = 0 } = asked.at(-1) ?? {};
    expect(now - seenAt).toBe(3 * MINUTE_MS);
  });

  it("does not send what was worth it when it was planned and is not any more", async () => {
    let worth = true;
    const { arm, clock, status, warms } = planned(({ dueAt }) =>
      worth ? { ...WORTH, warmAt: dueAt } : { ...NOT_WORTH, stop: true },
    );
    await arm();
    worth = false;
    await clock.pass(4.9 * MINUTE_MS);
    expect(warms()).toBe(0);
    expect(status()).toEqual({ phase: "stopped", why: NOT_WORTH.reason });
  });

  it("says of one that it has stopped warming when its prefix has lapsed, and tells its surface", async () => {
    const { arm, clock, status, notices } = planned(() => ({ ...NOT_WORTH, stop: true }));
    await arm();
    expect(status().phase).toBe("stopped");
    await clock.pass(5 * MINUTE_MS - 1);
    expect(status().phase).toBe("stopped");
    await clock.pass(1);
    expect(status()).toEqual({
      phase: "lapsed",
      why: `${NOT_WORTH.reason} The entry has expired since.`,
    });
    expect(notices.at(-1)?.at).toBe(clock.now());
  });

  it("never sends later than the prefix allows, whatever it says, nor after it has lapsed", async () => {
    const { arm, clock, dueInMs, warms, status } = planned(({ now }) => ({
      ...WORTH,
      warmAt: now + 3_600_000,
    }));
    await arm();
    expect(dueInMs()).toBe(290_000);
    await clock.pass(20 * MINUTE_MS);
    // It was asked again then, and wanted to wait: until nothing was left to warm.
    expect(warms()).toBe(0);
    expect(status().phase).toBe("lapsed");
  });

  it("tells it what was sent since the last turn and what that cost, and of others' warms nothing", async () => {
    const { arm, asked, clock, service, spent, warmer } = planned(({ dueAt, now }) => ({
      ...WORTH,
      warmAt: Math.max(dueAt, now),
    }));
    await arm();
    await clock.pass(280_000);
    const warmId = service.calls[0]?.options?.warmId ?? "";
    warmer.onWarmCompleted({ conversationId: ID, usage: USAGE, warmId, costUsd: 0.25 });
    warmer.onWarmAborted({ conversationId: ID, costUsd: 0.5 });
    warmer.onWarmCompleted({
      conversationId: ID,
      usage: USAGE,
      warmId: "another's",
      foreign: true,
      costUsd: 9,
    });
    expect(asked.at(-1)).toMatchObject({ warms: 2, spentUsd: 0.75 });
    expect(spent).toEqual([0.25, 0.5]);
    await arm();
    expect(asked.at(-1)).toMatchObject({ warms: 0, spentUsd: 0 });
  });

  it("asks again when the host tells what the conversation waits for", async () => {
    const { arm, asked, warmer } = planned(({ waiting, dueAt }) =>
      waiting === "permission" ? { ...WORTH, warmAt: dueAt } : { ...NOT_WORTH, stop: true },
    );
    await arm();
    warmer.onConversationChanged(ID, { waiting: "permission" });
    expect(asked.at(-1)?.waiting).toBe("permission");
    expect(warmer.getState(ID).nextWarmAt).not.toBeNull();
  });

  it("does not warm by hand beyond the person's limits", async () => {
    const { arm, warmer, warms } = planned(({ dueAt }) => ({ ...WORTH, warmAt: dueAt }), "Over your limit.");
    await arm();
    expect(await warmer.warmNow(ID)).toEqual({ sent: false, why: "Over your limit." });
    expect(warms()).toBe(0);
  });

  it("tells the warm service which policy decided", async () => {
    const { arm, clock, service, warmer } = planned(({ dueAt, now }) => ({
      ...WORTH,
      warmAt: Math.max(dueAt, now),
    }));
    await warmer.setKeepWarm(ID, "2h");
    await arm();
    await clock.pass(280_000);
    expect(service.calls[0]?.options).toMatchObject({ policy: "2h" });
  });
});

describe("a person's choice of how long", () => {
  it("is stored, survives with what else is stored, and can be taken back", async () => {
    const { warmer, storage, arm, asked } = planned(({ dueAt }) => ({ ...WORTH, warmAt: dueAt }));
    await arm();
    await warmer.setKeepWarm(ID, " 30M ");
    expect(asked.at(-1)?.keepWarm).toBe("30m");
    expect(JSON.parse((await storage.get(`settings:${ID}`)) ?? "")).toMatchObject({
      enabled: true,
      keepWarm: "30m",
    });
    await warmer.setIntervalMs(ID, 60_000);
    expect(warmer.getState(ID).keepWarm).toBe("30m");
    await warmer.setKeepWarm(ID, null);
    expect(warmer.getState(ID).keepWarm).toBeUndefined();
    expect(warmer.getState(ID).intervalMs).toBe(60_000);
  });

  it.each(["", "soon", "-1 pings", "NaN m"])("is not %j", async (words) => {
    const { warmer, storage } = planned(({ dueAt }) => ({ ...WORTH, warmAt: dueAt }));
    await expect(warmer.setKeepWarm(ID, words)).rejects.toThrow(TypeError);
    expect(await storage.keys()).toEqual([]);
  });
});
