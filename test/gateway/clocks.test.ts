/** Clocks that somebody sets, and processes that are stopped: when in doubt nothing is sent. */
import { describe, expect, it } from "vitest";
import { doctored } from "./doctored.ts";
import { MINUTE_MS, setUp, type World } from "./world.ts";

const HOUR_MS = 60 * MINUTE_MS;
const SECOND_MS = 1_000;

async function warmedOnce() {
  const world = await setUp();
  const talk = world.talk("ada");
  await talk.ask("Shall we begin?");
  await world.away(100 * SECOND_MS);
  return { world, talk };
}

/** Each warm read what was there, and wrote nothing. */
function expectReads({ warms }: World, count: number): void {
  expect(warms().map(({ usage }) => usage?.cache_creation_input_tokens)).toEqual(Array(count).fill(0));
}

describe("a conversation that is kept warm", () => {
  it.each([1, 25])("is not warmed any more once the wall clock was set %i h ahead", async (hours) => {
    const { world, talk } = await warmedOnce();
    world.clock.setWall(hours * HOUR_MS);
    await world.away(20 * MINUTE_MS);
    expect(world.warms()).toEqual([]);
    await talk.ask("Go on.");
    await world.away(10 * MINUTE_MS);
    expectReads(world, 2);
  });

  it.each([1, 25])("is warmed in time, and no more often, when it was set back %i h", async (hours) => {
    const { world, talk } = await warmedOnce();
    // The emulator's entries live by the same clock: they are not what is looked at here.
    world.clock.setWall(-hours * HOUR_MS);
    await world.away(20 * MINUTE_MS);
    expect(world.warms().length).toBe(4);
    await talk.ask("Go on.");
    await world.away(10 * MINUTE_MS);
    expect(world.warms().length).toBe(6);
  });

  it("is warmed no more often when it is set to and fro", async () => {
    const { world } = await warmedOnce();
    for (let round = 0; round < 20; round++) {
      world.clock.setWall(round % 2 ? 30 * SECOND_MS : -30 * SECOND_MS);
      await world.away(MINUTE_MS);
    }
    expect(world.warms().length).toBeLessThanOrEqual(6);
    expectReads(world, world.warms().length);
  });

  it.each(["slept", "was stopped"])(
    "is not warmed after its machine %s beyond the TTL, and again after the next turn",
    async (how) => {
      const { world, talk } = await warmedOnce();
      if (how === "slept") world.clock.sleep(HOUR_MS);
      else world.clock.stop(HOUR_MS);
      await world.away(20 * MINUTE_MS);
      expect(world.warms()).toEqual([]);
      expect(world.phase("ada")).toBe("lapsed");
      await talk.ask("I am back.");
      await world.away(10 * MINUTE_MS);
      expectReads(world, 2);
    },
  );

  it("is warmed when it was stopped for less than that", async () => {
    const { world } = await warmedOnce();
    world.clock.stop(3 * MINUTE_MS);
    await world.away(MINUTE_MS);
    expectReads(world, 1);
  });

  it.each([-3, 3])(
    "waits as long as it was told to when the clock is set by %i h meanwhile",
    async (hours) => {
      let resetAt = 0;
      const upstream = (url: string) =>
        doctored(url, ({ headers }) => {
          headers["anthropic-ratelimit-requests-limit"] = "100";
          headers["anthropic-ratelimit-requests-remaining"] = resetAt === 0 ? "50" : "1";
          headers["anthropic-ratelimit-requests-reset"] = new Date(resetAt).toISOString();
        });
      const world = await setUp({ upstream });
      const { clock } = world;
      await world.talk("bob").ask("Hi");
      resetAt = clock.now() + 290 * SECOND_MS;
      await world.talk("ada").ask("Hi");
      resetAt = 0;
      await world.away(MINUTE_MS);
      clock.setWall(hours * HOUR_MS);
      await world.away(100 * SECOND_MS);
      expect(world.warms()).toEqual([]);
      await world.away(139 * SECOND_MS);
      // An hour ahead everything has lapsed; back, it waits until the reset, and no longer.
      expect(world.warms().length).toBe(hours > 0 ? 0 : 2);
    },
  );
});
