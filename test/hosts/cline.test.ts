/**
 * The real Cline in front of a gateway that its settings name, and the emulator behind it, where a 5-minute entry lives
 * some seconds, on real clocks.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, describe, expect, it, type TestContext } from "vitest";
import { createEmulator } from "../../src/emulator/index.ts";
import { type Cline, normalisedCline, startCline } from "./support/cline.ts";
import {
  exchanges,
  expectOnlyTheConversationWarmed,
  expectWrittenAgain,
  isWarm,
} from "./support/conversation.ts";
import { conversations, KEEPWARM, keepwarmEnv } from "./support/keepwarm.ts";
import { start } from "./support/process.ts";
import { showRow } from "./support/row.ts";

const TTL_MS = 5_000;
const PAUSE_MS = 4 * TTL_MS;
const TOOL_SECONDS = (3 * TTL_MS) / 1_000;
const TOOL = `[[tool:run_commands {"commands":["sleep ${TOOL_SECONDS}"]}]] Wait, please.`;

const root = mkdtempSync(join(tmpdir(), "keepwarm-cline-"));
afterAll(() => rmSync(root, { recursive: true, force: true, maxRetries: 10 }));

interface PlaceOptions {
  readonly name: string;
  readonly test: TestContext;
  /** What `keepwarm start` is told; null: Cline goes to the API itself. */
  readonly gateway: readonly string[] | null;
  readonly settings?: Readonly<Record<string, string>>;
}

async function place({ name, test, gateway, settings = {} }: PlaceOptions) {
  const home = join(root, name, "home");
  const cwd = join(root, "project");
  mkdirSync(home, { recursive: true });
  const emulator = createEmulator({ ttl5mMs: TTL_MS });
  const { url } = await emulator.listen();
  test.onTestFinished(() => emulator.close());
  const ours = await keepwarmEnv(join(root, name), { upstream: url, ttlMs: TTL_MS, test });
  const env = { PATH: process.env.PATH ?? "", HOME: home, ...ours, ...settings };
  if (gateway === null)
    return { env, cline: await startCline({ home, cwd, url, test }), requests: emulator.requests };
  const started = start(KEEPWARM[0], [KEEPWARM[1], "start", ...gateway], { env, cwd: root, test });
  await started.says(new RegExp(`:${ours.KEEPWARM_PORT}`));
  const gatewayUrl = `http://127.0.0.1:${ours.KEEPWARM_PORT}`;
  return { env, cline: await startCline({ home, cwd, url: gatewayUrl, test }), requests: emulator.requests };
}

/** Two turns, a pause of four lifetimes, a return, and a tool that runs for three. */
async function longConversation({ say, quit, stored }: Cline): Promise<unknown> {
  await say("Question 0, please.");
  await say("Question 1, please.");
  await wait(PAUSE_MS);
  await say("Question 2, please.");
  await say(TOOL);
  await quit();
  return stored();
}

describe.concurrent("Cline in front of a gateway", () => {
  it("finds its whole prefix on its return and after a long tool, and stores what it stores without", async (test) => {
    const warm = await place({ name: "warm", test, gateway: ["--enable-new"] });
    const alone = await place({ name: "alone", test, gateway: null });
    const [kept, bare] = await Promise.all([longConversation(warm.cline), longConversation(alone.cline)]);
    const [first, ...returns] = exchanges(warm.requests);
    expect(first?.read).toBe(0);
    // A turn each, and one more after the tool.
    expect(returns).toHaveLength(4);
    const shares = returns.map(({ read, prefix }) => read / prefix);
    for (const share of shares) expect(share).toBeGreaterThanOrEqual(0.99);
    expectOnlyTheConversationWarmed(warm.requests);
    expectWrittenAgain(alone.requests, { ttlMs: TTL_MS, times: 2 });
    expect(normalisedCline(kept)).toEqual(normalisedCline(bare));
    showRow("cline", {
      readShare: Math.min(...shares),
      warms: warm.requests.filter(isWarm).length,
    });
  });

  it("sends nothing more than Cline does while it is off", async (test) => {
    const { cline, requests, env } = await place({ name: "off", test, gateway: [] });
    await cline.say("Question 0, please.");
    await wait(PAUSE_MS);
    expect(requests.filter(isWarm)).toEqual([]);
    expect(requests).toHaveLength(1);
    expect(await conversations(env)).toMatchObject([{ enabled: false }]);
  });

  it("stops by itself, in auto, where going on is not worth its price", async (test) => {
    const settings = { KEEPWARM_KEEP_WARM: "auto" };
    const { cline, requests, env } = await place({ name: "auto", test, gateway: ["--enable-new"], settings });
    await cline.say("Question 0, please.");
    await test.expect
      .poll(() => conversations(env), { timeout: 120_000 })
      // What stopped there lapses a moment later; why it did is still said then.
      .toMatchObject([{ enabled: true, why: expect.stringMatching(/^Not worth a warm/) }]);
    const { length } = requests;
    await wait(PAUSE_MS);
    expect(requests).toHaveLength(length);
  });
});
