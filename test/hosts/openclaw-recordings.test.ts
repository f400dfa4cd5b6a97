/**
 * What the unit tests of the plugin play back is what the real OpenClaw told its plugins, and what it sent. Each
 * recording is compared with what OpenClaw says now, and made anew where it is missing.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, it, type TestContext } from "vitest";
import { createEmulator, type Emulator } from "../../src/emulator/index.ts";
import { type OpenClaw, startOpenClaw } from "./support/openclaw.ts";
import { keptRecording, type Moment, RECORDER, readRecording } from "./support/openclaw-recording.ts";

interface Scene {
  readonly name: string;
  readonly tools?: object;
  talk(openclaw: OpenClaw, emulator: Emulator): Promise<void>;
}

const SCENES: readonly Scene[] = [
  {
    name: "turns",
    async talk(openclaw) {
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
    async talk(openclaw, emulator) {
      await openclaw.say("One.");
      const before = emulator.requests.length;
      await openclaw.call("wake", { mode: "now", text: "Wake up." });
      while (emulator.requests.length === before) await wait(100);
      await wait(3_000);
      await openclaw.say("Two.");
    },
  },
  {
    name: "retries",
    async talk(openclaw, emulator) {
      await openclaw.say("One.");
      // Not a title's request.
      await wait(5_000);
      emulator.failNext({ status: 529, times: 1 });
      await openclaw.say("Two.");
    },
  },
  {
    name: "sub-agent",
    tools: { toolSearch: false },
    async talk(openclaw) {
      await openclaw.say('[[tool:sessions_spawn {"task":"Look around."}]] One.');
      await wait(8_000);
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
  const env = { KEEPWARM_TEST_RECORDING: join(home, "recording.jsonl") };
  const openclaw = await startOpenClaw({ home, url, test, plugins: { recorder: RECORDER }, tools, env });
  await talk(openclaw, emulator);
  // Titles, and what else it does when it has answered.
  await wait(3_000);
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
