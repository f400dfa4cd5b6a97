/**
 * What the unit tests of the plugin play back is what the real OpenCode told its plugins, and what it sent. Each
 * recording is compared with what OpenCode says now, and made anew where it is missing.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, it, type TestContext } from "vitest";
import { createEmulator, type Emulator } from "../../src/emulator/index.ts";
import { MODEL, type OpenCodeServer, openCodeEnv, pointedAt, serve } from "./support/opencode.ts";
import { keptRecording, type Moment, RECORDER, readRecording } from "./support/opencode-recording.ts";

interface Scene {
  readonly name: string;
  readonly permission?: unknown;
  talk(server: OpenCodeServer, session: string, emulator: Emulator): Promise<void>;
}

const BASH = (command: string) => `[[tool:bash ${JSON.stringify({ command, description: "Look" })}]]`;

const SCENES: readonly Scene[] = [
  {
    name: "turns",
    async talk(server, session) {
      await server.say(session, "One.");
      await server.say(session, `${BASH("echo hi")} Two.`);
      await server.say(session, "Three.");
      await server.post(`/session/${session}/summarize`, MODEL);
      await server.say(session, "Four.");
    },
  },
  {
    name: "sub-agent",
    async talk(server, session) {
      const task = { description: "Look around", prompt: "Look around.", subagent_type: "general" };
      await server.say(session, `[[tool:task ${JSON.stringify(task)}]] One.`);
      await server.say(session, "Two.");
    },
  },
  {
    name: "retries",
    async talk(server, session, emulator) {
      await server.say(session, "One.");
      // It must not be the title's request that fails.
      await server.titled(session);
      emulator.failNext({ status: 529, times: 2 });
      await server.say(session, "Two.");
    },
  },
  {
    name: "permission",
    permission: { bash: "ask" },
    async talk(server, session) {
      const answered = server.say(session, `${BASH("echo hi")} One.`);
      await reply(server);
      await answered;
    },
  },
];

/** Allows what it asks for. */
async function reply(server: OpenCodeServer): Promise<void> {
  for (;;) {
    const pending: { id: string }[] = JSON.parse(await (await fetch(`${server.url}/permission`)).text());
    const [asked] = pending;
    if (asked !== undefined) {
      await server.post(`/permission/${asked.id}/reply`, { reply: "once" });
      return;
    }
    await wait(100);
  }
}

async function record(scene: Scene, test: TestContext): Promise<Moment[]> {
  const home = mkdtempSync(join(tmpdir(), "keepwarm-opencode-"));
  const project = join(home, "project");
  mkdirSync(project);
  const emulator = createEmulator({ minimumTokens: 1 });
  const { url } = await emulator.listen();
  test.onTestFinished(async () => {
    await emulator.close();
    rmSync(home, { recursive: true, force: true, maxRetries: 10 });
  });
  const config = {
    ...JSON.parse(pointedAt(url).OPENCODE_CONFIG_CONTENT ?? ""),
    plugin: [RECORDER],
    // Short ones, so that the recordings are.
    agent: { build: { prompt: "You are terse." }, general: { prompt: "You look around." } },
    tools: { "*": false, bash: true, task: true },
    permission: scene.permission ?? "allow",
  };
  const { OPENCODE_PERMISSION: _, ...env } = openCodeEnv(home);
  const server = await serve([], {
    env: {
      ...env,
      OPENCODE_CONFIG_CONTENT: JSON.stringify(config),
      KEEPWARM_TEST_RECORDING: join(home, "recording.jsonl"),
    },
    cwd: project,
    test,
  });
  const session = await server.newSession();
  await scene.talk(server, session, emulator);
  await server.titled(session);
  await server.process.end();
  return readRecording({ home, project, url });
}

/** What was told, however often and in whatever order: titles go beside the turn, and some events come twice. */
function told(moments: readonly Moment[]): Set<string> {
  return new Set(
    moments.map((moment) => {
      if (moment.kind === "asking") return JSON.stringify({ ...moment, number: 0 });
      return JSON.stringify(moment.kind === "sent" ? { ...moment, asking: 0 } : moment);
    }),
  );
}

describe("what OpenCode tells its plugins", () => {
  for (const scene of SCENES) {
    it(`is as it was recorded: ${scene.name}`, async (test) => {
      const moments = await record(scene, test);
      expect(told(moments)).toEqual(told(keptRecording(scene.name, moments)));
    });
  }
});
