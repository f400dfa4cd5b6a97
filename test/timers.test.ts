import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { systemTimers } from "../src/timers.ts";

const DAY_MS = 86_400_000;

describe("the system's timers", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("fire once, after their delay", () => {
    const fired = vi.fn();
    systemTimers().setTimer(fired, 1_000);
    vi.advanceTimersByTime(999);
    expect(fired).not.toHaveBeenCalled();
    vi.advanceTimersByTime(DAY_MS);
    expect(fired).toHaveBeenCalledTimes(1);
  });

  it("do not fire once cleared", () => {
    const fired = vi.fn();
    const timers = systemTimers();
    timers.clearTimer(timers.setTimer(fired, 1_000));
    vi.advanceTimersByTime(DAY_MS);
    expect(fired).not.toHaveBeenCalled();
  });
});
