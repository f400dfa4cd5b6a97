/** The real Claude Code on a terminal, where a person has been before, and with all the traffic that it likes. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { CLAUDE, type ClaudeOptions, MODEL } from "./claude-code.ts";
import { ENTER, type OnScreen, onScreen } from "./screen.ts";

const ENTER_AGAIN_MS = 10_000;

/** The emulator's. */
const ANSWER = /emulated answer/;
const COMMAND_S_ANSWER = /^ *⎿/m;

export interface ClaudeTerminal extends OnScreen {
  /** Types it at the prompt, and Enter, and resolves once the prompt has taken it. */
  enter(words: string): Promise<void>;
  /** Resolves, once the turn is over, with all that was shown since its words were entered. */
  answered(): Promise<string>;
  /** Both, of a command as well. */
  say(words: string): Promise<string>;
  /** By its own command. */
  quit(): Promise<void>;
}

/** Resolves once it shows its prompt. */
export async function openClaude(options: ClaudeOptions): Promise<ClaudeTerminal> {
  const { launcher = [], args = [], env, cwd, test } = options;
  const { CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: _, ...chatty } = env;
  const before = {
    hasCompletedOnboarding: true,
    customApiKeyResponses: { approved: [env.ANTHROPIC_API_KEY?.slice(-20)], rejected: [] },
    projects: { [cwd]: { hasTrustDialogAccepted: true, hasCompletedProjectOnboarding: true } },
  };
  writeFileSync(join(env.HOME ?? "", ".claude.json"), JSON.stringify(before));
  const command = [...launcher, CLAUDE, "--model", MODEL, ...args].map((word) => `'${word}'`).join(" ");
  const screen = onScreen(command, {
    env: { ...chatty, TERM: "xterm-256color", SHELL: "/bin/sh" },
    cwd,
    test,
  });
  const prompt = () => seenIn(screen.text()).prompt;
  // While it is at work, a mark moves in its window's title.
  const isIdle = () => screen.title().startsWith("✳") && prompt() === "";

  async function enter(words: string, taken: () => Promise<void>): Promise<void> {
    await screen.fill(words, () => prompt() === words);
    // The first may be for its menu of commands.
    const press = () => void (prompt() === words && screen.type(ENTER));
    press();
    const again = setInterval(press, ENTER_AGAIN_MS);
    await taken().finally(() => clearInterval(again));
  }

  async function shown(pattern: RegExp): Promise<string> {
    await screen.until(`${pattern}`, () => isIdle() && pattern.test(seenIn(screen.text()).answer));
    return seenIn(screen.text()).answer;
  }

  const claude: ClaudeTerminal = {
    ...screen,
    enter: (words) => enter(words, () => screen.until("its taking that", () => prompt() !== words)),
    answered: () => shown(ANSWER),
    async say(words) {
      await claude.enter(words);
      return shown(words.startsWith("/") ? COMMAND_S_ANSWER : ANSWER);
    },
    quit: () => enter("/exit", screen.ends),
  };
  await screen.until("its prompt", isIdle);
  return claude;
}

interface Seen {
  /** What stands at the prompt; null where there is none. */
  readonly prompt: string | null;
  /** What stands between the words that were entered last and the prompt. */
  readonly answer: string;
}

/** Its prompt stands between two lines; above it what was entered stands behind the same mark. */
function seenIn(screen: string): Seen {
  const [, above = screen, prompt = null] = /^([\s\S]*)\n─{9,}\n❯\s(.*)\n─{9,}$/m.exec(screen) ?? [];
  const entered = above.lastIndexOf("\n❯ ");
  const [, ...answer] = above.slice(entered + 1).split("\n");
  return { prompt: prompt?.trim() ?? null, answer: answer.join("\n") };
}
