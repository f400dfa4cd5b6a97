/**
 * What Claude Code is given for one run beside its base URL: a plugin whose hooks tell the run's gateway what it waits
 * for and when a session ends, and its command. CLAUDE_CODE_PLUGIN_DIRS names it, so that no argument changes, and
 * programs on the Agent SDK have it too; versions that do not know that variable do without.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { HOOKS_PATH } from "../hub/index.ts";
import type { Pointing } from "./agent.ts";
import { forbidsPlugins, managedSettingsFile } from "./claude-code-managed.ts";

const VARIABLE = "CLAUDE_CODE_PLUGIN_DIRS";

/** SessionStart takes no HTTP hooks, and the first prompt tells as much. */
const EVENTS = [
  "UserPromptSubmit",
  "PermissionRequest",
  "Notification",
  "Stop",
  "StopFailure",
  "PreCompact",
  "PostCompact",
  "PostModelSwitch",
  "SessionEnd",
];

/** A gateway on this machine answers in a millisecond. In seconds. */
const PATIENCE_S = 2;

/** Never read by a model: the hook answers before. */
const COMMAND = `---
description: keep this conversation's prompt cache warm while you are away
argument-hint: "[on | off | auto | 30m | 2h | always | interval 4m | now | status]"
disable-model-invocation: true
---
keepwarm could not answer this. Reply with one sentence: that keepwarm's hook did not run, and that keepwarm on, in
another terminal, does the same.
`;

/**
 * The variable that loads the plugin, after what it held; nothing where an organisation forbids such plugins.
 *
 * @param managed the file by which an organisation rules
 */
export async function claudeCodePlugin(
  { baseUrl, temporaryDirectory, env }: Pick<Pointing, "baseUrl" | "temporaryDirectory" | "env">,
  managed = managedSettingsFile(),
): Promise<Readonly<Record<string, string>>> {
  if (await forbidsPlugins(managed)) return {};
  const folder = join(temporaryDirectory, "claude-code");
  const hook = { type: "http", url: baseUrl + HOOKS_PATH, timeout: PATIENCE_S };
  const files: Readonly<Record<string, string>> = {
    ".claude-plugin/plugin.json": JSON.stringify({
      name: "keepwarm",
      description: "Tells keepwarm what this session waits for.",
    }),
    "hooks/hooks.json": JSON.stringify({
      hooks: Object.fromEntries(EVENTS.map((event) => [event, [{ hooks: [hook] }]])),
    }),
    "commands/warm.md": COMMAND,
  };
  for (const [name, text] of Object.entries(files)) {
    const file = join(folder, name);
    await mkdir(join(file, ".."), { recursive: true });
    // The address is the run's own, and whoever knows it may speak for the run.
    await writeFile(file, text, { mode: 0o600 });
  }
  return { [VARIABLE]: [env[VARIABLE], folder].filter(Boolean).join(delimiter) };
}
