/** OpenClaw: a folder of plugins that it loads, and an entry that switches ours on. */
import { homedir } from "node:os";
import { join } from "node:path";
import { readConfig } from "./config-file.ts";
import type { ConfigEdit, Environment, HostPlugin } from "./host-plugin.ts";
import { parseSettings } from "./json-text.ts";
import { valueAt } from "./json-value.ts";

export const openclaw: HostPlugin = {
  id: "openclaw",
  title: "OpenClaw",
  commands: ["openclaw"],
  since: "2026.9.6",
  edits({ env, directory }) {
    const file = settingsFile(env);
    const entry = ["plugins", "entries", "keepwarm"];
    const edits: ConfigEdit[] = [
      { kind: "add", file, path: ["plugins", "load", "paths"], value: directory },
      { kind: "set", file, path: [...entry, "enabled"], value: true },
      // Without it OpenClaw does not say which runs are the person's.
      { kind: "set", file, path: [...entry, "hooks", "allowConversationAccess"], value: true },
    ];
    // A list of who may be loaded is the person's own: where there is none, all may.
    if (hasAllowList(file)) edits.push({ kind: "add", file, path: ["plugins", "allow"], value: "keepwarm" });
    return edits;
  },
  afterwards: [
    "Start OpenClaw's gateway anew: openclaw gateway restart.",
    "Type /warm on in a conversation to keep it warm.",
  ],
};

/** As OpenClaw finds it. */
function settingsFile(env: Environment): string {
  const home = env.OPENCLAW_HOME || env.HOME || homedir();
  return env.OPENCLAW_CONFIG_PATH || join(env.OPENCLAW_STATE_DIR || join(home, ".openclaw"), "openclaw.json");
}

function hasAllowList(file: string): boolean {
  const text = readConfig(file)?.text.trim() ?? "";
  return text !== "" && Array.isArray(valueAt(parseSettings(text, file), ["plugins", "allow"]));
}
