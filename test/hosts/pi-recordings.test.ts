/**
 * What the unit tests of the extension play back is what the real pi told its extensions, and what it sent. Each
 * recording is compared with what pi says now, and made anew where it is missing.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it, type TestContext } from "vitest";
import { createEmulator } from "../../src/emulator/index.ts";
import { lenientAboutThreads } from "./support/lenient-about-threads.ts";
import { PIS, type Pi, type PiOptions, type PiVersion, startPi } from "./support/pi.ts";
import { keptRecording, type Moment, RECORDER, readRecording } from "./support/pi-recording.ts";

/** Short ones, so that the recordings are. */
const ARGS = ["--system-prompt", "You are terse.", "--no-context-files", "--no-skills"];

async function record(test: TestContext, scene: Scene & { version: PiVersion }): Promise<Moment[]> {
  const home = mkdtempSync(join(tmpdir(), "keepwarm-pi-"));
  const emulator = createEmulator({ minimumTokens: 1 });
  const address = await emulator.listen();
  const url = scene.lenient ? await lenientAboutThreads(address.url, test) : address.url;
  test.onTestFinished(async () => {
    await emulator.close();
    rmSync(home, { recursive: true, force: true, maxRetries: 10 });
  });
  const { settings = {}, env = {}, agent } = scene;
  if (agent !== undefined) {
    mkdirSync(join(home, "agent", "agents"), { recursive: true });
    writeFileSync(join(home, "agent", "agents", "scout.md"), agent);
  }
  const others: unknown = Reflect.get(settings, "extensions");
  const pi = startPi({
    ...scene,
    home,
    url,
    test,
    args: ARGS.concat(agent === undefined ? ["--tools", "bash"] : []),
    settings: { ...settings, extensions: [RECORDER, ...(Array.isArray(others) ? others : [])] },
    env: { KEEPWARM_TEST_RECORDING: join(home, "recording.jsonl"), ...env },
  });
  await scene.talk(pi, emulator);
  await pi.quit();
  return readRecording({ home, url, requests: emulator.requests });
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const SUB_AGENT = join(dirname(PIS["0.87.1"]), "..", "examples", "extensions", "subagent", "index.ts");

/** pi's own cache warmer sends its first ping after two seconds then. */
const SHORT_LIVED = { promptCache: { short: 12, long: 3600 } };

interface Scene extends Pick<PiOptions, "model" | "settings" | "env"> {
  readonly name: string;
  readonly versions: readonly PiVersion[];
  readonly agent?: string;
  readonly lenient?: boolean;
  talk(pi: Pi, emulator: ReturnType<typeof createEmulator>): Promise<void>;
}

const SCENES: readonly Scene[] = [
  {
    name: "turns",
    versions: ["0.87.1", "1.5.2"],
    settings: { compaction: { keepRecentTokens: 1 } },
    async talk(pi) {
      await pi.say('[[tool:bash {"command":"echo hi"}]] One.');
      await pi.say("Two.");
      pi.command({ type: "set_thinking_level", level: "high" });
      await pi.say("Three.");
      const from = pi.said().length;
      pi.command({ type: "compact" });
      await pi.says(/"command":"compact","success":true/, from);
      await pi.say("Four.");
    },
  },
  {
    name: "own-pings",
    versions: ["0.87.1", "1.5.2"],
    model: SHORT_LIVED,
    settings: { cacheWarming: "idle" },
    env: { KEEPWARM_TEST_DECISION: "warm" },
    async talk(pi, emulator) {
      await pi.say("One.");
      await expect.poll(() => emulator.requests.at(-1)).toMatchObject({ status: 200, maxTokens: 1 });
      // Its answer is on its way to pi; another ping would come after two seconds more.
      await wait(500);
      await pi.say("Two.");
    },
  },
  {
    name: "retries",
    versions: ["0.87.1", "1.5.2"],
    settings: { retry: { enabled: true, maxRetries: 3, baseDelayMs: 10 } },
    async talk(pi, emulator) {
      await pi.say("One.");
      emulator.failNext({ status: 529, times: 2 });
      await pi.say("Two.");
    },
  },
  {
    name: "sub-agent",
    versions: ["0.87.1"],
    settings: { extensions: [SUB_AGENT] },
    agent: "---\nname: scout\ndescription: Looks around\ntools: bash\n---\nYou look around.\n",
    async talk(pi) {
      await pi.say('[[tool:subagent {"agent":"scout","task":"Look around."}]] One.');
      await pi.say("Two.");
    },
  },
  {
    name: "message-threads",
    versions: ["1.5.2"],
    model: { compat: { supportsMessageThreads: true } },
    lenient: true,
    async talk(pi) {
      await pi.say("One.");
      await pi.say("Two.");
      await pi.say("Three.");
    },
  },
];

const cases = SCENES.flatMap((scene) => scene.versions.map((version) => ({ ...scene, version })));

describe("what pi tells its extensions", () => {
  for (const scene of cases) {
    it(`is as it was recorded: ${scene.name}, of ${scene.version}`, async (test) => {
      const moments = await record(test, scene);
      expect(moments).toEqual(keptRecording(`${scene.name}-${scene.version}`, moments));
    });
  }
});
