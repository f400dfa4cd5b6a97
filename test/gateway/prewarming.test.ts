import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { createDaySpend } from "../../src/policy/index.ts";
import { aFolder, persona, prewarmingWorld, words } from "./prewarming-world.ts";
import { MODEL } from "./world.ts";

const MINUTE_MS = 60_000;
const PERSONAS = ["reviewer", "planner", "tester"];

describe("a catalogue that is warm from the start", () => {
  it("lets the first turn of three personas read all of what they share", async () => {
    const world = await prewarmingWorld({
      prefixes: PERSONAS.map((name) => ({ name, request: persona(name), triggers: ["connect"] })),
    });
    await world.start();
    expect(world.preWarms()).toHaveLength(3);
    for (const name of PERSONAS) {
      const { read, wrote } = world.figures(await world.turn(persona(name)));
      expect(read).toBeGreaterThanOrEqual(0.99 * 5_000);
      expect(wrote).toBe(0);
    }
    const { prefixes, history, spentUsd } = world.prewarming.view();
    expect(
      prefixes.map(({ name, problems, drift, isEstimated }) => [name, problems, drift, isEstimated]),
    ).toEqual(PERSONAS.map((name) => [name, [], null, false]));
    expect(
      history.map(({ name, cause, outcome, wroteTokens }) => [name, cause, outcome, wroteTokens]),
    ).toEqual(PERSONAS.toReversed().map((name) => [name, "connect", "wrote", 5_000]));
    expect(spentUsd).toBeCloseTo(3 * 0.025, 3);
  });

  it("books what they cost, and what the first turns then did not have to write, once", async () => {
    const world = await prewarmingWorld({
      prefixes: [{ name: "reviewer", request: persona("reviewer"), triggers: ["connect"] }],
    });
    await world.start();
    await world.turn(persona("reviewer"));
    // It would have read what that one wrote anyhow.
    await world.turn(persona("reviewer"));
    const { whole } = world.keeper.ledger.totals();
    expect(whole).toMatchObject({ preWarms: 1, preWarmReads: 1, preWarmedTokens: 5_000 });
    expect(whole.preWarmsSavedUsd).toBeCloseTo((5_000 * 4.8) / 1e6, 6);
    expect(whole.preWarmsUsd).toBeCloseTo((5_000 * 5) / 1e6, 3);
  });

  it("sends nothing while it is switched off, and begins when it is switched on", async () => {
    const world = await prewarmingWorld({
      prefixes: [{ name: "reviewer", request: persona("reviewer"), triggers: ["connect"], schedule: "1m" }],
      settings: { prewarm: false },
    });
    await world.start();
    await world.pass(10 * MINUTE_MS);
    expect(world.preWarms()).toEqual([]);
    Object.assign(world.live, { prewarm: true });
    await world.start();
    expect(world.preWarms()).toHaveLength(1);
    Object.assign(world.live, { prewarm: false });
    world.prewarming.apply();
    await world.pass(10 * MINUTE_MS);
    expect(world.preWarms()).toHaveLength(1);
  });

  it("keeps to its cap, and says so", async () => {
    const world = await prewarmingWorld({
      prefixes: PERSONAS.map((name) => ({ name, request: persona(name), triggers: ["connect"] })),
      settings: { prewarmMaxUsdPerDay: 0.09, maxWarms: 1 },
    });
    await world.start();
    // $0.025 each, and up to $0.04 held back for the next.
    const { spentUsd, history } = world.prewarming.view();
    expect(spentUsd).toBeLessThanOrEqual(0.09);
    expect(world.preWarms()).toHaveLength(3 - history.filter(({ outcome }) => outcome === "refused").length);
    expect(history.find(({ outcome }) => outcome === "refused")?.why).toMatch(
      /^It may cost up to \$0\.\d+, \$0\.\d+ are spent or on their way, and pre-warms may cost \$0\.0900 in 24 hours/,
    );
  });

  it("is registered with an entry that comes into the catalogue later", async () => {
    const entry = (name: string) => ({ name, request: persona(name), triggers: ["connect"] });
    const world = await prewarmingWorld({ prefixes: [entry("reviewer")] });
    await world.start();
    world.write([entry("reviewer"), entry("planner")]);
    await vi.waitFor(
      async () => {
        await world.clock.pass(1_000);
        await world.calm();
        expect(world.preWarms()).toHaveLength(2);
      },
      { timeout: 5_000 },
    );
    expect(world.prewarming.view().history.map(({ name, cause }) => [name, cause])).toEqual([
      ["planner", "connect"],
      ["reviewer", "connect"],
    ]);
  });

  it("counts towards what all warms of a day may cost", async () => {
    const world = await prewarmingWorld({
      prefixes: [{ name: "reviewer", request: persona("reviewer"), triggers: ["connect"] }],
    });
    const ofWarms = createDaySpend(world.spending);
    await world.start();
    // As the planner of warms looks: now and then.
    ofWarms.isStale(world.clock.now());
    await world.clock.pass(MINUTE_MS);
    ofWarms.isStale(world.clock.now());
    await world.calm();
    expect(ofWarms.usd(world.clock.now())).toBeCloseTo(0.025, 3);
  });

  it("never uses a key that passed by", async () => {
    const world = await prewarmingWorld({
      prefixes: [{ name: "reviewer", request: persona("reviewer"), triggers: ["connect"] }],
      settings: { prewarmKeyFile: "/nowhere/key" },
    });
    await world.turn(persona("reviewer"));
    await world.start();
    expect(world.preWarms()).toEqual([]);
    expect(world.prewarming.view().trouble).toBe("the key file /nowhere/key cannot be read (ENOENT)");
  });

  it("repeats nothing after a restart that is still warm", async () => {
    const prefixes = PERSONAS.map((name) => ({ name, request: persona(name), triggers: ["connect"] }));
    const world = await prewarmingWorld({ prefixes });
    await world.start();
    await world.prewarming.stop();
    expect(world.preWarms()).toHaveLength(3);
    await world.clock.pass(2 * MINUTE_MS);
    await world.start();
    expect(world.preWarms()).toHaveLength(3);
    await world.prewarming.stop();
    await world.clock.pass(4 * MINUTE_MS);
    await world.start();
    expect(world.preWarms()).toHaveLength(6);
  });

  it("writes no content, no key and no body down", async () => {
    const world = await prewarmingWorld({
      prefixes: [{ name: "reviewer", request: persona("reviewer"), triggers: ["connect"], schedule: "4m" }],
    });
    await world.start();
    await world.turn(persona("reviewer"));
    await world.pass(6 * MINUTE_MS);
    await world.prewarming.stop();
    const written = JSON.stringify([[...world.stored], world.logger.lines]);
    expect(written).toContain("reviewer");
    expect(written).not.toContain("handbook");
    expect(written).not.toContain("sk-ant-api");
  });
});

describe("a schedule", () => {
  it("holds a 5-minute prefix for ten lifetimes without finding it cold once", async () => {
    const world = await prewarmingWorld({
      prefixes: [{ name: "reviewer", request: persona("reviewer"), triggers: ["connect"], schedule: "4m" }],
    });
    await world.start();
    await world.pass(50 * MINUTE_MS);
    const { history } = world.prewarming.view();
    const [first, ...others] = history.toReversed();
    expect(first?.outcome).toBe("wrote");
    expect(others).toHaveLength(12);
    expect(others.filter(({ outcome, wroteTokens }) => outcome !== "read" || wroteTokens > 0)).toEqual([]);
    expect(world.figures(await world.turn(persona("reviewer"))).read).toBe(5_000);
  });

  it("may be a cron expression", async () => {
    const world = await prewarmingWorld({
      prefixes: [
        { name: "reviewer", request: persona("reviewer"), schedule: "*/10 * * * *", timeZone: "UTC" },
      ],
    });
    await world.start();
    await world.pass(60 * MINUTE_MS, 30_000);
    expect(world.preWarms()).toHaveLength(6);
  });
});

describe("a catalogue that has drifted from traffic", () => {
  it("is detected, and it is said where", async () => {
    const request = persona("reviewer");
    const world = await prewarmingWorld({ prefixes: [{ name: "reviewer", request, triggers: ["connect"] }] });
    await world.start();
    const text = words("handbook of the reviewer", 5_000);
    const changed = persona("reviewer", {
      system: [
        {
          type: "text",
          text: `${text.slice(0, 14_312)}!${text.slice(14_313)}`,
          cache_control: { type: "ephemeral" },
        },
      ],
    });
    await world.turn(changed);
    const sentence = "Your traffic's system prompt differs at byte 14,312: this pre-warm would never hit.";
    expect(world.prewarming.view().prefixes[0]?.drift).toBe(sentence);
    expect(world.logger.at("warn").map(({ message }) => message)).toEqual([
      `keepwarm: the catalogue has drifted: ${sentence}`,
    ]);
    const body = JSON.stringify({
      ...request,
      max_tokens: 1,
      messages: [{ role: "user", content: "warmup" }],
    });
    expect(await world.prewarming.compare({ request: body, betas: [] })).toMatchObject({
      compared: 1,
      difference: { part: "the system prompt", byte: 14_312, sentence },
    });
    // As soon as traffic agrees again, nothing is held against it.
    await world.turn(request);
    expect(world.prewarming.view().prefixes[0]?.drift).toBe(null);
  });

  it("is told by its parameters too, though the text is the same", async () => {
    const request = persona("reviewer");
    const world = await prewarmingWorld({ prefixes: [{ name: "reviewer", request, triggers: ["connect"] }] });
    await world.start();
    await world.turn({ ...request, output_config: { effort: "low" } });
    expect(world.prewarming.view().prefixes[0]?.drift).toMatch(/^Your traffic sends the effort "low"/);
  });
});

describe("the trigger miss", () => {
  it("fires once, when first turns have found it cold again and again", async () => {
    const world = await prewarmingWorld({
      prefixes: [
        { name: "reviewer", request: persona("reviewer"), triggers: ["miss"] },
        { name: "planner", request: persona("planner") },
      ],
    });
    await world.start();
    for (const name of ["reviewer", "planner"]) await world.turn(persona(name));
    await world.pass(6 * MINUTE_MS);
    for (const name of ["reviewer", "planner"]) await world.turn(persona(name));
    expect(world.preWarms()).toEqual([]);
    await world.pass(30 * MINUTE_MS);
    // Shortly before it lapses, so that the next first turn finds it.
    expect(world.prewarming.view().history).toMatchObject([
      { name: "reviewer", cause: "miss", outcome: "read" },
    ]);
  });

  it("does not fire for one cold first turn, nor for those that find it warm", async () => {
    const world = await prewarmingWorld({
      prefixes: [{ name: "reviewer", request: persona("reviewer"), triggers: ["miss"] }],
    });
    await world.start();
    for (let turns = 0; turns < 6; turns++) {
      await world.turn(persona("reviewer"));
      await world.pass(MINUTE_MS);
    }
    await world.pass(30 * MINUTE_MS);
    expect(world.preWarms()).toEqual([]);
  });
});

describe("the trigger commit", () => {
  const git = (folder: string, ...args: string[]) =>
    execFileSync("git", ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", ...args], {
      cwd: folder,
    });

  it("fires once for a commit, however many files git writes, and once for a changed file", async () => {
    const folder = aFolder();
    git(folder, "init", "-q");
    writeFileSync(join(folder, "notes.md"), "one");
    writeFileSync(join(folder, "reviewer.json"), JSON.stringify(persona("reviewer")));
    git(folder, "add", ".");
    git(folder, "commit", "-qm", "one");
    const world = await prewarmingWorld({
      folder,
      prefixes: [
        { name: "reviewer", file: "reviewer.json", triggers: ["commit"], files: ["notes.md"] },
        { name: "planner", request: persona("planner") },
      ],
    });
    await world.start();
    expect(world.preWarms()).toEqual([]);
    const history = () =>
      world.prewarming.view().history.map(({ name, cause, outcome }) => [name, cause, outcome]);
    /** The system tells of changed files in its own time, and keepwarm waits until it has been quiet. */
    const until = (count: number) =>
      vi.waitFor(async () => {
        await world.pass(1_000, 500);
        expect(history()).toHaveLength(count);
      }, 10_000);

    writeFileSync(join(folder, "other.md"), "not one of its files");
    git(folder, "add", "other.md");
    git(folder, "commit", "-qm", "two");
    await until(1);
    expect(history()).toEqual([["reviewer", "commit", "wrote"]]);
    writeFileSync(join(folder, "notes.md"), "two");
    writeFileSync(join(folder, "notes.md"), "three");
    await until(2);
    writeFileSync(join(folder, "reviewer.json"), JSON.stringify(persona("stricter reviewer")));
    await until(3);
    expect(history()).toEqual([
      ["reviewer", "commit", "wrote"],
      ["reviewer", "commit", "read"],
      ["reviewer", "commit", "wrote"],
    ]);
    // The same again, and what is none of its business: nothing.
    writeFileSync(join(folder, "notes.md"), "three");
    writeFileSync(join(folder, "stray.md"), "stray");
    for (let waits = 0; waits < 10; waits++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      await world.pass(1_000, 500);
    }
    expect(history()).toHaveLength(3);
    expect(world.figures(await world.turn(persona("stricter reviewer"))).read).toBe(5_000);
  });

  it("takes up a catalogue that was changed", async () => {
    const world = await prewarmingWorld({ prefixes: [{ name: "reviewer", request: persona("reviewer") }] });
    await world.start();
    world.write([{ name: "planner", request: persona("planner"), schedule: "1m" }]);
    await vi.waitFor(async () => {
      await world.pass(500, 500);
      expect(world.prewarming.view().prefixes.map(({ name }) => name)).toEqual(["planner"]);
    }, 10_000);
    await world.pass(MINUTE_MS);
    expect(world.prewarming.view().history.map(({ name }) => name)).toEqual(["planner"]);
  });
});

describe("the hours at which people begin", () => {
  const HOUR_MS = 60 * MINUTE_MS;
  const prefix = { name: "reviewer", request: persona("reviewer", { model: MODEL }), tier: "1h" };
  const reviewer = () =>
    persona("reviewer", {
      system: [
        {
          type: "text",
          text: words("handbook of the reviewer", 5_000),
          cache_control: { type: "ephemeral", ttl: "1h" },
        },
      ],
    });

  async function weeks(
    fields: Record<string, unknown>,
    startsAnHour: number,
    settings: NonNullable<Parameters<typeof prewarmingWorld>[0]["settings"]> = {},
  ) {
    const world = await prewarmingWorld({ prefixes: [{ ...prefix, ...fields }], settings });
    await world.start();
    // To nine in the morning of the next day.
    const nine = new Date(world.clock.now());
    nine.setDate(nine.getDate() + 1);
    nine.setHours(9, 10, 0, 0);
    await world.clock.pass(nine.getTime() - world.clock.now());
    for (let day = 0; day < 6; day++) {
      for (let start = 0; start < startsAnHour; start++) await world.turn(reviewer());
      await world.pass(24 * HOUR_MS - 30 * MINUTE_MS, 10 * MINUTE_MS);
      await world.pass(30 * MINUTE_MS, 20_000);
    }
    return world;
  }

  it("are learned as counts, and a prefix whose quick answer is worth it is warm by then", async () => {
    const world = await weeks({ pinned: true, latencyUsd: 1 }, 1);
    const { history } = world.prewarming.view();
    expect(history.length).toBeGreaterThan(0);
    for (const { cause, at } of history) {
      expect(cause).toBe("hours");
      expect(new Date(at).getHours()).toBe(8);
      expect(new Date(at).getMinutes()).toBeGreaterThanOrEqual(57);
    }
    expect(world.figures(await world.turn(reviewer())).read).toBe(5_000);
    const stored = JSON.parse(world.stored.get("hours:reviewer") ?? "");
    expect(Object.keys(stored)).toEqual(["bins", "days", "day"]);
  });

  it("are said once to come in vain, where the cap lets nothing be sent, however often it is looked", async () => {
    const world = await weeks({ pinned: true, latencyUsd: 1 }, 1, { prewarmMaxUsdPerDay: 0 });
    expect(world.prewarming.view().history).toMatchObject([
      { cause: "hours", outcome: "refused", why: expect.stringContaining("may cost nothing") },
    ]);
  });

  it("are no reason where the expected saving does not beat the write", async () => {
    const world = await weeks({ pinned: true }, 1);
    expect(world.prewarming.view().history).toEqual([]);
  });
});

describe("what is begun with often and is in no entry", () => {
  it("is counted, by keyed hashes alone", async () => {
    const world = await prewarmingWorld({ prefixes: [{ name: "reviewer", request: persona("reviewer") }] });
    await world.start();
    for (let turns = 0; turns < 3; turns++) {
      for (const name of ["reviewer", "planner"]) await world.turn(persona(name));
    }
    expect(world.prewarming.view().uncatalogued).toBe(1);
    expect(JSON.stringify([...world.stored])).not.toContain("planner");
  });
});

it("takes up a file that is put into a catalogue's folder", async () => {
  const folder = aFolder();
  const inside = join(folder, "personas");
  mkdirSync(inside);
  const world = await prewarmingWorld({ folder, prefixes: [], settings: { prewarmCatalogue: inside } });
  await world.start();
  writeFileSync(join(inside, "planner.json"), JSON.stringify({ request: persona("planner") }));
  await vi.waitFor(async () => {
    await world.pass(500, 500);
    expect(world.prewarming.view().prefixes.map(({ name }) => name)).toEqual(["planner"]);
  }, 10_000);
});

it("tells each pre-warm once, however often it is switched off and on", async () => {
  const world = await prewarmingWorld({
    prefixes: [{ name: "reviewer", request: persona("reviewer"), triggers: ["connect"] }],
  });
  for (let times = 0; times < 3; times++) {
    await world.start();
    await world.prewarming.stop();
  }
  expect(world.prewarming.view().history).toHaveLength(1);
});
