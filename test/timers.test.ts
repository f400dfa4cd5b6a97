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

  it("keep a delay of 60 days, which setTimeout would take for 1 ms", () => {
    const fired = vi.fn();
    systemTimers().setTimer(fired, 60 * DAY_MS);
    vi.advanceTimersByTime(60 * DAY_MS - 1);
    expect(fired).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(fired).toHaveBeenCalledTimes(1);
  });

  it("can be cleared after 30 of 60 days", () => {
    const fired = vi.fn();
    const timers = systemTimers();
    const id = timers.setTimer(fired, 60 * DAY_MS);
    vi.advanceTimersByTime(30 * DAY_MS);
    timers.clearTimer(id);
    vi.advanceTimersByTime(60 * DAY_MS);
    expect(fired).not.toHaveBeenCalled();
  });
});
