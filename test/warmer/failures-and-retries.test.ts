import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { settled } from "../support/virtual-clock.ts";
import { ID, setUp, type WarmerUnderTest } from "../support/warmer-under-test.ts";

const MINUTE = 60_000;

/** Armed on a 5-minute entry, with the first warm on its way. */
async function warming(world: WarmerUnderTest = setUp()): Promise<WarmerUnderTest> {
  await world.arm(ID, { requestStartedAt: world.clock.now(), ttlMs: 5 * MINUTE });
  await world.clock.pass(280_000);
  expect(world.service.calls).toHaveLength(1);
  return world;
}

// An unhandled rejection would end a host's process.
const unhandled: unknown[] = [];
const listener = (reason: unknown) => unhandled.push(reason);
beforeEach(() => {
  unhandled.length = 0;
  process.on("unhandledRejection", listener);
});
afterEach(async () => {
  await new Promise((resolve) => setImmediate(resolve));
  process.off("unhandledRejection", listener);
  expect(unhandled).toEqual([]);
});

describe("a failed warm does not kill the schedule", () => {
  it.each([
    ["rejects", (world: WarmerUnderTest) => world.service.last().reject(new Error("reset"))],
    ["resolves { error }", (world: WarmerUnderTest) => world.service.last().resolve({ error: "busy" })],
  ])("when it %s, another try goes out a second later", async (_, fail) => {
    const world = await warming();
    fail(world);
    await settled();
    expect(world.dueInMs()).toBe(1_000);
    await world.clock.pass(1_000);
    expect(world.service.calls).toHaveLength(2);
  });

  it("tries after 1, 2, 4 and 8 s, and gives up as lapsed when the next would come too late", async () => {
    const { warmer, clock, service, arm } = setUp();
    service.answer = (call) => call.reject(new Error("overloaded"));
    await arm(ID, { requestStartedAt: clock.now(), ttlMs: 5 * MINUTE });
    await clock.pass(600_000);
    const first = service.calls[0]?.startedAt ?? 0;
    expect(service.calls.map(({ startedAt }) => startedAt - first)).toEqual([0, 1_000, 3_000, 7_000, 15_000]);
    expect(warmer.getStatus(ID)).toMatchObject({ phase: "lapsed" });
    expect(warmer.getStatus(ID).why).toContain("overloaded");
  });

  it("shows the try to come, and why, in one notice", async () => {
    const { warmer, clock, service, notices } = await warming();
    notices.length = 0;
    service.last().reject(new Error("reset"));
    await settled();
    expect(notices).toMatchObject([{ nextWarmAt: clock.now() + 1_000 }]);
    expect(warmer.getStatus(ID)).toEqual({
      phase: "idle",
      why: "The last warm failed (reset); trying again.",
    });
  });

  it("begins the backoff anew after a success", async () => {
    const { clock, service, dueInMs } = await warming();
    service.last().reject(new Error("reset"));
    await clock.pass(1_000);
    await service.last().succeed();
    await clock.pass(280_000);
    service.last().reject(new Error("reset"));
    await settled();
    expect(dueInMs()).toBe(1_000);
  });

  it("begins the backoff anew after a turn", async () => {
    const { warmer, clock, service, dueInMs } = await warming();
    service.last().reject(new Error("reset"));
    await clock.pass(1_000);
    warmer.onTurnStarted(ID);
    warmer.onTurnSettled(ID, { requestStartedAt: clock.now(), ttlMs: 5 * MINUTE });
    service.calls[1]?.reject(new Error("aborted"));
    await clock.pass(280_000);
    service.last().reject(new Error("reset"));
    await settled();
    expect(dueInMs()).toBe(1_000);
  });

  it("forgets the trouble after a success", async () => {
    const { warmer, clock, service } = await warming();
    service.last().reject(new Error("reset"));
    await clock.pass(1_000);
    await service.last().succeed();
    expect(warmer.getStatus(ID)).toEqual({ phase: "idle", why: null });
  });

  it("begins afresh with the next turn after it gave up", async () => {
    const { warmer, clock, service, arm } = setUp();
    service.answer = (call) => call.reject(new Error("overloaded"));
    await arm(ID, { requestStartedAt: clock.now(), ttlMs: 5 * MINUTE });
    await clock.pass(600_000);
    warmer.onTurnStarted(ID);
    warmer.onTurnSettled(ID, {});
    expect([clock.liveTimers(), warmer.getStatus(ID)]).toEqual([1, { phase: "idle", why: null }]);
  });

  it("is logged with the conversation and the reason, and nothing else of it", async () => {
    const { service, logger } = await warming();
    service.last().reject(new Error("reset"));
    await settled();
    expect(logger.at("warn")).toEqual([
      {
        level: "warn",
        message: "keepwarm: warm failed",
        attributes: { conversationId: ID, error: "reset", status: undefined, retryInMs: 1_000 },
      },
    ]);
  });
});

describe("Retry-After", () => {
  it("is honoured", async () => {
    const { service, dueInMs } = await warming();
    service.last().resolve({ error: "rate limited", status: 429, retryAfterMs: 7_000 });
    await settled();
    expect(dueInMs()).toBe(7_000);
  });

  it("of a rejection is honoured as well", async () => {
    const { service, dueInMs } = await warming();
    service.last().reject(Object.assign(new Error("rate limited"), { status: 429, retryAfterMs: 7_000 }));
    await settled();
    expect(dueInMs()).toBe(7_000);
  });

  it("that reaches beyond the entry's life is not waited for: lapsed", async () => {
    const { warmer, clock, service } = await warming();
    service.last().resolve({ error: "rate limited", status: 429, retryAfterMs: 20_000 });
    await settled();
    expect([clock.liveTimers(), warmer.getStatus(ID).phase]).toEqual([0, "lapsed"]);
  });

  it("one conversation's 429 stops no other", async () => {
    const { clock, service, arm } = setUp();
    service.answer = (call) => {
      if (call.conversationId === "limited")
        call.resolve({ error: "429", status: 429, retryAfterMs: 60_000 });
      else void call.succeed();
    };
    await arm("limited", { requestStartedAt: clock.now(), ttlMs: 5 * MINUTE });
    await arm("free", { requestStartedAt: clock.now(), ttlMs: 5 * MINUTE });
    await clock.pass(3 * 280_000);
    expect(service.calls.map(({ conversationId }) => conversationId)).toEqual([
      "limited",
      "free",
      "free",
      "free",
    ]);
  });
});

describe("a permanent failure stops, and says why", () => {
  it.each([
    ["401", { error: "invalid x-api-key", status: 401 }],
    ["403", { error: "not allowed", status: 403 }],
    ["400", { error: "no such field", status: 400 }],
    ["404", { error: "no such model", status: 404 }],
    ["413", { error: "too large", status: 413 }],
    ["one said to be permanent", { error: "not warmable", permanent: true }],
    ["one said to be permanent, against its status", { error: "never again", status: 529, permanent: true }],
  ])("%s", async (_, failure) => {
    const { warmer, clock, service } = await warming();
    service.last().resolve(failure);
    await settled();
    expect(clock.liveTimers()).toBe(0);
    expect(warmer.getStatus(ID)).toEqual({ phase: "stopped", why: `The warm was refused: ${failure.error}` });
  });

  it("is told in one notice", async () => {
    const { service, notices } = await warming();
    notices.length = 0;
    service.last().reject(Object.assign(new Error("invalid x-api-key"), { status: 401 }));
    await settled();
    expect(notices).toMatchObject([{ nextWarmAt: null }]);
  });

  it("is lifted by the next turn", async () => {
    const { warmer, clock, service } = await warming();
    service.last().resolve({ error: "invalid x-api-key", status: 401 });
    await settled();
    warmer.onTurnStarted(ID);
    warmer.onTurnSettled(ID, {});
    expect(clock.liveTimers()).toBe(1);
  });
});

describe("a transient failure is tried again", () => {
  it.each([
    ["408", { error: "timeout", status: 408 }],
    ["409", { error: "conflict", status: 409 }],
    ["429", { error: "rate limited", status: 429 }],
    ["500", { error: "internal", status: 500 }],
    ["529", { error: "overloaded", status: 529 }],
    ["one that says nothing", { error: "socket hang up" }],
    ["one said to be transient, against its status", { error: "try again", status: 400, permanent: false }],
  ])("%s", async (_, failure) => {
    const { service, dueInMs } = await warming();
    service.last().resolve(failure);
    await settled();
    expect(dueInMs()).toBe(1_000);
  });
});

describe("an unhandled rejection never happens, and the schedule goes on", () => {
  const odd: [string, unknown][] = [
    ["a string", "nope"],
    ["nothing", undefined],
    ["null", null],
    ["a number", 503],
    ["a symbol", Symbol("nope")],
    ["an object without a prototype", Object.create(null)],
    ["an object whose string form throws", { toString: () => JSON.parse("{") }],
    ["an error without a message", new Error()],
    ["an object with a status", { status: 503, error: "unavailable" }],
    ["an error inside an error", { error: new Error("inside") }],
  ];

  it.each(odd)("when the service rejects with %s", async (_, reason) => {
    const { warmer, service, dueInMs } = await warming();
    service.last().reject(reason);
    await settled();
    expect(dueInMs()).toBe(1_000);
    expect(warmer.getStatus(ID).why).toMatch(/^The last warm failed \(.+\); trying again\.$/);
  });

  it.each([
    ["a string", "ok"],
    ["a number", 1],
    ["true", true],
    ["null", null],
    ["nothing", undefined],
    ["an error that is undefined", { error: undefined }],
  ])("when the service resolves with %s, which is no failure", async (_, value) => {
    const { warmer, clock, service } = await warming();
    const { warmId = "" } = service.last().options;
    service.last().resolve(value);
    await settled();
    warmer.onWarmCompleted({
      conversationId: ID,
      warmId,
      usage: { inputTokens: 10, outputTokens: 0, cacheReadTokens: 10, cacheWriteTokens: 0 },
    });
    expect(clock.liveTimers()).toBe(1);
  });

  it("when the service throws at once", async () => {
    const { service, clock, arm, dueInMs } = setUp();
    service.answer = () => {
      throw new Error("not connected");
    };
    await arm(ID, { requestStartedAt: clock.now(), ttlMs: 5 * MINUTE });
    await clock.pass(280_000);
    expect(dueInMs()).toBe(1_000);
  });

  it("when the surface throws while a failure is told", async () => {
    const { deps, service, dueInMs } = await warming();
    deps.onSurfaceChange = () => {
      throw new Error("renderer gone");
    };
    service.last().reject(new Error("reset"));
    await settled();
    expect(dueInMs()).toBe(1_000);
  });

  it("when the storage fails on every call of an un-awaited event", async () => {
    const { warmer, storage } = setUp();
    storage.fails = () => true;
    warmer.onTurnStarted(ID);
    warmer.onTurnSettled(ID, {});
    void warmer.onConversationClosed(ID);
    void warmer.load(ID);
    void warmer.restore();
    await settled();
    expect(warmer.getState(ID).enabled).toBe(false);
  });
});

describe("a try that is due", () => {
  it("is cancelled by a turn", async () => {
    const { warmer, clock, service } = await warming();
    service.last().reject(new Error("reset"));
    await settled();
    warmer.onTurnStarted(ID);
    await clock.pass(10_000);
    expect(service.calls).toHaveLength(1);
  });

  it("is cancelled by switching off", async () => {
    const { warmer, clock, service } = await warming();
    service.last().reject(new Error("reset"));
    await settled();
    void warmer.setEnabled(ID, false);
    await clock.pass(10_000);
    expect(service.calls).toHaveLength(1);
  });

  it("is not sent when the laptop slept over it", async () => {
    const { warmer, clock, service } = await warming();
    service.last().reject(new Error("reset"));
    await settled();
    clock.sleep(60_000);
    await clock.pass(10_000);
    expect([service.calls.length, warmer.getStatus(ID).phase]).toEqual([1, "lapsed"]);
  });
});
