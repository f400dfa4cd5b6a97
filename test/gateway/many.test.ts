/** Many conversations at once take little memory, little time, and their turn. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { quiet } from "../support/quiet.ts";
import { ask, patientApi } from "./patient-api.ts";
import { setUp, text } from "./world.ts";

const MB = 1_048_576;

/** Bytes in buffers that something still refers to: captured bodies among them. */
function heldBytes(): number {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  for (let round = 0; round < 3; round++) collect();
  return process.memoryUsage().arrayBuffers;
}

describe("warms that are due at once", () => {
  it("wait compressed for their turn, and no more go out than may", async () => {
    const { api, url: upstream } = await patientApi();
    const world = await setUp({ upstream: () => upstream, maxWarms: 2 });
    for (let n = 0; n < 40; n++) await ask(world.url, `c${n}`, text(`handbook ${n}`, 400_000));
    await quiet(() => world.keeper.heldBytes() < 40 * MB);
    await world.clock.pass(3_000);
    await expect.poll(() => world.keeper.heldBytes()).toBeLessThan(4 * MB);
    const before = heldBytes();
    await world.clock.pass(285_000);
    await expect.poll(() => api.warms).toBe(2);
    await quiet(() => false);
    expect(world.keeper.warmsInFlight()).toBe(40);
    // Two bodies of two megabytes, in the two or three copies that sending takes.
    expect(heldBytes() - before).toBeLessThan(30 * MB);
    const releasing = setInterval(api.release, 1);
    await expect.poll(() => api.warms, { timeout: 10_000 }).toBe(40);
    await expect.poll(() => world.keeper.warmsInFlight()).toBe(0);
    clearInterval(releasing);
    expect(api.most).toBe(2);
  });
});
