/** What is changed while the gateway runs holds for what passes next, and for what is kept warm already. */
import { describe, expect, it } from "vitest";
import type { Keeping, SpendingLimits } from "../../src/host.ts";
import { MINUTE_MS, setUp, text } from "./world.ts";

const AS_IT_WAS = { enableNew: true, allowSubscription: false, tier: undefined } as const;

async function aWorld(options: Parameters<typeof setUp>[0] = {}) {
  // What a service changes in it is read at each use.
  const keeping: { keepWarm: string; limits: SpendingLimits } & Keeping = { keepWarm: "always", limits: {} };
  const world = await setUp({ keeping, ...options });
  const change = (changes: Partial<typeof keeping> & Partial<Parameters<typeof world.gateway.change>[0]>) => {
    const { keepWarm = keeping.keepWarm, limits = keeping.limits, ...others } = changes;
    Object.assign(keeping, { keepWarm, limits });
    world.gateway.change({ ...AS_IT_WAS, ...others });
  };
  const plan = (id: string) => world.keeper.warmer.look(id).plan;
  return { ...world, change, plan };
}

describe("a change of settings in a running gateway", () => {
  it("of the default for new conversations holds for those that come", async () => {
    const { talk, keeper, change } = await aWorld({ enableNew: false });
    await talk("before").ask("Shall we begin?");
    change({ enableNew: true });
    await talk("after").ask("Shall we begin?");
    const isOn = (id: string) => keeper.warmer.getState(id).enabled;
    expect([isOn("before"), isOn("after")]).toEqual([false, true]);
    change({ enableNew: false });
    await talk("last").ask("Shall we begin?");
    expect([isOn("last"), isOn("after")]).toEqual([false, true]);
  });

  it.each([
    ["for one pause", { spanUsd: 0 }, /limit of \$0\.00 for one pause/],
    ["for a day", { dayUsd: 0 }, /limit of \$0\.00 for 24 hours/],
    ["of tokens", { minPrefixTokens: 1_000_000 }, /shorter than the 1000000/],
  ])("to a stricter limit %s stops what is armed, and to none arms it again", async (_, limits, reason) => {
    const { talk, away, change, plan, warms, phase, keeper, clock } = await aWorld();
    await talk("ada", text("handbook", 40_000)).ask("Shall we begin?");
    expect(plan("ada")?.warmAt).toBeGreaterThan(0);
    change({ limits });
    expect(plan("ada")).toMatchObject({ stop: true, reason: expect.stringMatching(reason) });
    expect(phase("ada")).toBe("stopped");
    expect(keeper.warmer.getState("ada").nextWarmAt).toBeNull();
    change({ limits: {} });
    expect(keeper.warmer.getState("ada").nextWarmAt).toBeGreaterThan(clock.now());
    change({ limits });
    await away(10 * MINUTE_MS);
    expect(warms()).toEqual([]);
  });

  it("to a stricter limit holds for the warm whose time has come, before it has been told", async () => {
    const keeping: Keeping & { limits: SpendingLimits } = { keepWarm: "always", limits: {} };
    const world = await setUp({ keeping });
    await world.talk("ada", text("handbook", 40_000)).ask("Shall we begin?");
    // In the keeper's own object, and not told to anybody.
    Object.assign(keeping, { limits: { spanUsd: 0 } });
    await world.away(10 * MINUTE_MS);
    expect(world.warms()).toEqual([]);
  });

  it("of how long is that of conversations of which nobody chose anything", async () => {
    const { talk, change, plan, keeper } = await aWorld();
    for (const id of ["ada", "bob"]) await talk(id).ask("Shall we begin?");
    await keeper.warmer.setKeepWarm("bob", "always");
    change({ keepWarm: "0 pings" });
    expect(plan("ada")).toMatchObject({ stop: true, reason: "No warms, as you chose." });
    expect(plan("bob")?.warmAt).toBeGreaterThan(0);
  });

  it("leaves what is off, and what is under way, as it is", async () => {
    const { talk, change, phase, keeper, warms, clock, calm } = await aWorld();
    const ada = talk("ada");
    await ada.ask("Shall we begin?");
    await keeper.warmer.setEnabled("ada", false);
    change({ keepWarm: "2h" });
    expect(phase("ada")).toBe("off");
    await clock.pass(10 * MINUTE_MS);
    await calm();
    expect(warms()).toEqual([]);
  });

  it("of the tier holds from the next write on, and what was given one goes on in it", async () => {
    const { talk, change, emulator, away } = await aWorld({ keeping: { keepWarm: "0 pings" } });
    const ttls = () =>
      emulator.requests.map(({ usage }) => (usage?.cache_creation?.ephemeral_1h_input_tokens ?? 0) > 0);
    const ada = talk("ada");
    await ada.ask("Shall we begin?");
    change({ tier: "1h" });
    // Its prefix is in the cache: another tier would make a write of a read.
    await ada.ask("Go on.");
    expect(ttls()).toEqual([false, false]);
    await away(6 * MINUTE_MS);
    await ada.ask("I am back.");
    expect(ttls()).toEqual([false, false, true]);
    change({ tier: undefined });
    const usage = await ada.ask("And on.");
    expect(usage.cache_read_input_tokens).toBeGreaterThan(0);
    expect(ttls().at(-1)).toBe(true);
    await away(61 * MINUTE_MS);
    await ada.ask("A new day.");
    expect(ttls().at(-1)).toBe(false);
  });

  it("of the consent to use a subscription holds for what is held: given it is kept warm, taken it is not", async () => {
    const { url, change, warms, away, phase, plan, keeper, calm } = await aWorld();
    const headers = {
      authorization: "Bearer sk-ant-oat01-nobodys",
      "content-type": "application/json",
      "anthropic-version": "2023-06-01",
      "x-keepwarm-conversation": "ada",
    };
    const body = JSON.stringify({
      model: "claude-opus-5-5",
      max_tokens: 64,
      system: [{ type: "text", text: text("handbook", 40_000), cache_control: { type: "ephemeral" } }],
      messages: [{ role: "user", content: "Shall we begin?" }],
    });
    const answer = await fetch(`${url}/v1/messages`, { method: "POST", headers, body });
    await answer.text();
    await calm();
    expect(phase("ada")).toBe("stopped");
    expect(keeper.warmer.getStatus("ada").why).toMatch(/subscription/);
    change({ allowSubscription: true });
    await expect.poll(() => phase("ada")).toBe("idle");
    expect(plan("ada")?.warmAt).toBeGreaterThan(0);
    await away(5 * MINUTE_MS);
    expect(warms()).toHaveLength(1);
    change({ allowSubscription: false });
    await expect.poll(() => phase("ada")).toBe("stopped");
    await away(10 * MINUTE_MS);
    expect(warms()).toHaveLength(1);
  });
});
