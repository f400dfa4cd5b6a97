import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import type { Usage } from "../../../src/host.ts";
import { fetchWatching, namedBySession } from "../../../src/hosts/native/index.ts";
import { forgetPausesOfPrograms } from "../../../src/hub/index.ts";
import { API_KEY, MINUTE_MS, newStateDirectory, setUp } from "./world.ts";

const AWAY_MS = 20 * MINUTE_MS;

const hitShare = ({ cacheReadTokens, cacheWriteTokens }: Usage) =>
  cacheReadTokens / (cacheReadTokens + cacheWriteTokens);

describe("a program that tells its payloads", () => {
  it("keeps warm what its person switches on, and nothing else", async () => {
    const { host, talk, away, warms } = await setUp();
    const [on, off] = [talk("on"), talk("off")];
    await on.ask("hello");
    await off.ask("hello");
    await host.command("on", "on");
    await away(AWAY_MS);
    expect(warms()).toHaveLength(4);
    expect(hitShare(await on.ask("back again"))).toBeGreaterThan(0.99);
    expect((await off.ask("back again")).cacheReadTokens).toBe(0);
  });

  it("sends its warms with the payload's own bytes", async () => {
    const { host, talk, away, emulator } = await setUp();
    const ada = talk("ada");
    await host.command("ada", "on");
    await ada.ask("hello");
    await away(5 * MINUTE_MS);
    const [real, warm] = emulator.requests;
    expect(String(warm?.body)).toBe(String(real?.body).replace('"max_tokens":256', '"max_tokens":0'));
  });

  it("serialises a payload that it is given as an object, after it has left", async () => {
    const { host, talk, away, warms } = await setUp();
    const ada = talk("ada");
    let asked = 0;
    const later = talk("ada", {
      body: () => {
        asked++;
        return ada.payload;
      },
    });
    await host.command("ada", "on");
    await later.ask("hello");
    expect(asked).toBe(1);
    await away(5 * MINUTE_MS);
    expect(warms()).toHaveLength(1);
  });

  it("covers a tool that runs longer than the entry lives, and stops when it is told of a close", async () => {
    const { host, talk, away, warms } = await setUp();
    const ada = talk("ada");
    await host.command("ada", "on");
    await ada.ask("hello");
    host.changed("ada", { waiting: "tool" });
    await away(15 * MINUTE_MS);
    expect(warms()).toHaveLength(3);
    host.closed("ada");
    await away(15 * MINUTE_MS);
    expect(warms()).toHaveLength(3);
    expect(host.keeper.warmer.getState("ada").enabled).toBe(false);
  });

  it("stops at once when the program lets go of a conversation, and remembers that it was on", async () => {
    const { host, talk, away, warms } = await setUp();
    await host.command("ada", "on");
    await talk("ada").ask("hello");
    host.detached("ada");
    await away(AWAY_MS);
    expect(warms()).toHaveLength(0);
    await talk("ada").ask("hello again");
    expect(host.statusLine("ada")).toMatch(/^warm 4:/);
  });

  it("remembers settings and pauses over a restart, for its owner alone", async () => {
    const stateDirectory = newStateDirectory();
    const first = await setUp({ stateDirectory });
    await first.host.command("ada", "2h");
    await first.talk("ada").ask("hello");
    await first.away(MINUTE_MS);
    await first.talk("ada").ask("more");
    first.host.dispose();
    const file = join(stateDirectory, "hosts", "robot.json");
    expect(readFileSync(file, "utf8")).toContain("gaps");
    const second = await setUp({ stateDirectory });
    await second.talk("ada").ask("hello");
    expect(await second.host.command("ada", "status")).toMatch(/^Warming is on \(2h\); the next warm is due/);
  });

  it("keeps settings where the program wants them", async () => {
    const entries = new Map<string, string>();
    const storage = {
      get: async (key: string) => entries.get(key) ?? null,
      set: async (key: string, value: string) => void entries.set(key, value),
      delete: async (key: string) => void entries.delete(key),
      has: async (key: string) => entries.has(key),
      keys: async (prefix = "") => [...entries.keys()].filter((key) => key.startsWith(prefix)),
    };
    const { host } = await setUp({ storage });
    await host.command("ada", "on");
    expect(JSON.parse(entries.get("settings:ada") ?? "{}")).toMatchObject({ enabled: true });
  });

  it("follows requests whose credentials take a moment, and asks for them again before each warm", async () => {
    let asked = 0;
    const { host, talk, away, emulator, warms } = await setUp();
    const credentials = async () => {
      asked++;
      return { "x-api-key": API_KEY };
    };
    await host.command("ada", "on");
    await talk("ada", { headers: { "anthropic-version": "2023-06-01" }, credentials }).ask("hello");
    await away(10 * MINUTE_MS);
    expect(warms()).toHaveLength(2);
    expect(asked).toBe(3);
    expect(emulator.requests.map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  it("sends no warm with a login that has become a subscription's meanwhile", async () => {
    let key = API_KEY;
    const { host, talk, away, warms } = await setUp();
    await host.command("ada", "on");
    await talk("ada", { credentials: () => ({ "x-api-key": key }) }).ask("hello");
    key = "sk-ant-oat01-of-a-test";
    await away(10 * MINUTE_MS);
    expect(warms()).toHaveLength(0);
    expect(await host.command("ada", "")).toMatch(/signed in with a subscription/);
  });

  it("goes on with a conversation of which the program could not give its credentials once", async () => {
    let isBroken = true;
    const { host, talk, away, warms } = await setUp();
    const credentials = () => {
      if (isBroken) throw new Error("not signed in yet");
      return { "x-api-key": API_KEY };
    };
    await host.command("ada", "on");
    const ada = talk("ada", { credentials });
    await ada.ask("hello");
    isBroken = false;
    await ada.ask("more");
    await away(5 * MINUTE_MS);
    expect(warms()).toHaveLength(1);
  });

  it("is not held up by logins of other conversations that are never renewed", async () => {
    const { host, talk, clock, calm, warms } = await setUp();
    let hangs = false;
    const credentials = () => (hangs ? new Promise<never>(() => {}) : { "x-api-key": API_KEY });
    // As many as are sent at once.
    for (const id of ["a", "b", "c", "d"]) {
      await host.command(id, "on");
      await talk(id, { credentials }).ask("hello");
    }
    hangs = true;
    await clock.pass(MINUTE_MS);
    await host.command("ada", "on");
    await talk("ada").ask("hello");
    // Never calm, because four wait for ever: no time passes while the fifth's files take theirs.
    const isDue = () => host.keeper.warmer.getStatus("ada").phase === "warming";
    for (let passed = 0; passed < 298 && !isDue(); passed++) {
      await clock.pass(1_000);
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    await expect.poll(() => warms().length).toBe(1);
    await calm();
    expect(await host.command("ada", "")).toMatch(/found 100 % of the prefix/);
  });

  it("does not tell what the program said when it could not give its credentials", async () => {
    let isBroken = false;
    const { host, talk, away, warms, logger } = await setUp();
    const credentials = () => {
      if (isBroken) throw new Error(`cannot renew ${API_KEY}`);
      return { "x-api-key": API_KEY };
    };
    await host.command("ada", "on");
    await talk("ada", { credentials }).ask("hello");
    isBroken = true;
    await away(10 * MINUTE_MS);
    expect(warms()).toHaveLength(0);
    expect(JSON.stringify([logger.lines, await host.command("ada", "")])).not.toContain(API_KEY);
  });

  it("asks for the address with the payload, when the program knows it only then", async () => {
    const { host, url, talk, away, warms } = await setUp();
    await host.command("ada", "on");
    await talk("ada", { url: () => `${url}/v1/messages?beta=true` }).ask("hello");
    await away(5 * MINUTE_MS);
    expect(warms()).toHaveLength(1);
  });

  it("sends nothing for a request that the program will not have warmed, and says why", async () => {
    const { host, talk, away, warms } = await setUp();
    await host.command("ada", "on");
    await talk("ada", { notWarmable: "Robots do not repeat themselves." }).ask("hello");
    await away(AWAY_MS);
    expect(warms()).toHaveLength(0);
    expect(await host.command("ada", "")).toMatch(/Robots do not repeat themselves\./);
    expect(await host.command("ada", "now")).toMatch(/No warm was sent\. Robots/);
    await talk("ada").ask("hello again");
    await away(5 * MINUTE_MS);
    expect(warms()).toHaveLength(1);
  });

  it("goes by the person's own limits", async () => {
    const { host, talk, away, warms } = await setUp({ env: { KEEPWARM_MAX_USD_PER_DAY: "0" } });
    await host.command("ada", "on");
    await talk("ada").ask("hello");
    await away(AWAY_MS);
    expect(warms()).toHaveLength(0);
  });

  it("sends nothing when the person's limits cannot be read, and says so", async () => {
    const stateDirectory = newStateDirectory();
    writeFileSync(join(stateDirectory, "config.json"), "{ nonsense");
    const { host, talk, away, warms } = await setUp({ stateDirectory });
    await host.command("ada", "on");
    await talk("ada").ask("hello");
    await away(AWAY_MS);
    expect(warms()).toHaveLength(0);
    expect(await host.command("ada", "")).toMatch(
      /keepwarm's settings cannot be used: .*config\.json is no JSON/,
    );
  });

  it("waits as long as the API asked when a real request was turned away", async () => {
    const { host, talk, away, warms, emulator } = await setUp();
    const ada = talk("ada");
    await host.command("ada", "on");
    await ada.ask("hello");
    emulator.failNext({ status: 429, retryAfterSeconds: 600 });
    await expect(ada.ask("more")).rejects.toThrow("429");
    await away(AWAY_MS);
    expect(warms()).toHaveLength(0);
  });
});

describe("a program whose fetch is watched", () => {
  it("is kept warm by the session that its headers name", async () => {
    const { host, url, away, warms, calm } = await setUp({
      watching: fetchWatching,
      namedBy: namedBySession,
    });
    const watched = host.watch(globalThis.fetch);
    const messages = [{ role: "user", content: "hello ".repeat(20_000) }];
    const body = JSON.stringify({
      model: "claude-opus-5-5",
      max_tokens: 100,
      cache_control: { type: "ephemeral" },
      messages,
    });
    const headers = { "x-api-key": API_KEY, "anthropic-version": "2023-06-01", "x-session-id": "ses_1" };
    await host.command("ses_1", "on");
    const response = await watched(`${url}/v1/messages`, { method: "POST", headers, body });
    await response.text();
    await calm();
    await away(5 * MINUTE_MS);
    expect(warms()).toHaveLength(1);
    expect(host.statusLine("ses_1")).toMatch(/^warm 4:\d\d · 100 % · net −\$0\.0/);
  });
});

describe("a status line", () => {
  it("counts down each second, and falls silent when it is switched off", async () => {
    const { host, talk, clock, calm } = await setUp();
    const shown: (string | null)[] = [];
    const end = host.followStatus("ada", (line) => shown.push(line));
    await calm();
    expect(shown).toEqual([null]);
    await host.command("ada", "on");
    await talk("ada").ask("hello");
    shown.length = 0;
    await clock.pass(3_000);
    expect(shown).toHaveLength(3);
    await host.command("ada", "off");
    expect(shown.at(-1)).toBeNull();
    end();
    await host.command("ada", "on");
    expect(shown.at(-1)).toBeNull();
  });
});

describe("what was learned of pauses", () => {
  it("is forgotten for programs as well, running or not", async () => {
    const stateDirectory = newStateDirectory();
    const { host, talk, away, logger } = await setUp({ stateDirectory });
    await talk("ada").ask("hello");
    await away(MINUTE_MS);
    await talk("ada").ask("more");
    await host.command("ada", "on");
    host.dispose();
    const file = join(stateDirectory, "hosts", "robot.json");
    await expect.poll(() => readFileSync(file, "utf8")).toContain("gaps");
    await forgetPausesOfPrograms(stateDirectory, logger);
    expect(readFileSync(file, "utf8")).not.toContain("gaps");
    expect(readFileSync(file, "utf8")).toContain("settings:ada");
    await forgetPausesOfPrograms(join(stateDirectory, "none"), logger);
  });
});

describe("whatever goes wrong inside", () => {
  it("leaves the program at work where nothing can be stored, and sends nothing", async () => {
    const stateDirectory = join(newStateDirectory(), "state");
    writeFileSync(stateDirectory, "a file where the folder should be");
    const { host, talk, away, warms } = await setUp({ stateDirectory });
    expect(await host.command("ada", "on")).toMatch(
      /^keepwarm could not do this: .*robot\.json could not be written/,
    );
    const ada = talk("ada");
    await ada.ask("hello");
    await away(AWAY_MS);
    await ada.ask("hello again");
    host.closed("ada");
    host.detached("ada");
    expect(warms()).toHaveLength(0);
    host.dispose();
  });

  it("leaves the program as if keepwarm were not there", async () => {
    const { host, talk, calm, logger } = await setUp();
    await host.command("ada", "on");
    const broken = () => {
      throw new Error("out of order");
    };
    for (const name of ["open", "catchUp", "coming"] as const)
      vi.spyOn(host.keeper.turns, name).mockImplementation(broken);
    vi.spyOn(host.keeper.warmer, "getState").mockImplementation(broken);
    await talk("ada").ask("hello");
    host.changed("ada", { present: true });
    host.closed("ada");
    host.detached("ada");
    host.followStatus("ada", broken);
    expect(host.statusLine("ada")).toBeNull();
    expect(await host.command("ada", "off")).toMatch(/could not do this|off/);
    await calm().catch(() => {});
    expect(logger.at("error").length).toBeGreaterThan(0);
    vi.restoreAllMocks();
  });
});
