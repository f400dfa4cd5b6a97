import { describe, expect, it } from "vitest";
import { settled } from "../support/virtual-clock.ts";
import { COLD } from "../support/warm-service.ts";
import { ID, setUp } from "../support/warmer-under-test.ts";

describe("warm now", () => {
  it("sends a warm at once, in place of the one that was due", async () => {
    const { warmer, clock, service, arm } = setUp();
    await arm();
    void warmer.warmNow(ID);
    expect([service.calls.length, clock.liveTimers()]).toEqual([1, 0]);
  });

  it("shows itself in one notice that no longer counts down", async () => {
    const { warmer, notices, arm } = setUp();
    await arm();
    void warmer.warmNow(ID);
    expect(notices).toMatchObject([{ nextWarmAt: null }]);
    expect(warmer.getStatus(ID).phase).toBe("warming");
  });

  it("answers once the warm has been answered", async () => {
    const { warmer, service, arm } = setUp();
    await arm();
    const answer = warmer.warmNow(ID);
    await service.last().succeed();
    expect(await answer).toEqual({ sent: true });
  });

  it("resets the timer when it completes", async () => {
    const { warmer, clock, service, arm, dueInMs } = setUp();
    await arm();
    await clock.pass(100_000);
    void warmer.warmNow(ID);
    await service.last().succeed();
    expect([dueInMs(), clock.liveTimers()]).toEqual([240_000, 1]);
  });

  it("is tried again when it fails", async () => {
    const { warmer, service, arm, dueInMs } = setUp();
    await arm();
    void warmer.warmNow(ID);
    service.last().reject(new Error("reset"));
    await settled();
    expect(dueInMs()).toBe(1_000);
  });

  it("is aborted by a turn", async () => {
    const { warmer, service, arm } = setUp();
    await arm();
    void warmer.warmNow(ID);
    warmer.onTurnStarted(ID);
    expect(service.last().aborted).toBe(true);
  });

  it("goes after a cold stop, because the person asks for it", async () => {
    const { warmer, clock, service, arm } = setUp();
    await arm();
    await clock.pass(240_000);
    await service.last().succeed({ usage: COLD });
    await settled();
    void warmer.warmNow(ID);
    expect(service.calls).toHaveLength(2);
  });
});

describe("warm now is refused, with a reason,", () => {
  it("for a conversation that is not known", async () => {
    expect(await setUp().warmer.warmNow(ID)).toMatchObject({
      sent: false,
      why: expect.stringContaining("not known"),
    });
  });

  it("while warming is off", async () => {
    const { warmer, service } = setUp();
    warmer.onTurnSettled(ID, {});
    expect(await warmer.warmNow(ID)).toMatchObject({ sent: false, why: expect.stringContaining("off") });
    expect(service.calls).toHaveLength(0);
  });

  it("during a turn", async () => {
    const { warmer, arm } = setUp();
    await arm();
    warmer.onTurnStarted(ID);
    expect(await warmer.warmNow(ID)).toMatchObject({ sent: false, why: expect.stringContaining("turn") });
  });

  it("while a warm is on its way", async () => {
    const { warmer, service, arm } = setUp();
    await arm();
    void warmer.warmNow(ID);
    expect(await warmer.warmNow(ID)).toMatchObject({
      sent: false,
      why: expect.stringContaining("on its way"),
    });
    expect(service.calls).toHaveLength(1);
  });

  it("before the first turn", async () => {
    const { warmer } = setUp();
    await warmer.setEnabled(ID, true);
    expect(await warmer.warmNow(ID)).toMatchObject({
      sent: false,
      why: expect.stringContaining("first turn"),
    });
  });

  it("once the prefix must have lapsed", async () => {
    const { warmer, clock, service, arm } = setUp();
    await arm();
    clock.sleep(300_000);
    expect(await warmer.warmNow(ID)).toMatchObject({ sent: false, why: expect.stringContaining("expired") });
    expect(service.calls).toHaveLength(0);
  });

  it("once the prefix is no longer what was last sent", async () => {
    const { warmer, service, arm } = setUp();
    await arm();
    warmer.onConversationChanged(ID, { invalidated: "compacted" });
    expect(await warmer.warmNow(ID)).toMatchObject({ sent: false });
    expect(service.calls).toHaveLength(0);
  });

  it("for what the host said cannot be warmed", async () => {
    const { warmer, arm } = setUp();
    await arm(ID, { notWarmable: "A batch request." });
    expect(await warmer.warmNow(ID)).toEqual({ sent: false, why: "A batch request." });
  });

  it("and leaves the timer as it was", async () => {
    const { warmer, clock, arm, dueInMs } = setUp();
    await arm();
    await clock.pass(240_000);
    warmer.onTurnStarted(ID);
    warmer.onTurnSettled(ID, {});
    await warmer.warmNow(ID);
    expect(dueInMs()).toBe(240_000);
  });
});
