/** What a gateway learns of its person's pauses, and how it is forgotten. */
import { describe, expect, it } from "vitest";
import { storageIn } from "../support/storage-in.ts";
import { controlOf, MINUTE_MS, setUp, type World } from "./world.ts";

/** A gateway that finds what the one before it has learned, and learns that `ada` pauses for half an hour. */
async function aGateway(learned: Map<string, string>, pauses = true): Promise<World> {
  const keeping = { keepWarm: "auto", storage: storageIn(learned) };
  const world = await setUp({ enableNew: false, keeping });
  const ada = world.talk("ada");
  if (!pauses) return world;
  await ada.ask("Shall we begin?");
  await world.away(30 * MINUTE_MS);
  await ada.ask("Go on.");
  return world;
}

const tells = (learned: Map<string, string>) => [...learned.values()].some((text) => text.includes('"ada"'));

describe("a conversation's pauses", () => {
  it("are stored when the gateway closes, and forgotten with it after a restart", async () => {
    const learned = new Map<string, string>();
    const first = await aGateway(learned);
    await first.gateway.close();
    expect(tells(learned)).toBe(true);
    const control = controlOf(await aGateway(learned, false));
    expect(await control.forget("ada")).toBe(true);
    expect(tells(learned)).toBe(false);
    expect(await control.forget("ada")).toBe(false);
  });

  it("are forgotten with a conversation that is open", async () => {
    const learned = new Map<string, string>();
    const world = await aGateway(learned);
    expect(await controlOf(world).forget("ada")).toBe(true);
    await world.gateway.close();
    expect(tells(learned)).toBe(false);
  });

  it("are forgotten with all others", async () => {
    const learned = new Map<string, string>();
    const world = await aGateway(learned);
    await controlOf(world).forgetPauses();
    await world.gateway.close();
    expect([...learned.keys()]).toEqual([]);
  });
});
