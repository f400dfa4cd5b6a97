import { expect, it } from "vitest";
import { createPace } from "../../src/prewarm/index.ts";
import { createVirtualClock } from "../support/virtual-clock.ts";

const { signal } = new AbortController();

it("one request goes ahead and finds out what the limits are, whatever was not sent before it", async () => {
  const { timers, now, pass } = createVirtualClock();
  const pace = createPace({ timers, now });
  const refused = await pace.turn("model", 100, signal);
  refused({ isUnsent: true });
  const first = await pace.turn("model", 100, signal);
  let seconds = 0;
  const second = pace.turn("model", 100, signal).then(() => {
    seconds++;
  });
  await pass(30_000);
  expect(seconds).toBe(0);
  first({ limits: { requests: { limit: 50, remaining: 49, resetAt: null } } });
  await second;
  expect(seconds).toBe(1);
});

it("a request that is turned away holds up those of every model, for as long as was asked and no longer than an hour", async () => {
  const { timers, now, pass } = createVirtualClock();
  const pace = createPace({ timers, now });
  for (const [asked, holds] of [
    [20_000, 20_000],
    [1e12, 3_600_000],
  ] as const) {
    const turnedAway = await pace.turn("model", 100, signal);
    turnedAway({ retryAfterMs: asked });
    let isSent = false;
    const other = pace.turn("another", 100, signal).then((ended) => {
      isSent = true;
      ended({});
    });
    await pass(holds - 1_000);
    expect(isSent).toBe(false);
    await pass(2_000);
    await other;
  }
});
