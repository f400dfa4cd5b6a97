import { describe, expect, it } from "vitest";
import type { WarmDispatch, WarmsAhead } from "../../src/host.ts";
import { createPlanner } from "../../src/policy/index.ts";
import { createCacheWarmer } from "../../src/warmer.ts";
import { ID, setUp } from "../support/warmer-under-test.ts";

const TTL_MS = 300_000;
const HIT = { inputTokens: 1_000, outputTokens: 0, cacheReadTokens: 1_000, cacheWriteTokens: 0 };

/** A warmer whose warms another process sends. */
function setUpWithDispatch(dueInMs = 255_000) {
  const world = setUp();
  const told: (WarmsAhead | { readonly cancelled: string })[] = [];
  const dispatch: WarmDispatch = {
    plan(warms) {
      told.push(warms);
      return world.clock.now() + dueInMs;
    },
    cancel: (conversationId) => told.push({ cancelled: conversationId }),
  };
  const deps = { ...world.deps, dispatch, planner: createPlanner({ keepWarm: { kind: "fixed", warms: 3 } }) };
  const warmer = createCacheWarmer({
    ...deps,
    onSurfaceChange: () => {},
  });
  async function settle(context = {}): Promise<void> {
    await warmer.setEnabled(ID, true);
    warmer.onTurnStarted(ID);
    warmer.onTurnSettled(ID, { requestStartedAt: world.clock.now(), ttlMs: TTL_MS, ...context });
  }
  return { ...world, warmer, told, settle, last: () => told.at(-1) };
}

describe("a warmer whose warms another process sends", () => {
  it("tells it what is due, and how many may follow", async () => {
    const { clock, settle, last, warmer } = setUpWithDispatch();
    const settledAt = clock.now();
    await settle();
    expect(last()).toMatchObject({
      conversationId: ID,
      lapsesAt: settledAt + TTL_MS,
      most: 3,
      policy: "3 pings",
    });
    expect(last()).toHaveProperty("until", expect.any(Number));
    // When it goes out, not when it would have here.
    expect(warmer.getState(ID).nextWarmAt).toBe(settledAt + 255_000);
  });

  it("never sends one itself", async () => {
    const { clock, service, settle } = setUpWithDispatch();
    await settle();
    await clock.pass(10 * TTL_MS);
    expect(service.calls).toEqual([]);
  });

  it.each([
    ["a turn starts", (warmer: ReturnType<typeof createCacheWarmer>) => warmer.onTurnStarted(ID)],
    [
      "it is switched off",
      (warmer: ReturnType<typeof createCacheWarmer>) => void warmer.setEnabled(ID, false),
    ],
    ["it is closed", (warmer: ReturnType<typeof createCacheWarmer>) => void warmer.onConversationClosed(ID)],
    [
      "its client is gone",
      (warmer: ReturnType<typeof createCacheWarmer>) => warmer.onConversationDetached(ID),
    ],
  ])("takes it back at once when %s", async (_, act) => {
    const { settle, told, last, warmer } = setUpWithDispatch();
    await settle();
    told.length = 0;
    act(warmer);
    // Before anything was awaited.
    expect(last()).toEqual({ cancelled: ID });
  });

  it("plans anew after each report, with what is left", async () => {
    const { clock, settle, last, warmer } = setUpWithDispatch();
    await settle();
    await clock.pass(255_000);
    warmer.onWarmCompleted({ conversationId: ID, usage: HIT, warmId: "a-worker's", startedAt: clock.now() });
    expect(last()).toMatchObject({ most: 2, lapsesAt: clock.now() + TTL_MS });
    expect(warmer.getState(ID)).toMatchObject({ lastPct: 100, lastWarmAt: clock.now() });
  });

  it("says so when nobody warmed it in time, and goes on when the report was only late", async () => {
    const { clock, settle, last, warmer } = setUpWithDispatch();
    await settle();
    const sentAt = clock.now() + 255_000;
    await clock.pass(TTL_MS + 6_000);
    expect(warmer.getStatus(ID)).toEqual({
      phase: "lapsed",
      why: expect.stringContaining("No worker warmed it in time"),
    });
    expect(last()).toEqual({ cancelled: ID });
    warmer.onWarmCompleted({ conversationId: ID, usage: HIT, warmId: "a-worker's", startedAt: sentAt });
    expect(warmer.getStatus(ID).phase).toBe("idle");
  });

  it("stops, and says why, when all tries of it failed", async () => {
    const { settle, last, warmer } = setUpWithDispatch();
    await settle();
    warmer.onWarmFailed({ conversationId: ID, error: "The API answered the warm with 500." });
    expect(warmer.getStatus(ID)).toMatchObject({
      phase: "stopped",
      why: expect.stringContaining("with 500"),
    });
    expect(last()).toEqual({ cancelled: ID });
    await settle();
    warmer.onWarmFailed({ conversationId: ID, error: "It expired.", lapsed: true });
    expect(warmer.getStatus(ID)).toEqual({ phase: "lapsed", why: "It expired." });
  });

  it("lets no failure of an older warm end a turn that has begun", async () => {
    const { settle, warmer } = setUpWithDispatch();
    await settle();
    warmer.onTurnStarted(ID);
    warmer.onWarmFailed({ conversationId: ID, error: "late" });
    expect(warmer.getStatus(ID).phase).toBe("generating");
  });
});
