/** A store that fails is said so, and neither delays a turn nor lets a warm out that nobody asked for. */
import { afterEach, describe, expect, it } from "vitest";
import { Refused } from "../../src/console/index.ts";
import type { StorageNamespace } from "../../src/host.ts";
import { controlledWorld } from "./controlled.ts";
import { MINUTE_MS, setUp, type World } from "./world.ts";

const rejections: unknown[] = [];
process.on("unhandledRejection", (reason) => rejections.push(reason));
afterEach(() => expect(rejections).toEqual([]));

const FULL = "keepwarm could not use /somewhere/keepwarm.sqlite: database or disk is full.";

function failingBy(fail: () => Promise<never>): StorageNamespace {
  return { get: fail, set: fail, delete: fail, has: fail, keys: fail };
}

const storages: Readonly<Record<string, StorageNamespace>> = {
  rejects: failingBy(async () => {
    throw new Error(FULL);
  }),
  throws: failingBy(() => {
    throw new Error(FULL);
  }),
  "never answers": failingBy(() => new Promise(() => {})),
};

const controlOf = (world: World, storage: StorageNamespace) => controlledWorld(world, { storage });

describe.each(Object.entries(storages))("a store that %s", (how, storage) => {
  it("holds no turn up, and lets no warm out that nobody asked for", async () => {
    const world = await setUp({ storage, enableNew: false });
    const talk = world.talk("ada");
    for (const question of ["Shall we begin?", "And then?"]) await talk.ask(question);
    await world.away(10 * MINUTE_MS);
    expect(world.warms()).toEqual([]);
    expect((await talk.ask("Go on.")).output_tokens).toBeGreaterThan(0);
  });

  it("has off hold in memory all the same", async () => {
    const world = await setUp({ storage });
    const talk = world.talk("ada");
    await talk.ask("Shall we begin?");
    void world.keeper.warmer.setEnabled("ada", false).catch(() => {});
    await talk.ask("Go on.");
    await world.away(10 * MINUTE_MS);
    expect(world.warms()).toEqual([]);
  });

  if (how === "never answers") return;

  it("refuses what is to be stored in a sentence, and goes on", async () => {
    const world = await setUp({ storage, enableNew: false });
    const control = controlOf(world, storage);
    await world.talk("ada").ask("Shall we begin?");
    for (const change of [
      () => control.setEnabled("ada", true),
      () => control.setIntervalMs("ada", 60_000),
      () => control.setEnabled("nobody", true),
      () => control.forget("ada"),
    ]) {
      const refused = await change().catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(Refused);
      expect(refused).toMatchObject({ status: 503, message: FULL });
    }
    expect(control.conversations().map(({ id, enabled }) => [id, enabled])).toEqual([["ada", false]]);
    await world.away(10 * MINUTE_MS);
    expect(world.warms()).toEqual([]);
  });
});
