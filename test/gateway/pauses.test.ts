/** What a gateway learns of its person's pauses, and how it is forgotten. */
import { describe, expect, it } from "vitest";
import { GAPS_KEY, GapHistory } from "../../src/policy/index.ts";
import { storageIn } from "../support/storage-in.ts";
import { controlledWorld } from "./controlled.ts";
import { MINUTE_MS, setUp, Talk, text, type World } from "./world.ts";

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
    const control = controlledWorld(await aGateway(learned, false));
    expect(await control.forget("ada")).toBe(true);
    expect(tells(learned)).toBe(false);
    expect(await control.forget("ada")).toBe(false);
  });

  it("are known by what came before them: a question to the person is none of a tool's", async () => {
    const learned = new Map<string, string>();
    const { client, away, calm, gateway } = await setUp({ keeping: { storage: storageIn(learned) } });
    const { params, headers } = new Talk(client, text("handbook"), "ada");
    const tools = [{ name: "AskUserQuestion", input_schema: { type: "object" as const } }];
    const messages = [
      { role: "user" as const, content: "[[tool:AskUserQuestion {}]] What do you want to know?" },
    ];
    for (let turn = 0; turn < 2; turn++) {
      await client.messages.create({ ...params, tools, messages }, { headers });
      await calm();
      await away(30 * MINUTE_MS);
    }
    await gateway.close();
    const { question, tool_use } = GapHistory.parse(learned.get(GAPS_KEY) ?? null).summary();
    expect(Math.max(...question.returned)).toBe(1);
    expect(Math.max(...tool_use.returned)).toBe(0);
  });

  it("are forgotten with a conversation that is open", async () => {
    const learned = new Map<string, string>();
    const world = await aGateway(learned);
    expect(await controlledWorld(world).forget("ada")).toBe(true);
    await world.gateway.close();
    expect(tells(learned)).toBe(false);
  });

  it("are forgotten with all others", async () => {
    const learned = new Map<string, string>();
    const world = await aGateway(learned);
    await controlledWorld(world).forgetPauses();
    await world.gateway.close();
    expect([...learned.keys()]).toEqual([]);
  });
});
