/**
 * What the unit tests play back is what the real Claude Code sent, and what its hooks told. Each recording is compared
 * with what it does now, and made where it is missing.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { AGENTS } from "../../src/agents/index.ts";
import { createEmulator } from "../../src/emulator/index.ts";
import { CLAUDE, type Claude, claudeEnv, startClaude } from "./support/claude-code.ts";
import { keptRecording, outlineOf, recorder } from "./support/claude-code-recording.ts";
import { openClaude } from "./support/claude-code-terminal.ts";

/** Short ones, so that the recordings are. */
const ARGS = ["--system-prompt", "You are terse.", "--tools", "Bash,Task", "--allowedTools=Bash,Task"];

interface Scene {
  readonly name: string;
  /** In a terminal, with all that it does there by itself. @default false */
  readonly terminal?: boolean;
  talk(claude: Pick<Claude, "say">, emulator: ReturnType<typeof createEmulator>): Promise<unknown>;
}

const SUB_AGENT = JSON.stringify({
  description: "Look around",
  prompt: "Look around.",
  subagent_type: "general-purpose",
  run_in_background: false,
});

const SCENES: readonly Scene[] = [
  {
    name: "turns",
    async talk(claude) {
      await claude.say('[[tool:Bash {"command":"echo hi","description":"Greet"}]] One.');
      await claude.say("Two.");
      await claude.say("/compact");
      await claude.say("Three.");
      await claude.say("/clear");
      await claude.say("Four.");
    },
  },
  {
    name: "sub-agent",
    async talk(claude) {
      await claude.say(`[[tool:Agent ${SUB_AGENT}]] One.`);
      await claude.say("Two.");
    },
  },
  {
    name: "title",
    terminal: true,
    async talk(claude) {
      await claude.say("Please look at the parser.");
      await claude.say("And the printer.");
    },
  },
  {
    name: "retries",
    async talk(claude, emulator) {
      await claude.say("One.");
      emulator.failNext({ status: 529, times: 2 });
      await claude.say("Two.");
    },
  },
];

describe("what Claude Code sends and tells", () => {
  it.for(SCENES)("is as it was recorded: $name", async ({ name, terminal = false, talk }, test) => {
    const home = mkdtempSync(join(tmpdir(), "keepwarm-claude-"));
    const directory = join(home, "project");
    mkdirSync(directory);
    const emulator = createEmulator({ minimumTokens: 1 });
    const { url } = await emulator.listen();
    test.onTestFinished(async () => {
      await emulator.close();
      rmSync(home, { recursive: true, force: true, maxRetries: 10 });
    });
    const { baseUrl, moments } = await recorder(url, test);
    const env = claudeEnv(home);
    const agent = AGENTS.find(({ id }) => id === "claude-code");
    const launch = await agent?.point({
      command: CLAUDE,
      leading: [],
      args: [],
      env,
      directory,
      baseUrl,
      upstream: null,
      temporaryDirectory: home,
    });
    const begin = terminal ? openClaude : startClaude;
    const claude = await begin({ args: ARGS, env: { ...env, ...launch?.env }, cwd: directory, test });
    await talk(claude, emulator);
    await claude.quit();
    const now = moments(home);
    // A title is asked for beside the first turn, and either may be the first.
    const [one, other] = [now, keptRecording(name, now)].map((moments) => moments.map(outlineOf).toSorted());
    expect(one).toEqual(other);
  });
});
