/** The real OpenCode on a real terminal. */
import { MODEL, OPENCODE, openCodeEnv, pointedAt } from "./opencode.ts";
import type { StartOptions } from "./process.ts";
import { CTRL_C, ENTER, type OnScreen, onScreen } from "./screen.ts";

/** What a person's OpenCode has there, with the API at `url`. */
export function terminalEnv(home: string, url: string): Record<string, string> {
  // Its terminal does not take the one that all is allowed by.
  const { OPENCODE_PERMISSION: _, ...env } = openCodeEnv(home);
  const config = {
    ...JSON.parse(pointedAt(url).OPENCODE_CONFIG_CONTENT ?? ""),
    model: `${MODEL.providerID}/${MODEL.modelID}`,
  };
  return { ...env, TERM: "xterm-256color", OPENCODE_CONFIG_CONTENT: JSON.stringify(config) };
}

export interface OpenCodeTerminal extends OnScreen {
  /** Types it at the prompt, and Enter. */
  say(text: string): Promise<void>;
  /** Resolves with how long its end took, in ms. */
  quit(): Promise<number>;
}

/** Resolves once it shows its prompt. */
export async function openTerminal(options: Omit<StartOptions, "input">): Promise<OpenCodeTerminal> {
  const opencode = onScreen(OPENCODE, options);
  await opencode.shows(/Ask anything/);
  return {
    ...opencode,
    async say(text) {
      // It must stand there before Enter, or Enter is for something else.
      const atPrompt = new RegExp(`┃ +${text} *`);
      await opencode.fill(text, () => atPrompt.test(opencode.text()));
      await opencode.type(ENTER);
    },
    async quit() {
      const from = performance.now();
      void opencode.type(CTRL_C);
      await opencode.ends();
      return performance.now() - from;
    },
  };
}
