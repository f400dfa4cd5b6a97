/**
 * What the unit tests of the plugin play back is what the real OpenClaw told its plugins, and what it sent. Each
 * recording is compared with what OpenClaw says now, and made anew where it is missing.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, it, type TestContext } from "vitest";
import { createEmulator, type Emulator } from "../../src/emulator/index.ts";
import { type OpenClaw, startOpenClaw } from "./support/openclaw.ts";
import { keptRecording, type Moment, RECORDER, readRecording } from "./support/openclaw-recording.ts";

interface Stage {
  readonly openclaw: OpenClaw;
  readonly emulator: Emulator;
  /** Resolves once OpenClaw has told its plugins of it that often. */
  told(hook: string, times: number): Promise<void>;
  /** Resolves once OpenClaw neither tells nor asks anything any more: titles come whenever they like. */
  isQuiet(): Promise<void>;
}

interface Scene {
  readonly name: string;
  readonly tools?: object;
  talk(stage: Stage): Promise<void>;
}

const QUIET_MS = 3_000;

const SCENES: readonly Scene[] = [
  {
    name: "turns",
    async talk({ openclaw }) {
      await openclaw.say('[[tool:exec {"command":"echo hi"}]] One.');
      await openclaw.say("Two.");
      await openclaw.say("/compact");
      await openclaw.say("Three.");
      await openclaw.say("/new");
      await openclaw.say("Four.");
    },
  },
  {
    name: "heartbeat",
    async talk({ openclaw, told }) {
      await openclaw.say("One.");
      await told("agent_end", 1);
      await openclaw.call("wake", { mode: "now", text: "Wake up." });
      await told("agent_end", 2);
      await openclaw.say("Two.");
    },
  },
  {
    name: "retries",
    async talk({ openclaw, emulator, isQuiet }) {
      await openclaw.say("One.");
      // It must not be a title's request that fails.
      await isQuiet();
      emulator.failNext({ status: 529, times: 1 });
      await openclaw.say("Two.");
    },
  },
  {
    name: "sub-agent",
    tools: { toolSearch: false },
    async talk({ openclaw, told }) {
      await openclaw.say('[[tool:sessions_spawn {"task":"Look around."}]] One.');
      await told("subagent_ended", 1);
      await openclaw.say("Two.");
    },
  },
];

async function record(test: TestContext, { talk, tools = {} }: Scene): Promise<Moment[]> {
  const home = mkdtempSync(join(tmpdir(), "keepwarm-openclaw-"));
  const emulator = createEmulator({ minimumTokens: 1 });
  const { url } = await emulator.listen();
  test.onTestFinished(async () => {
    await emulator.close();
    rmSync(home, { recursive: true, force: true, maxRetries: 10 });
  });
  const file = join(home, "recording.jsonl");
  const env = { KEEPWARM_TEST_RECORDING: file };
  const openclaw = await startOpenClaw({ home, url, test, plugins: { recorder: RECORDER }, tools, env });
  const lines = () => (existsSync(file) ? readFileSync(file, "utf8").split("\n") : []);
  const events = () => lines().length + emulator.requests.length;

  async function isQuiet(): Promise<void> {
    for (let before = -1; before !== events(); await wait(QUIET_MS)) before = events();
  }

  await talk({
    openclaw,
    emulator,
    async told(hook, times) {
      const isIt = (line: string) => line.includes(`"hook":"${hook}"`);
      while (lines().filter(isIt).length < times) await wait(100);
    },
    isQuiet,
  });
  await isQuiet();
  await openclaw.quit();
  return readRecording({ home, url, requests: emulator.requests });
}

describe("what OpenClaw tells its plugins", () => {
  for (const scene of SCENES) {
    it(`is as it was recorded: ${scene.name}`, async (test) => {
      const moments = await record(test, scene);
      expect(moments).toEqual(keptRecording(scene.name, moments));
    });
  }
});
