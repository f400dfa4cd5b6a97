import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createLease } from "../../src/fleet/lease.ts";
import { IDLE_BEAT_MS } from "../../src/fleet/queues.ts";
import { createRecordingLogger } from "../support/recording-logger.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

/** A worker's hold on a job nobody waits for, renewed as a worker does for so long. @returns when it was, in ms */
async function held({
  heartbeatMs,
  staleSeconds,
  forMs,
}: Record<"heartbeatMs" | "staleSeconds" | "forMs", number>) {
  const renewals: number[] = [];
  const began = performance.now();
  const lease = createLease({
    boss: {
      async touch(_, some) {
        renewals.push(performance.now() - began);
        const ids = Array.isArray(some) ? some.length : 1;
        return { jobs: [], requested: ids, affected: ids };
      },
    },
    logger: createRecordingLogger(),
    heartbeatMs,
  });
  const job = { id: "a", name: "artifact", retryCount: 0, heartbeatSeconds: staleSeconds };
  lease.take(job);
  for (let passed = 0; passed < forMs; passed += IDLE_BEAT_MS) {
    // Timers are a little early at times.
    await vi.advanceTimersByTimeAsync(IDLE_BEAT_MS - 1);
    await lease.renew();
  }
  return { renewals, isHeld: !lease.signalOf(job).aborted };
}

it("renews a job about as often as it is told", async () => {
  const { renewals, isHeld } = await held({ heartbeatMs: 30_000, staleSeconds: 120, forMs: 300_000 });
  expect(renewals).toHaveLength(10);
  expect(isHeld).toBe(true);
});

it.each([
  [5, 10],
  [6, 12],
  [7, 14],
  [8, 16],
  [12, 24],
])("lets go of no job at a heartbeat of %i s and a threshold of %i s", async (heartbeat, staleSeconds) => {
  const { isHeld } = await held({ heartbeatMs: heartbeat * 1_000, staleSeconds, forMs: 120_000 });
  expect(isHeld).toBe(true);
});
