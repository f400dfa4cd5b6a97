import { describe, expect, it } from "vitest";
import { ID, setUp } from "../support/warmer-under-test.ts";

describe("a conversation that no client has open any more", () => {
  it("is disarmed at once", async () => {
    const { warmer, clock, arm } = setUp();
    await arm();
    warmer.onConversationChanged(ID, { open: false });
    expect([clock.liveTimers(), warmer.getState(ID).nextWarmAt]).toEqual([0, null]);
  });

  it("has its warm in flight aborted", async () => {
    const { warmer, clock, service, arm } = setUp();
    await arm();
    await clock.pass(240_000);
    warmer.onConversationChanged(ID, { open: false });
    expect(service.last().aborted).toBe(true);
  });

  it("says so, and stays on", async () => {
    const { warmer, arm } = setUp();
    await arm();
    warmer.onConversationChanged(ID, { open: false });
    expect(warmer.getStatus(ID)).toMatchObject({
      phase: "stopped",
      why: expect.stringContaining("No client"),
    });
    expect(warmer.getState(ID).enabled).toBe(true);
  });

  it("is not armed by a switch, an interval or a manual warm while it is closed", async () => {
    const { warmer, clock, arm } = setUp();
    await arm();
    warmer.onConversationChanged(ID, { open: false });
    await warmer.setEnabled(ID, true);
    await warmer.setIntervalMs(ID, 30_000);
    warmer.onWarmCompleted({
      conversationId: ID,
      usage: { inputTokens: 10, outputTokens: 0, cacheReadTokens: 10, cacheWriteTokens: 0 },
    });
    expect(clock.liveTimers()).toBe(0);
  });

  it("is not tried again for when a warm that the person asked for fails", async () => {
    const { warmer, clock, service, arm } = setUp();
    await arm();
    warmer.onConversationChanged(ID, { open: false });
    void warmer.warmNow(ID);
    service.last().reject(new Error("reset"));
    await clock.pass(60_000);
    expect(service.calls).toHaveLength(1);
  });

  it("is armed again when one opens it, for as long as its prefix lives", async () => {
    const { warmer, clock, arm, dueInMs } = setUp();
    await arm();
    warmer.onConversationChanged(ID, { open: false });
    await clock.pass(100_000);
    warmer.onConversationChanged(ID, { open: true });
    expect(dueInMs()).toBe(180_000);
  });

  it("is not armed again when its prefix has lapsed meanwhile", async () => {
    const { warmer, clock, arm } = setUp();
    await arm();
    warmer.onConversationChanged(ID, { open: false });
    await clock.pass(300_000);
    warmer.onConversationChanged(ID, { open: true });
    expect([clock.liveTimers(), warmer.getStatus(ID).phase]).toEqual([0, "lapsed"]);
  });
});

describe("a prefix that is no longer what was last sent", () => {
  it("is not warmed", async () => {
    const { warmer, clock, service, arm } = setUp();
    await arm();
    warmer.onConversationChanged(ID, { invalidated: "compacted" });
    await clock.pass(600_000);
    expect(service.calls).toHaveLength(0);
  });

  it("has its warm in flight aborted, and the answer dropped", async () => {
    const { warmer, clock, service, arm } = setUp();
    await arm();
    await clock.pass(240_000);
    warmer.onConversationChanged(ID, { invalidated: "another model" });
    await service.last().succeed();
    expect([service.last().aborted, warmer.getState(ID).lastPct, clock.liveTimers()]).toEqual([
      true,
      null,
      0,
    ]);
  });

  it("is shown with its reason", async () => {
    const { warmer, arm } = setUp();
    await arm();
    warmer.onConversationChanged(ID, { invalidated: "compacted" });
    expect(warmer.getStatus(ID)).toMatchObject({
      phase: "stopped",
      why: expect.stringContaining("(compacted)"),
    });
  });

  it("is not armed by switching off and on", async () => {
    const { warmer, clock, arm } = setUp();
    await arm();
    warmer.onConversationChanged(ID, { invalidated: "compacted" });
    await warmer.setEnabled(ID, false);
    await warmer.setEnabled(ID, true);
    expect(clock.liveTimers()).toBe(0);
  });

  it("is replaced by the next turn's", async () => {
    const { warmer, clock, arm } = setUp();
    await arm();
    warmer.onConversationChanged(ID, { invalidated: "compacted" });
    warmer.onTurnStarted(ID);
    warmer.onTurnSettled(ID, {});
    expect([clock.liveTimers(), warmer.getStatus(ID)]).toEqual([1, { phase: "idle", why: null }]);
  });
});

describe("any other change", () => {
  it("leaves the timer alone", async () => {
    const { warmer, clock, arm, dueInMs } = setUp();
    await arm();
    await clock.pass(10_000);
    warmer.onConversationChanged(ID, { waiting: "permission", present: false });
    expect([dueInMs(), clock.liveTimers()]).toEqual([230_000, 1]);
  });

  it("is told in one notice", async () => {
    const { warmer, notices, arm } = setUp();
    await arm();
    warmer.onConversationChanged(ID, { present: false });
    expect(notices).toHaveLength(1);
  });

  it("to a conversation that nobody has mentioned makes none", () => {
    const { warmer, notices } = setUp();
    warmer.onConversationChanged(ID, { open: true, invalidated: "compacted" });
    expect([warmer.conversations(), notices]).toEqual([[], []]);
  });
});
