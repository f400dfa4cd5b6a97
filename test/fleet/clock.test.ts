import { describe, expect, it } from "vitest";
import { createDatabaseClock } from "../../src/fleet/index.ts";

/** A machine whose clock is wrong, and a database whose answers take their time. */
function setUp(aheadMs: number) {
  let atMs = 1_000_000;
  const pass = (ms: number) => {
    atMs += ms;
  };
  let tripMs = 20;
  const slow = (ms: number) => {
    tripMs = ms;
  };
  const machine = { ahead: aheadMs, asleepMs: 0 };
  const clock = createDatabaseClock(
    {
      query: async <Row>() => {
        pass(tripMs / 2);
        const row = { now: atMs };
        pass(tripMs / 2);
        return [row as Row];
      },
    },
    { now: () => atMs + machine.ahead, monotonicNow: () => atMs - machine.asleepMs },
  );
  return { clock, machine, pass, real: () => atMs, slow };
}

describe("the database's clock", () => {
  it.each([30_000, -30_000, 0])("is kept by a machine that is %d ms ahead", async (aheadMs) => {
    const { clock, pass, real } = setUp(aheadMs);
    await clock.measure();
    expect(clock.now()).toBeCloseTo(real(), 0);
    pass(60_000);
    expect(clock.now()).toBeCloseTo(real(), 0);
    expect(Math.abs(clock.aheadMs() - aheadMs)).toBeLessThan(30);
  });

  it("goes on when the machine's is set back, and is right again once it has asked", async () => {
    const { clock, machine, pass, real } = setUp(0);
    await clock.measure();
    machine.ahead -= 3_600_000;
    pass(1_000);
    expect(clock.now()).toBeCloseTo(real(), 0);
    machine.ahead += 7_200_000;
    expect(clock.now()).toBeGreaterThan(real());
    await clock.measure();
    expect(clock.now()).toBeCloseTo(real(), 0);
  });

  it("counts the time that a machine slept", async () => {
    const { clock, machine, pass, real } = setUp(5_000);
    await clock.measure();
    pass(600_000);
    machine.asleepMs = 600_000;
    expect(clock.now()).toBeCloseTo(real(), 0);
  });

  it("goes by the quickest of its answers", async () => {
    const { clock, real, slow } = setUp(0);
    slow(4_000);
    await clock.measure();
    expect(Math.abs(clock.now() - real())).toBeLessThan(2_100);
    slow(2);
    await clock.measure();
    expect(Math.abs(clock.now() - real())).toBeLessThan(2);
  });
});
