/** A program on the Agent SDK through keepwarm run, in front of the emulator, on real clocks. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { describe, expect, it, type TestContext } from "vitest";
import { createEmulator, type RecordedRequest } from "../../src/emulator/index.ts";
import { claudeEnv, MODEL, saidIn, sentBy, storedSessions } from "./support/claude-code.ts";
import { exchanges, expectOnlyTheConversationWarmed, isWarm } from "./support/conversation.ts";
import { FOLDER } from "./support/install.ts";
import { KEEPWARM, keepwarmEnv } from "./support/keepwarm.ts";
import { start } from "./support/process.ts";
import { showRow } from "./support/row.ts";

const TTL_MS = 5_000;
const PAUSE_MS = 4 * TTL_MS;
const TOOL = `[[tool:Bash {"command":"sleep ${(3 * TTL_MS) / 1_000}","description":"Wait"}]] Wait, please.`;

interface Program {
  readonly home: string;
  readonly requests: readonly RecordedRequest[];
  /** Resolves with what the program heard until its turn was over. */
  say(text: string): Promise<string>;
  quit(): Promise<void>;
}

async function program(
  test: TestContext,
  {
    flags = [],
    chosen = {},
    alone = false,
  }: {
    readonly flags?: readonly string[];
    readonly chosen?: Record<string, string>;
    /** Without keepwarm. @default false */
    readonly alone?: boolean;
  } = {},
): Promise<Program> {
  const home = mkdtempSync(join(tmpdir(), "keepwarm-agent-sdk-"));
  const project = join(home, "project");
  mkdirSync(project);
  const emulator = createEmulator({ ttl5mMs: TTL_MS });
  const { url } = await emulator.listen();
  test.onTestFinished(async () => {
    await emulator.close();
    rmSync(home, { recursive: true, force: true, maxRetries: 10 });
  });
  const env = {
    ...claudeEnv(home),
    ...(alone
      ? { ANTHROPIC_BASE_URL: url }
      : await keepwarmEnv(home, { upstream: url, ttlMs: TTL_MS, test })),
    KEEPWARM_TEST_AGENT_SDK: pathToFileURL(
      join(FOLDER, "node_modules", "@anthropic-ai", "claude-agent-sdk", "sdk.mjs"),
    ).href,
    KEEPWARM_TEST_MODEL: MODEL,
    ...chosen,
  };
  const script = resolve("test/hosts/support/agent-sdk-program.mjs");
  const [node, cli] = KEEPWARM;
  const launcher = alone ? [] : [cli, "run", "--quiet", ...flags, "--", node];
  const running = start(node, [...launcher, script], {
    env,
    cwd: project,
    test,
    input: true,
  });
  return {
    home,
    requests: emulator.requests,
    async say(text) {
      const from = running.said().length;
      running.write(`${text}\n`);
      await running.says(/"type":"result".*\n/, from);
      return running.said().slice(from);
    },
    async quit() {
      running.endInput();
      await running.ended;
    },
  };
}

describe.concurrent("a program on the Agent SDK through keepwarm run", () => {
  it("finds its whole prefix after a pause and after a long tool, and sends and stores what it does without", async (test) => {
    const [kept, alone] = await Promise.all([
      program(test, { flags: ["--enable"] }),
      program(test, { alone: true }),
    ]);
    await Promise.all(
      [kept, alone].map(async ({ say }) => {
        await say("Question 0, please.");
        await say("Question 1, please.");
        await wait(PAUSE_MS);
        await say("Question 2, please.");
        await say(TOOL);
      }),
    );
    const { quit, requests } = kept;
    const [first, ...returns] = exchanges(requests);
    expect(first?.read).toBe(0);
    expect(returns).toHaveLength(4);
    for (const { read, prefix } of returns) expect(read / prefix).toBeGreaterThanOrEqual(0.99);
    expectOnlyTheConversationWarmed(requests);
    await wait(TTL_MS);
    await Promise.all([quit(), alone.quit()]);
    expect(sentBy(kept)).toEqual(sentBy(alone));
    const [one, other] = [kept, alone].map(({ home }) => saidIn(storedSessions(home)[0] ?? [], home));
    expect(JSON.stringify(one)).toContain("Question 2, please.");
    expect(one).toEqual(other);
    const warms = requests.filter(isWarm).length;
    await wait(2 * TTL_MS);
    expect(requests.filter(isWarm)).toHaveLength(warms);
    showRow("agentSdk", {
      readShare: Math.min(...returns.map(({ read, prefix }) => read / prefix)),
      warms,
    });
  });

  it("is not warmed until it says so, and in auto it stops by itself", async (test) => {
    const { say, requests } = await program(test, { chosen: { KEEPWARM_KEEP_WARM: "auto" } });
    await say("Question 0, please.");
    await wait(2 * TTL_MS);
    expect(requests.filter(isWarm)).toEqual([]);
    expect(await say("/warm on")).toMatch(/Warming is on/);
    await say(TOOL);
    expect(requests.filter(isWarm).length).toBeGreaterThan(1);
    await wait(PAUSE_MS);
    const warms = requests.filter(isWarm).length;
    await wait(2 * TTL_MS);
    expect(requests.filter(isWarm)).toHaveLength(warms);
    expect(await say("/warm")).toMatch(/Not worth a warm/);
  });
});
