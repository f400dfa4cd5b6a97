/**
 * The real OpenCode with keepwarm installed in it, in front of the emulator, where a 5-minute entry lives some seconds,
 * on real clocks: its person comes back after four lifetimes.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { createEmulator, type RecordedRequest } from "../../src/emulator/index.ts";
import {
  exchanges,
  expectOnlyTheConversationWarmed,
  expectWrittenAgain,
  isTitle,
  isWarm,
} from "./support/conversation.ts";
import { normalised } from "./support/normalised.ts";
import { exported, type OpenCodeServer, openCodeEnv, pointedAt, serve } from "./support/opencode.ts";
import { buildPlugin, installPlugin, type Terminal, terminalOf } from "./support/opencode-plugin.ts";
import { showRow } from "./support/row.ts";

const TTL_MS = 5_000;
const PAUSE_MS = 4 * TTL_MS;
const BASH = (command: string) => `[[tool:bash ${JSON.stringify({ command, description: "Run" })}]]`;
const TOOL = `${BASH(`sleep ${(3 * TTL_MS) / 1_000}`)} Wait, please.`;

const root = mkdtempSync(join(tmpdir(), "keepwarm-opencode-"));
beforeAll(buildPlugin);
afterAll(() => rmSync(root, { recursive: true, force: true, maxRetries: 10 }));

interface World {
  readonly requests: readonly RecordedRequest[];
  start(env?: Readonly<Record<string, string>>): Promise<OpenCodeServer & Terminal>;
  stored(session: string): Promise<unknown>;
}

/** A home for one OpenCode, and an emulator of its own. */
async function world(
  test: TestContext,
  name: string,
  keepwarm: "installed" | "not installed",
): Promise<World> {
  const home = join(root, name);
  // Of the same name for all, since its prompt names it.
  const cwd = join(root, "project");
  mkdirSync(cwd, { recursive: true });
  const emulator = createEmulator({ ttl5mMs: TTL_MS });
  const { url } = await emulator.listen();
  test.onTestFinished(() => emulator.close());
  const env = {
    ...openCodeEnv(home),
    ...pointedAt(url),
    KEEPWARM_HOME: join(home, "keepwarm"),
    KEEPWARM_TTL_5M: `${TTL_MS}ms`,
    KEEPWARM_KEEP_WARM: "always",
  };
  if (keepwarm === "installed")
    expect(await installPlugin(env)).toMatch(/^keepwarm is installed in OpenCode\./);
  return {
    requests: emulator.requests,
    async start(more = {}) {
      const server = await serve([], { env: { ...env, ...more }, cwd, test });
      return { ...server, ...(await terminalOf(server, test)) };
    },
    stored: (session) => exported(session, { env: { ...env, OPENCODE_PURE: "1" }, cwd }),
  };
}

const warmsOf = ({ requests }: World) => requests.filter(isWarm).length;

function lastReadShare({ requests }: World): number {
  const { read, prefix } = exchanges(requests).at(-1) ?? { read: 0, prefix: 1 };
  return read / prefix;
}

// One after the other: each is one or two OpenCodes, and a warm that is late is not sent.
describe("OpenCode with keepwarm inside", () => {
  it("finds its whole prefix after a pause and after a long tool, and stores what it stores without", async (test) => {
    const [warm, alone] = await Promise.all([
      world(test, "kept", "installed"),
      world(test, "none", "not installed"),
    ]);
    const stored = await Promise.all(
      [warm, alone].map(async (place) => {
        const server = await place.start();
        const session = await server.newSession();
        if (place === warm) expect(await server.warm(session, "on")).toMatch(/^Warming is on/);
        await server.say(session, "Question 0, please.");
        await server.say(session, "Question 1, please.");
        await wait(PAUSE_MS);
        await server.say(session, "Question 2, please.");
        await server.say(session, TOOL);
        await server.titled(session);
        await server.process.end();
        return place.stored(session);
      }),
    );
    const [first, ...returns] = exchanges(warm.requests);
    expect(first?.read).toBe(0);
    expect(returns).toHaveLength(4);
    const readShare = Math.min(...returns.map(({ read, prefix }) => read / prefix));
    expect(readShare).toBeGreaterThanOrEqual(0.99);
    expectOnlyTheConversationWarmed(warm.requests);
    expect(warm.requests.filter(isTitle)).toHaveLength(1);

    // Without it, what comes after the pause and after the tool is written again.
    expectWrittenAgain(alone.requests, { ttlMs: TTL_MS, times: 2 });

    const [kept, bare] = stored.map((session) => normalised(session, { usage: "left out" }));
    expect(kept).toEqual(bare);
    showRow("openCode", {
      readShare,
      warms: warmsOf(warm),
    });
  });

  it("sends and stores exactly what it does without, as long as it is off", async (test) => {
    const [off, alone] = await Promise.all([
      world(test, "idle", "installed"),
      world(test, "bare", "not installed"),
    ]);
    const stored = await Promise.all(
      [off, alone].map(async (place) => {
        const server = await place.start();
        const session = await server.newSession();
        await server.say(session, "One.");
        await server.say(session, `${BASH("echo hi")} Two.`);
        await wait(2 * TTL_MS);
        await server.titled(session);
        await server.process.end();
        return normalised(await place.stored(session), { usage: "compared" });
      }),
    );
    expect(warmsOf(off)).toBe(0);
    expect(off.requests).toHaveLength(4);
    expect(stored[0]).toEqual(stored[1]);
  });

  it("stops when it is killed, and goes on with the same setting when it is started again", async (test) => {
    const place = await world(test, "killed", "installed");
    const server = await place.start();
    const session = await server.newSession();
    await server.warm(session, "on");
    await server.say(session, "Question 0, please.");
    await expect.poll(() => warmsOf(place)).toBeGreaterThan(0);
    await server.process.kill();
    const warms = warmsOf(place);
    await wait(2 * TTL_MS);
    expect(warmsOf(place)).toBe(warms);

    const again = await place.start();
    expect(await again.warm(session, "")).toMatch(/^Warming is on/);
    await again.say(session, "Question 1, please.");
    await wait(PAUSE_MS);
    await again.say(session, "Question 2, please.");
    expect(lastReadShare(place)).toBeGreaterThanOrEqual(0.99);

    // Off is off at once, too.
    expect(await again.warm(session, "off")).toMatch(/^Warming is off/);
    const before = place.requests.length;
    await wait(2 * TTL_MS);
    expect(place.requests).toHaveLength(before);
  });

  it("keeps warm through a tool, in auto, and stops by itself where going on is not worth its price", async (test) => {
    const place = await world(test, "auto", "installed");
    const server = await place.start({ KEEPWARM_KEEP_WARM: "auto" });
    const session = await server.newSession();
    await server.warm(session, "on");
    await server.say(session, TOOL);
    const warms = warmsOf(place);
    expect(warms).toBeGreaterThan(1);
    expect(lastReadShare(place)).toBeGreaterThanOrEqual(0.99);
    await wait(PAUSE_MS);
    expect(warmsOf(place)).toBe(warms);
    expect(await server.warm(session, "")).toMatch(/^Warming is on\b.*not worth/i);
  });

  it("works as if it were not installed when keepwarm can neither read nor write a thing of its own", async (test) => {
    const [broken, alone] = await Promise.all([
      world(test, "ruin", "installed"),
      world(test, "hale", "not installed"),
    ]);
    const stored = await Promise.all(
      [broken, alone].map(async (place) => {
        const server = await place.start(
          place === broken ? { KEEPWARM_HOME: "/dev/full/nowhere", KEEPWARM_KEEP_WARM: "nonsense" } : {},
        );
        const session = await server.newSession();
        if (place === broken) await server.warm(session, "on");
        await server.say(session, "One.");
        await server.say(session, `${BASH("echo hi")} Two.`);
        await server.titled(session);
        await server.process.end();
        return normalised(await place.stored(session), { usage: "compared" });
      }),
    );
    expect(stored[0]).toEqual(stored[1]);
    expect(warmsOf(broken)).toBe(0);
  });
});
