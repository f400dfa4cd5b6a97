/**
 * Claude Code: `keepwarm run -- claude` brings hooks and `/warm` along by itself, so that what is left to install is the
 * status line, which its own settings alone can have.
 */
import { homedir } from "node:os";
import { join } from "node:path";
import type { HostPlugin } from "./host-plugin.ts";

export const claudeCode: HostPlugin = {
  id: "claude-code",
  title: "Claude Code",
  commands: ["claude"],
  since: "2.1.287",
  edits: ({ env, directory }) => [
    {
      kind: "set-if-missing",
      file: join(env.CLAUDE_CONFIG_DIR || join(env.HOME || homedir(), ".claude"), "settings.json"),
      path: ["statusLine"],
      value: { type: "command", command: `node "${join(directory, "statusline.mjs")}"`, refreshInterval: 2 },
      told: {
        ours: "Its status line tells what is kept warm.",
        theirs:
          "You have a status line of your own, which stays as it is: keepwarm statusline prints keepwarm's part for it.",
      },
    },
  ],
  afterwards: ["Start it as keepwarm run -- claude, and type /warm on in a conversation to keep it warm."],
};
