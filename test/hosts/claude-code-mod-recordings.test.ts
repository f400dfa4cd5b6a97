/**
 * What the mod's unit tests play back is what the real Claude Code told another mod beside it. Each recording is compared
 * with what it does now, and made where it is missing.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createEmulator } from "../../src/emulator/index.ts";
import { type Claude, claudeEnv, startClaude } from "./support/claude-code.ts";
import { keptModRecording, modOutlineOf, momentsIn, RECORDER } from "./support/claude-code-mod-recording.ts";
import { openClaude } from "./support/claude-code-terminal.ts";
import { lenientAboutThreads } from "./support/lenient-about-threads.ts";

/** Short ones, so that the recordings are. */
const ARGS = ["--system-prompt", "You are terse.", "--tools", "Bash,Task", "--allowedTools=Bash,Task"];

interface Scene {
  readonly name: string;
  /** In a terminal, with all that it does there by itself. @default false */
  readonly terminal?: boolean;
  /** Of message threads, which it has at Anthropic's own address. @default false */
  readonly threads?: boolean;
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
  {
    name: "forks",
    async talk(claude) {
      await claude.say("One.");
      await claude.say("/ask-aside");
    },
  },
  {
    name: "threads",
    threads: true,
    async talk(claude) {
      await claude.say("One.");
      await claude.say("Two.");
    },
  },
];

describe("what Claude Code tells a mod", () => {
  it.for(SCENES)("is as it was recorded: $name", async ({ name, terminal = false, threads, talk }, test) => {
    const home = mkdtempSync(join(tmpdir(), "keepwarm-claude-"));
    const directory = join(home, "project");
    const file = join(home, "moments.json");
    mkdirSync(directory);
    const emulator = createEmulator({ minimumTokens: 1 });
    const { url } = await emulator.listen();
    test.onTestFinished(async () => {
      await emulator.close();
      rmSync(home, { recursive: true, force: true, maxRetries: 10 });
    });
    const env = {
      ...claudeEnv(home),
      ANTHROPIC_BASE_URL: threads ? await lenientAboutThreads(url, test) : url,
      ...(threads ? { CLAUDE_CODE_TETHER_LIVE: "1" } : {}),
      KEEPWARM_TEST_MOMENTS: file,
    };
    const begin = terminal ? openClaude : startClaude;
    const claude = await begin({ args: [...ARGS, "--plugin-dir", RECORDER], env, cwd: directory, test });
    await talk(claude, emulator);
    await claude.quit();
    const now = momentsIn(file, home);
    // What is asked for beside something else may come before it.
    const [one, other] = [now, keptModRecording(name, now)].map((moments) =>
      moments.map(modOutlineOf).toSorted(),
    );
    expect(one).toEqual(other);
  });
});
