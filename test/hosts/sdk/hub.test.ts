import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Anthropic from "@anthropic-ai/sdk";
import { describe, expect, it, onTestFinished } from "vitest";
import { createKeepwarm, type Keepwarm, type KeepwarmOptions } from "../../../src/hosts/sdk/index.ts";
import { joinHub } from "../../../src/hosts/sdk/join-hub.ts";
import { aService } from "../../support/service-under-test.ts";
import { API_KEY, setUp, Talk, text } from "./world.ts";

function newStateDirectory(): string {
  const folder = mkdtempSync(join(tmpdir(), "keepwarm-hub-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** Where a person's keepwarm is, and what they have chosen there. */
function person(settings: Readonly<Record<string, string>> = {}) {
  const env = { KEEPWARM_HOME: newStateDirectory(), ...settings };
  return { env, directory: env.KEEPWARM_HOME, hub: (name = "robot") => joinHub({ name, env }) };
}

type World = Awaited<ReturnType<typeof setUp>>;

/** Time passes for all of them, and each warm is answered on the way: files take their time, however fast the clock goes. */
async function away(world: World, minutes: number, ...others: Keepwarm[]): Promise<void> {
  const isWarming = ({ warmer }: Keepwarm) =>
    warmer.conversations().some((id) => warmer.getStatus(id).phase === "warming");
  for (let step = 0; step < minutes * 12; step++) {
    await world.away(5_000);
    while ([world.keepwarm, ...others].some(isWarming))
      await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** Another program, at the same time. */
function another({ clock, logger }: World, options: KeepwarmOptions) {
  const { now, monotonicNow, timers } = clock;
  const common = { enableNew: true, keepWarm: "always", logger, now, monotonicNow, timers };
  const keepwarm = createKeepwarm({ ...common, ...options });
  onTestFinished(() => keepwarm.dispose());
  return keepwarm;
}

describe("a program on the SDK that has joined its person's hub", () => {
  it("is on the console beside the gateway's conversations, and is steered there", async () => {
    const { client, directory, service } = await aService({});
    const keepwarm = createKeepwarm({
      hub: joinHub({ name: "robot", cwd: "/home/ada/robot", env: { KEEPWARM_HOME: directory } }),
    });
    onTestFinished(() => keepwarm.dispose());
    const anthropic = keepwarm.wrap(
      new Anthropic({ baseURL: service.gatewayUrl, apiKey: API_KEY, authToken: null, maxRetries: 0 }),
    );
    await new Talk(anthropic, text("handbook"), "ada").ask("hello");
    const seen = async () => (await client.status()).conversations.find(({ host }) => host === "robot");
    await expect.poll(seen).toMatchObject({ id: "ada", enabled: false, folder: "robot", named: true });
    await client.setEnabled("ada", true);
    expect(keepwarm.warmer.getState("ada").enabled).toBe(true);
    await expect.poll(seen).toMatchObject({ enabled: true });
    expect(await client.warmNow("ada")).toMatchObject({ sent: true });
    keepwarm.dispose();
    await expect.poll(seen).toBeUndefined();
    // What it booked is in the one report, once its spool is taken in.
    const warms = async () =>
      (await client.report(0)).conversations.find(({ conversationId }) => conversationId === "ada")?.warms;
    await expect.poll(warms, { timeout: 15_000, interval: 200 }).toBe(1);
  });

  it("does not warm what another of its person's programs keeps warm, and says which", async () => {
    const { hub } = person();
    const world = await setUp({ hub: hub("first") });
    const second = another(world, { hub: hub("second") });
    for (const client of [world.client, second.wrap(world.plain)])
      await new Talk(client, text("handbook"), "ada").ask("hello");
    await away(world, 14, second);
    expect(world.warms()).toHaveLength(3);
    const whys = [world.keepwarm, second].map(({ warmer }) => warmer.getStatus("ada").why);
    expect(whys.toSorted()).toEqual([
      "Kept warm until you close it, as you chose.",
      expect.stringMatching(
        /another keepwarm keeps this prefix warm already \((first|second), process \d+\)/,
      ),
    ]);
  });

  it("shares the limit for a day with its person's other programs", async () => {
    const { hub } = person({ KEEPWARM_MAX_USD_PER_DAY: "0.01" });
    const world = await setUp({ hub: hub("first") });
    await new Talk(world.client, text("handbook of ada"), "ada").ask("hello");
    await away(world, 60);
    const sent = world.warms().length;
    expect(sent).toBeGreaterThan(2);
    expect(world.keepwarm.warmer.getStatus("ada").why).toContain("would exceed your limit of $0.01");

    // Its own limit is the milder.
    const second = another(world, { hub: hub("second"), limits: { dayUsd: 5 } });
    await new Talk(second.wrap(world.plain), text("handbook of bob"), "bob").ask("hello");
    await away(world, 10, second);
    expect(world.warms()).toHaveLength(sent);
    expect(second.warmer.getStatus("bob").why).toContain("would exceed your limit of $0.01");
  });

  it("keeps to its own limit where that is the stricter", async () => {
    const { hub } = person({ KEEPWARM_MAX_USD_PER_DAY: "5" });
    const world = await setUp({ hub: hub(), limits: { dayUsd: 0 } });
    await new Talk(world.client, text("handbook"), "ada").ask("hello");
    await away(world, 10);
    expect(world.warms()).toEqual([]);
    expect(world.keepwarm.warmer.getStatus("ada").why).toContain("limit of $0");
  });

  it("keeps warm where no gateway runs, and finds its settings again when it starts anew", async () => {
    const { hub, directory } = person();
    const world = await setUp({ hub: hub(), enableNew: false });
    const ada = new Talk(world.client, text("handbook"), "ada");
    await ada.ask("hello");
    await world.keepwarm.warmer.setEnabled("ada", true);
    await away(world, 14);
    expect(world.warms()).toHaveLength(3);
    world.keepwarm.dispose();
    expect(readFileSync(join(directory, "hosts", "robot.json"), "utf8")).toContain("ada");
    const again = createKeepwarm({ hub: hub() });
    onTestFinished(() => again.dispose());
    await again.warmer.load("ada");
    expect(again.warmer.getState("ada").enabled).toBe(true);
  });

  it("warms nothing while its person's settings cannot be read, and says why", async () => {
    const { hub, directory } = person();
    writeFileSync(join(directory, "config.json"), "{ not JSON");
    const world = await setUp({ hub: hub() });
    const ada = new Talk(world.client, text("handbook"), "ada");
    await ada.ask("hello");
    await away(world, 10);
    expect(world.warms()).toEqual([]);
    expect(world.keepwarm.warmer.getStatus("ada").why).toMatch(/settings cannot be used/);
  });
});

it.each([
  ["", "name must be 1 to 40 letters"],
  ["../pi", "name must be 1 to 40 letters"],
  ["a".repeat(41), "name must be 1 to 40 letters"],
])("a program cannot join as %o", (name, said) => {
  expect(() => joinHub({ name })).toThrow(TypeError);
  expect(() => joinHub({ name })).toThrow(said);
});

it.each([
  [{ hub: {} }, "hub must be what joinHub of keepwarm/hub makes"],
  [{ hub: "robot" }, "hub must be what joinHub of keepwarm/hub makes"],
  [
    { hub: { join() {} }, ledger: { get() {}, set() {}, delete() {}, has() {}, keys() {} } },
    "ledger cannot be given beside hub",
  ],
])("refuses %o", (options, said) => {
  expect(() => createKeepwarm(options as unknown as KeepwarmOptions)).toThrow(said);
});
