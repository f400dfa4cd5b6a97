/** Keys and prompts are in memory and on their way, and nowhere else. */
import { describe, expect, it } from "vitest";
import { createLog } from "../../src/cli/log.ts";
import { controlledWorld } from "./controlled.ts";
import { API_KEY, BEARER, LEAKS, type Leaky, leaky, marked, marksIn } from "./leaky.ts";
import { MINUTE_MS, setUp, text } from "./world.ts";

const credentials = { "x-api-key": { "x-api-key": API_KEY }, bearer: { authorization: `Bearer ${BEARER}` } };

async function secretive(credential: keyof typeof credentials) {
  const said: string[] = [];
  const { promise, resolve } = Promise.withResolvers<Leaky>();
  const world = await setUp({
    upstream: async (url) => {
      const api = await leaky(url);
      resolve(api);
      return api.url;
    },
    logger: createLog("debug", (line) => void said.push(line)),
    allowSubscription: true,
  });
  const storage = {
    get: async () => null,
    set: async () => {},
    delete: async () => {},
    has: async () => true,
    keys: async () => [],
  };
  const control = controlledWorld(world, { storage });
  async function ask(id: string, stream = false): Promise<void> {
    const answer = await fetch(`${world.url}/v1/messages?key=${encodeURIComponent(API_KEY)}`, {
      method: "POST",
      headers: { "x-keepwarm-conversation": id, ...credentials[credential] },
      body: JSON.stringify({ ...marked(text(id)), stream }),
      redirect: "manual",
    });
    await answer.text().catch(() => {});
    await world.calm();
  }
  /** Whatever a person, a log or a file gets to see. */
  function shown(): string {
    return JSON.stringify([said, control.info(), control.conversations(), [...world.entries]]);
  }
  return { world, api: await promise, control, ask, shown, said };
}

describe.each(Object.keys(credentials) as (keyof typeof credentials)[])(
  "a conversation with a key (%s)",
  (credential) => {
    it.each(Object.keys(LEAKS))("shows no mark of it when a warm's answer tells %s", async (kind) => {
      const { world, api, ask, control, shown, said } = await secretive(credential);
      await ask("ada");
      const leak = LEAKS[kind];
      api.next(leak ? [leak] : [], "warms");
      await world.away(5 * MINUTE_MS);
      expect(world.phase("ada")).not.toBe("off");
      expect(said.length).toBeGreaterThan(0);
      const now = JSON.stringify(await control.warmNow("ada").catch(String));
      expect(marksIn(shown() + now)).toEqual([]);
    });

    it.each(Object.keys(LEAKS))("shows no mark of it when a turn's answer tells %s", async (kind) => {
      const { world, api, ask, control, shown } = await secretive(credential);
      const leak = LEAKS[kind];
      await ask("ada");
      for (const stream of [true, false]) {
        api.next(leak ? [leak] : [], "all");
        await ask("ada", stream);
        await ask("bob", stream);
      }
      const changed = [
        await control.setEnabled("ada", false),
        await control.setEnabled("ada", true),
        await control.setIntervalMs("ada", 60_000),
        await control.warmNow("ada"),
      ];
      await world.away(5 * MINUTE_MS);
      changed.push(await control.warmNow("bob"));
      const all = shown();
      await control.forget("ada");
      expect(marksIn(all + shown() + JSON.stringify(changed))).toEqual([]);
    });
  },
);

it("finds a mark where there is one", () => {
  expect(marksIn(`x ${API_KEY} y`)).toContain(API_KEY);
  expect(marksIn(Buffer.from(`....${API_KEY}`).toString("base64"))).toContain(API_KEY);
  expect(marksIn(Buffer.from("MARKTOOL_7a8b", "utf16le"))).toEqual(["MARKTOOL_7a8b"]);
});
