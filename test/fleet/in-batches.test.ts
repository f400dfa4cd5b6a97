import { describe, expect, it } from "vitest";
import { inBatches } from "../../src/fleet/in-batches.ts";

function recorded(options?: Parameters<typeof inBatches>[1]) {
  const batches: (readonly number[])[] = [];
  const double = inBatches<number, number>(async (items) => {
    batches.push(items);
    return new Map(items.map((item) => [item, item * 2]));
  }, options);
  return { batches, double };
}

describe("what is asked in batches", () => {
  it("goes together when it comes within the time that others are waited for", async () => {
    const { batches, double } = recorded({ forMs: 50, most: () => 9 });
    const first = double(1);
    await Promise.resolve();
    expect(await Promise.all([first, double(2), double(3)])).toEqual([2, 4, 6]);
    expect(batches).toEqual([[1, 2, 3]]);
  });

  it("waits for nobody once all are there, nor when nobody else can come", async () => {
    const began = performance.now();
    const alone = recorded({ forMs: 5_000, most: () => 1 });
    expect(await alone.double(1)).toBe(2);
    const three = recorded({ forMs: 5_000, most: () => 3 });
    expect(await Promise.all([1, 2, 3].map(three.double))).toEqual([2, 4, 6]);
    expect(three.batches).toEqual([[1, 2, 3]]);
    expect(performance.now() - began).toBeLessThan(2_000);
  });

  it("fails together, and the next batch is asked all the same", async () => {
    let isDown = true;
    const ask = inBatches<number, number>(async (items) => {
      if (isDown) throw new Error("down");
      return new Map(items.map((item) => [item, item]));
    });
    const asked = await Promise.allSettled([ask(1), ask(2)]);
    expect(asked.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    isDown = false;
    expect(await ask(3)).toBe(3);
  });
});
