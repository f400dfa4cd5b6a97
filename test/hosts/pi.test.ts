/**
 * The real pi with the extension in it, in front of the emulator, where a 5-minute entry lives some seconds, on
 * real clocks: its person comes back after four lifetimes.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { createEmulator, type Emulator } from "../../src/emulator/index.ts";
import {
  exchanges,
  expectOnlyTheConversationWarmed,
  expectWrittenAgain,
  isWarm,
} from "./support/conversation.ts";
import { lenientAboutThreads } from "./support/lenient-about-threads.ts";
import {
  builtPlugin,
  normalisedRequests,
  normalisedSession,
  type Pi,
  type PiOptions,
  type PiVersion,
  startPi,
  storedSessions,
} from "./support/pi.ts";
import { showRow } from "./support/row.ts";

const TTL_MS = 5_000;
const PAUSE_MS = 4 * TTL_MS;
const TOOL = `[[tool:bash {"command":"sleep ${(3 * TTL_MS) / 1_000}"}]] Wait, please.`;
const VERSIONS: readonly PiVersion[] = ["0.87.1", "1.5.2"];

const root = mkdtempSync(join(tmpdir(), "keepwarm-pi-"));
let plugin = "";
beforeAll(async () => {
  plugin = await builtPlugin();
});
afterAll(() => rmSync(root, { recursive: true, force: true, maxRetries: 10 }));

interface World extends Emulator {
  readonly home: string;
  readonly url: string;
  start(options?: Partial<PiOptions>): Pi;
}

/** A home for one pi, and an emulator of its own. */
async function world(
  test: TestContext,
  version: PiVersion,
  keepwarm: "installed" | "not installed",
): Promise<World> {
  const home = mkdtempSync(join(root, "home-"));
  const emulator = createEmulator({ ttl5mMs: TTL_MS });
  const { url } = await emulator.listen();
  test.onTestFinished(() => emulator.close());
  const packages = keepwarm === "installed" ? [plugin] : [];
  return {
    ...emulator,
    get requests() {
      return emulator.requests;
    },
    home,
    url,
    start: ({ env = {}, ...options } = {}) =>
      startPi({
        version,
        home,
        url,
        test,
        settings: { packages },
        env: { KEEPWARM_TTL_5M: `${TTL_MS}ms`, KEEPWARM_KEEP_WARM: "always", ...env },
        ...options,
      }),
  };
}

/** Two turns, four lifetimes, a turn, a tool of three lifetimes, and whatever there is to read of it afterwards. */
async function talk(pi: Pi, { kept }: { readonly kept: boolean }): Promise<void> {
  if (kept) expect(await pi.ask("/warm on")).toMatch(/^Warming is on/);
  await pi.say("Question 0, please.");
  await pi.say("Question 1, please.");
  await wait(PAUSE_MS);
  await pi.say("Question 2, please.");
  await pi.say(TOOL);
}

describe.concurrent.each(VERSIONS)("pi %s with keepwarm inside", (version) => {
  it("finds its whole prefix after a pause and after a long tool, and stores what it stores without", async (test) => {
    const [warm, alone] = await Promise.all([
      world(test, version, "installed"),
      world(test, version, "not installed"),
    ]);
    const held = await Promise.all(
      [warm, alone].map(async (place) => {
        const pi = place.start();
        await talk(pi, { kept: place === warm });
        await pi.quit();
        const [session = []] = storedSessions(place.home);
        return session;
      }),
    );
    const [first, ...returns] = exchanges(warm.requests);
    expect(first?.read).toBe(0);
    expect(returns).toHaveLength(4);
    for (const { read, prefix } of returns) expect(read / prefix).toBeGreaterThanOrEqual(0.99);
    expectOnlyTheConversationWarmed(warm.requests);

    // Without it, what comes after the pause and after the tool is written again.
    expectWrittenAgain(alone.requests, { ttlMs: TTL_MS, times: 2 });

    const [stored, bare] = held.map((session) => normalisedSession(session, { usage: false }));
    expect(stored).toEqual(bare);
    expect(normalisedRequests(warm.requests, warm.home)).toEqual(
      normalisedRequests(alone.requests, alone.home),
    );
    showRow("pi", {
      version,
      readShare: Math.min(...returns.map(({ read, prefix }) => read / prefix)),
      warms: warm.requests.filter(isWarm).length,
    });
  });

  it("sends and stores exactly what it does without, as long as it is off", async (test) => {
    const [off, alone] = await Promise.all([
      world(test, version, "installed"),
      world(test, version, "not installed"),
    ]);
    const sessions = await Promise.all(
      [off, alone].map(async (place) => {
        const pi = place.start();
        await pi.say('[[tool:bash {"command":"echo hi"}]] One.');
        await pi.say("Two.");
        await wait(2 * TTL_MS);
        await pi.quit();
        return normalisedSession(storedSessions(place.home)[0] ?? [], { usage: true });
      }),
    );
    expect(off.requests.filter(isWarm)).toEqual([]);
    expect(off.requests).toHaveLength(3);
    expect(sessions[0]).toEqual(sessions[1]);
  });

  it("stops at once when it quits, without keeping it from quitting, and goes on when it is resumed", async (test) => {
    const place = await world(test, version, "installed");
    const pi = place.start();
    await pi.ask("/warm on");
    await pi.say("Question 0, please.");
    await test.expect.poll(() => place.requests.filter(isWarm).length).toBeGreaterThan(0);
    await pi.quit();
    const warms = place.requests.filter(isWarm).length;
    await wait(2 * TTL_MS);
    expect(place.requests.filter(isWarm)).toHaveLength(warms);

    const again = place.start({ args: ["--continue"] });
    expect(await again.ask("/warm")).toMatch(/^Warming is on/);
    await again.say("Question 1, please.");
    await wait(PAUSE_MS);
    await again.say("Question 2, please.");
    const { read, prefix } = exchanges(place.requests).at(-1) ?? { read: 0, prefix: 1 };
    expect(read / prefix).toBeGreaterThanOrEqual(0.99);

    // Off is off at once, too.
    expect(await again.ask("/warm off")).toMatch(/^Warming is off/);
    const before = place.requests.length;
    await wait(2 * TTL_MS);
    expect(place.requests).toHaveLength(before);
  });

  it("keeps warm through a tool, in auto, and stops by itself where going on is not worth its price", async (test) => {
    const place = await world(test, version, "installed");
    const pi = place.start({ env: { KEEPWARM_KEEP_WARM: "auto" } });
    await pi.ask("/warm on");
    await pi.say(TOOL);
    const warms = place.requests.filter(isWarm).length;
    expect(warms).toBeGreaterThan(1);
    const { read, prefix } = exchanges(place.requests).at(-1) ?? { read: 0, prefix: 1 };
    expect(read / prefix).toBeGreaterThanOrEqual(0.99);
    await wait(PAUSE_MS);
    expect(place.requests.filter(isWarm)).toHaveLength(warms);
    expect(await pi.ask("/warm")).toMatch(/^Warming is on\. Not worth a warm/);
  });

  it("keeps its setting over a clone and a new start of its extensions", async (test) => {
    const place = await world(test, version, "installed");
    const pi = place.start();
    await pi.ask("/warm on");
    await pi.say("Question 0, please.");
    const from = pi.said().length;
    pi.command({ type: "clone" });
    await pi.says(/"command":"clone","success":true/, from);
    expect(await pi.ask("/warm")).toMatch(/^Warming is on/);
    pi.command({ type: "new_session" });
    await pi.says(/"command":"new_session","success":true/, from);
    expect(await pi.ask("/warm")).toMatch(/^Warming is off/);
  });

  it("works as if it were not installed when keepwarm can neither read nor write a thing of its own", async (test) => {
    const [broken, alone] = await Promise.all([
      world(test, version, "installed"),
      world(test, version, "not installed"),
    ]);
    const env = { KEEPWARM_HOME: "/dev/full/nowhere", KEEPWARM_KEEP_WARM: "nonsense" };
    const sessions = await Promise.all(
      [broken, alone].map(async (place) => {
        const pi = place.start({ env: place === broken ? env : {} });
        if (place === broken) await pi.ask("/warm on");
        await pi.say('[[tool:bash {"command":"echo hi"}]] One.');
        await pi.say("Two.");
        await pi.quit();
        return normalisedSession(storedSessions(place.home)[0] ?? [], { usage: true });
      }),
    );
    expect(sessions[0]).toEqual(sessions[1]);
    expect(broken.requests.filter(isWarm)).toEqual([]);
  });
});

describe.concurrent("pi 1.5.2 with message threads", () => {
  it("is asked once whether a warm finds what a thread has cached, and left alone when it does not", async (test) => {
    const place = await world(test, "1.5.2", "installed");
    const { url } = place;
    const model = { compat: { supportsMessageThreads: true } };
    const pi = place.start({ model, url: await lenientAboutThreads(url, test) });
    await pi.ask("/warm on");
    await pi.say("Question 0, please.");
    await wait(2 * TTL_MS);
    await pi.say("Question 1, please.");
    await wait(2 * TTL_MS);
    const [warm, ...others] = place.requests.filter(isWarm);
    expect(warm?.usage?.cache_read_input_tokens).toBe(0);
    expect(others).toEqual([]);
    expect(await pi.ask("/warm")).toMatch(/message thread/);
    const bodies = place.requests
      .filter((request) => !isWarm(request))
      .map(({ body }) => JSON.parse(String(body)));
    expect(bodies.map(({ thread }) => thread.type)).toEqual(["create", "continue"]);
  });
});
