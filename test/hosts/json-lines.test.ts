/** Claude Code and pi, each as one process that takes messages as JSON lines, through keepwarm run. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { createEmulator } from "../../src/emulator/index.ts";
import { exchanges, expectOnlyTheConversationWarmed } from "./support/conversation.ts";
import { program } from "./support/install.ts";
import { conversations, KEEPWARM, keepwarmEnv } from "./support/keepwarm.ts";
import { start } from "./support/process.ts";

const TTL_MS = 5_000;
const PAUSE_MS = 4 * TTL_MS;
/** Its thinking takes no budget, which would keep it from being warmed. */
const MODEL = "claude-opus-5-5";

interface Spoken {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  message(text: string): unknown;
  /** In a line that says that the turn is over. */
  readonly over: RegExp;
  /** In a line that names the session. */
  readonly session: RegExp;
}

const claudeCode: Spoken = {
  command: [
    ...[program("claude"), "-p", "--model", MODEL, "--verbose"],
    ...["--input-format", "stream-json", "--output-format", "stream-json"],
  ],
  env: { CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1" },
  message: (content) => ({ type: "user", message: { role: "user", content } }),
  over: /"type":"result"/,
  session: /"session_id":"([\w-]+)"/,
};

const pi: Spoken = {
  command: [program("pi"), "--mode", "rpc", "--provider", "anthropic", "--model", MODEL],
  env: { PI_OFFLINE: "1" },
  message: (message) => ({ type: "prompt", message }),
  over: /"type":"agent_settled"/,
  session: /"sessionId":"([\w-]+)"/,
};

describe.concurrent.each([
  ["Claude Code", claudeCode],
  ["pi", pi],
])("%s through keepwarm run", (_, agent) => {
  it("is one conversation by its own id, and finds its whole prefix after a pause", async (test) => {
    const home = mkdtempSync(join(tmpdir(), "keepwarm-hosts-"));
    const project = join(home, "project");
    mkdirSync(project);
    const emulator = createEmulator({ ttl5mMs: TTL_MS });
    const { url } = await emulator.listen();
    test.onTestFinished(async () => {
      await emulator.close();
      rmSync(home, { recursive: true, force: true, maxRetries: 10 });
    });
    const env = {
      PATH: process.env.PATH ?? "",
      HOME: home,
      ANTHROPIC_API_KEY: "sk-ant-api-any",
      HTTPS_PROXY: "http://127.0.0.1:9",
      NO_PROXY: "127.0.0.1,localhost",
      ...agent.env,
      ...(await keepwarmEnv(home, { upstream: url, ttlMs: TTL_MS, test })),
    };
    const [node, cli] = KEEPWARM;
    const running = start(node, [cli, "run", "--enable", "--", ...agent.command], {
      env,
      cwd: project,
      test,
      input: true,
    });
    const say = async (text: string) => {
      const from = running.said().length;
      running.write(`${JSON.stringify(agent.message(text))}\n`);
      await running.says(agent.over, from);
    };

    await say("Question 0, please.");
    await wait(PAUSE_MS);
    await say("Question 1, please.");
    if (agent === pi) running.write(`${JSON.stringify({ type: "get_state" })}\n`);
    const [, session] = await running.says(agent.session);
    expect(await conversations(env)).toMatchObject([{ id: session, enabled: true }]);
    const [, second] = exchanges(emulator.requests);
    expect((second?.read ?? 0) / (second?.prefix ?? 1)).toBeGreaterThanOrEqual(0.99);
    expectOnlyTheConversationWarmed(emulator.requests);
  });
});
