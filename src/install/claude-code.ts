/**
 * Claude Code: a folder that it takes for a marketplace, with one plugin in it, a mod that is switched on; and the status
 * line, which its own settings alone can have. What `keepwarm run -- claude` brings along is beside that.
 */
import { homedir } from "node:os";
import { join } from "node:path";
import type { ConfigEdit, HostPlugin } from "./host-plugin.ts";
import { isAtLeast } from "./versions.ts";

/** The first version whose mods are on by themselves. */
export const MODS_SINCE = "2.1.287";

export const claudeCode: HostPlugin = {
  id: "claude-code",
  title: "Claude Code",
  commands: ["claude"],
  since: MODS_SINCE,
  edits({ env, directory, version }) {
    const file = join(env.CLAUDE_CONFIG_DIR || join(env.HOME || homedir(), ".claude"), "settings.json");
    const statusLine: ConfigEdit = {
      kind: "set-if-missing",
      file,
      path: ["statusLine"],
      value: { type: "command", command: `node "${join(directory, "statusline.mjs")}"`, refreshInterval: 2 },
      told: {
        ours: "In such a run its status line tells what is kept warm.",
        theirs:
          "You have a status line of your own, which stays as it is: keepwarm statusline prints keepwarm's part for it.",
      },
    };
    // It would take the folder, and say that there is nothing in it that it can use.
    if (version !== null && !isAtLeast(version, MODS_SINCE)) return [statusLine];
    return [
      {
        kind: "set",
        file,
        path: ["extraKnownMarketplaces", "keepwarm"],
        value: { source: { source: "directory", path: directory } },
      },
      { kind: "set", file, path: ["enabledPlugins", "keepwarm@keepwarm"], value: true },
      statusLine,
    ];
  },
  afterwards: [
    "Start Claude Code anew, and type /warm on in a conversation to keep it warm.",
    "Started as keepwarm run -- claude, its gateway does it instead.",
  ],
};
