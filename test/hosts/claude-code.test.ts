/**
 * The real Claude Code, and a program on its Agent SDK, through keepwarm run in front of the emulator, where a 5-minute
 * entry lives some seconds, on real clocks: the person comes back after four lifetimes.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, describe, expect, it, type TestContext } from "vitest";
import { createEmulator, type RecordedRequest } from "../../src/emulator/index.ts";
import {
  type Claude,
  claudeEnv,
  saidIn,
  sentBy,
  startClaude,
  storedSessions,
} from "./support/claude-code.ts";
import { type ClaudeTerminal, openClaude } from "./support/claude-code-terminal.ts";
import { waitForPermission, waitForTask } from "./support/claude-code-waits.ts";
import {
  exchanges,
  expectOnlyTheConversationWarmed,
  expectWrittenAgain,
  isWarm,
} from "./support/conversation.ts";
import { conversations, gatewayPid, KEEPWARM, keepwarmEnv } from "./support/keepwarm.ts";
import { showRow } from "./support/row.ts";

const TTL_MS = 5_000;
const PAUSE_MS = 4 * TTL_MS;
const TOOL = `[[tool:Bash {"command":"sleep ${(3 * TTL_MS) / 1_000}","description":"Wait"}]] Wait, please.`;

const root = mkdtempSync(join(tmpdir(), "keepwarm-claude-"));
afterAll(() => rmSync(root, { recursive: true, force: true, maxRetries: 10 }));

interface Place {
  readonly home: string;
  readonly env: Record<string, string>;
  readonly requests: readonly RecordedRequest[];
  startInTerminal(args?: readonly string[]): Promise<ClaudeTerminal>;
  start(options?: { readonly enable?: boolean; readonly args?: readonly string[] }): Claude;
}

/** A home for one Claude Code, and an emulator of its own. */
async function place(
  test: TestContext,
  keepwarm: "kept warm" | "alone",
  chosen: Readonly<Record<string, string>> = {},
): Promise<Place> {
  const home = mkdtempSync(join(root, "home-"));
  const project = join(home, "project");
  mkdirSync(project);
  const emulator = createEmulator({ ttl5mMs: TTL_MS });
  const { url } = await emulator.listen();
  test.onTestFinished(() => emulator.close());
  const kept = keepwarm === "kept warm";
  const settings = kept
    ? await keepwarmEnv(home, { upstream: url, ttlMs: TTL_MS, test })
    : { ANTHROPIC_BASE_URL: url };
  const env = { ...claudeEnv(home), ...settings, ...chosen };
  return {
    home,
    env,
    requests: emulator.requests,
    startInTerminal: (args = []) =>
      openClaude({ launcher: [...KEEPWARM, "run", "--"], args, env, cwd: project, test }),
    start: ({ enable = false, args = [] } = {}) =>
      startClaude({
        launcher: kept ? [...KEEPWARM, "run", "--quiet", ...(enable ? ["--enable"] : []), "--"] : [],
        args: ["--allowedTools=Bash", ...args],
        env,
        cwd: project,
        test,
      }),
  };
}

const answer = (said: string) => /"content":"([^"]*)"/.exec(said)?.[1] ?? said;

describe.concurrent("Claude Code through keepwarm run", () => {
  it("finds its whole prefix after a pause and after a long tool, and sends and stores what it does without", async (test) => {
    const [warm, alone] = await Promise.all([place(test, "kept warm"), place(test, "alone")]);
    const stored = await Promise.all(
      [warm, alone].map(async (at) => {
        const claude = at.start({ enable: at === warm });
        await claude.say("Question 0, please.");
        await claude.say("Question 1, please.");
        await wait(PAUSE_MS);
        await claude.say("Question 2, please.");
        await claude.say(TOOL);
        await claude.quit();
        const [session = []] = storedSessions(at.home);
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

    expect(sentBy(warm)).toEqual(sentBy(alone));
    const [one, other] = stored.map((session, index) => saidIn(session, [warm, alone][index]?.home ?? ""));
    expect(one).toEqual(other);
    showRow("claudeCodeRun", {
      readShare: Math.min(...returns.map(({ read, prefix }) => read / prefix)),
      warms: warm.requests.filter(isWarm).length,
    });
  });

  it("tells the model nothing of /warm where there is no terminal", async (test) => {
    const [warm, alone] = await Promise.all([place(test, "kept warm"), place(test, "alone")]);
    await Promise.all(
      [warm, alone].map(async (at) => {
        const claude = at.start();
        await claude.say("One.");
        if (at === warm) {
          for (const words of ["on", "interval 4s", ""]) {
            expect(answer(await claude.say(`/warm ${words}`.trim()))).toMatch(/Warming is on/);
          }
        }
        await claude.say("Two.");
        await claude.quit();
      }),
    );
    expect(sentBy(warm)).toEqual(sentBy(alone));
  });

  it("sends nothing while it is off, and stops at once when it quits", async (test) => {
    const at = await place(test, "kept warm");
    const claude = at.start();
    await claude.say("Question 0, please.");
    await wait(2 * TTL_MS);
    expect(at.requests.filter(isWarm)).toEqual([]);
    await claude.say("/warm on");
    await claude.say("Question 1, please.");
    await test.expect.poll(() => at.requests.filter(isWarm).length).toBeGreaterThan(0);
    await claude.quit();
    const warms = at.requests.filter(isWarm).length;
    await wait(2 * TTL_MS);
    expect(at.requests.filter(isWarm)).toHaveLength(warms);

    // Resumed, it is kept warm as before, until it is switched off.
    const again = at.start({ args: ["--continue"] });
    await again.say("Question 2, please.");
    expect(answer(await again.say("/warm"))).toMatch(/Warming is on/);
    await wait(PAUSE_MS);
    await again.say("Question 3, please.");
    const { read, prefix } = exchanges(at.requests).at(-1) ?? { read: 0, prefix: 1 };
    expect(read / prefix).toBeGreaterThanOrEqual(0.99);
    await again.say("/warm off");
    const before = at.requests.length;
    await wait(2 * TTL_MS);
    expect(at.requests).toHaveLength(before);
  });

  it("keeps warm through a tool, in auto, and stops by itself where going on is not worth its price", async (test) => {
    const at = await place(test, "kept warm", { KEEPWARM_KEEP_WARM: "auto" });
    const claude = at.start();
    await claude.say("Question 0, please.");
    await claude.say("/warm on");
    await claude.say(TOOL);
    const warms = at.requests.filter(isWarm).length;
    expect(warms).toBeGreaterThan(1);
    const { read, prefix } = exchanges(at.requests).at(-1) ?? { read: 0, prefix: 1 };
    expect(read / prefix).toBeGreaterThanOrEqual(0.99);
    await wait(PAUSE_MS);
    const ended = at.requests.filter(isWarm).length;
    await wait(2 * TTL_MS);
    expect(at.requests.filter(isWarm)).toHaveLength(ended);
    expect(answer(await claude.say("/warm"))).toMatch(/Warming is on\. Not worth a warm/);
  });

  it("has /warm in the terminal, which runs no turn, and is let go of when its person leaves it", async (test) => {
    const at = await place(test, "kept warm");
    const claude = await at.startInTerminal();
    expect(await claude.say("/warm on")).toMatch(/Warming is on/);
    expect(at.requests).toEqual([]);
    await claude.say("Question 0, please.");
    await wait(PAUSE_MS);
    await claude.say("Question 1, please.");
    const { read, prefix } = exchanges(at.requests).at(-1) ?? { read: 0, prefix: 1 };
    expect(read / prefix).toBeGreaterThanOrEqual(0.99);
    expectOnlyTheConversationWarmed(at.requests);
    await claude.quit();
    const before = at.requests.length;
    await wait(2 * TTL_MS);
    expect(at.requests).toHaveLength(before);
  });

  it("keeps warm, in auto, what waits for its person's permission", async (test) => {
    const at = await place(test, "kept warm", { KEEPWARM_KEEP_WARM: "auto" });
    const claude = await at.startInTerminal(["--permission-mode", "default"]);
    await waitForPermission({ claude, requests: at.requests, ttlMs: TTL_MS });
  });

  it("keeps warm, in auto, what waits for a task in the background, and no longer", async (test) => {
    const at = await place(test, "kept warm", { KEEPWARM_KEEP_WARM: "auto" });
    await waitForTask({ claude: at.start(), requests: at.requests, ttlMs: TTL_MS });
  });

  it("leaves the old conversation at /clear, and begins one that is off", async (test) => {
    const at = await place(test, "kept warm");
    const claude = at.start();
    await claude.say("Question 0, please.");
    await claude.say("/warm on");
    await claude.say("/clear");
    const before = at.requests.filter(isWarm).length;
    await wait(2 * TTL_MS);
    expect(at.requests.filter(isWarm)).toHaveLength(before);
    await claude.say("Question 1, please.");
    expect(await conversations(at.env)).toMatchObject([{ enabled: false }]);
  });

  it("works as without keepwarm when its gateway is gone from one moment to the next", async (test) => {
    const at = await place(test, "kept warm");
    const claude = at.start();
    await claude.say("Question 0, please.");
    await claude.say("/warm on");
    process.kill(await gatewayPid(at.env), "SIGKILL");
    // keepwarm run starts another at the same address; meanwhile Claude Code tries again, as it does with the API.
    const said = await claude.say("Question 1, please.");
    expect(said).toMatch(/"is_error":false/);
    await claude.quit();
  });
});
