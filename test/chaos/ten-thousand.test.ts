/** As many conversations as a gateway keeps, all due at once. */
import { expect, it } from "vitest";
import { controlledWorld } from "../gateway/controlled.ts";
import { ask, patientApi } from "../gateway/patient-api.ts";
import { setUp } from "../gateway/world.ts";

const COUNT = 10_000;
const MB = 1_048_576;

it("keeps 10,000 conversations warm, a few at a time, in little memory", async () => {
  const { api, url: upstream } = await patientApi();
  const world = await setUp({ upstream: () => upstream, maxConversations: COUNT, maxWarms: 4 });
  const before = process.memoryUsage().rss;
  for (let n = 0; n < COUNT; n += 50) {
    await Promise.all(
      Array.from({ length: 50 }, (_, at) => ask(world.url, `c${n + at}`, "handbook ".repeat(700))),
    );
  }
  await expect.poll(() => world.keeper.conversations().length).toBe(COUNT);
  // The last turns are settled.
  await new Promise((resolve) => setTimeout(resolve, 200));
  // 6.3 kB of each are held, too little to be worth compressing.
  expect(world.keeper.heldBytes()).toBeLessThan(70 * MB);
  expect(process.memoryUsage().rss - before).toBeLessThan(600 * MB);

  const status = controlledWorld(world);
  expect(status.conversations().length).toBe(COUNT);
  expect(status.conversation("c77")).toMatchObject({ enabled: true, phase: "idle" });

  await world.clock.pass(285_000);
  await expect.poll(() => api.warms).toBe(4);
  expect(world.keeper.warmsInFlight()).toBe(COUNT);
  // A turn is not held up by those that wait.
  await ask(world.url, "c7", "handbook ".repeat(700));
  const releasing = setInterval(api.release, 1);
  await expect.poll(() => world.keeper.warmsInFlight(), { timeout: 120_000 }).toBe(0);
  clearInterval(releasing);
  expect(api.most).toBe(4);
  // That one had its turn, and needs none.
  expect(api.warms).toBe(COUNT - 1);
});
