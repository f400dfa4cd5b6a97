/**
 * What Claude Code is given for one run beside its base URL: hooks that tell the run's gateway what it waits for and
 * when a session ends, and its command `/warm`. CLAUDE_CODE_PLUGIN_DIRS names them, so that no argument changes, and
 * programs on the Agent SDK have them too; versions that do not know that variable do without.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
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

/**
 * The variable that loads them, after what it held; nothing where an organisation forbids such plugins.
 *
 * @param managed the file by which an organisation rules
 */
export async function claudeCodePlugin(
  { baseUrl, temporaryDirectory, env }: Pick<Pointing, "baseUrl" | "temporaryDirectory" | "env">,
  managed = managedSettingsFile(),
): Promise<Readonly<Record<string, string>>> {
  if (await forbidsPlugins(managed)) return {};
  const url = baseUrl + HOOKS_PATH;
  // Two, because a version without mods would take neither of one that has both.
  const folders = [
    await plugin(join(temporaryDirectory, "claude-code-hooks"), {
      ".claude-plugin/plugin.json": manifest("keepwarm-run", "Tells keepwarm what this session waits for."),
      "hooks/hooks.json": JSON.stringify({
        hooks: Object.fromEntries(
          EVENTS.map((event) => [event, [{ hooks: [{ type: "http", url, timeout: PATIENCE_S }] }]]),
        ),
      }),
    }),
    await plugin(join(temporaryDirectory, "claude-code-command"), {
      ".claude-plugin/plugin.json": manifest("keepwarm", "Keeps this conversation's prompt cache warm."),
      "hooks/hooks.json": JSON.stringify({ modules: ["./register.ts"] }),
      "hooks/register.ts": commandModule(url),
    }),
  ];
  return { [VARIABLE]: [env[VARIABLE], ...folders].filter(Boolean).join(delimiter) };
}

function manifest(name: string, description: string): string {
  return JSON.stringify({ name, version: "0.0.0", description });
}

async function plugin(folder: string, files: Readonly<Record<string, string>>): Promise<string> {
  for (const [name, text] of Object.entries(files)) {
    const file = join(folder, name);
    await mkdir(dirname(file), { recursive: true });
    // The address is the run's own: whoever knows it may speak for the run.
    await writeFile(file, text, { mode: 0o600 });
  }
  return folder;
}

/**
 * A mod (Claude Code 2.1.287 and later): the command runs beside the conversation, and no model hears of its answer,
 * though Claude Code notes for it that the command was run. Without a terminal the hook answers, and nothing is noted.
 * Claude Code checks that `$` is spelled out wherever it is used, and puts the plugin's name before what is shown.
 */
function commandModule(url: string): string {
  return `let session = "";
export function register(on) {
  on("session.start", async ($, e, next) => {
    if (e.isInteractive) await $.command
      .register({
        name: "warm",
        description: "keep this conversation's prompt cache warm while you are away",
        argumentHint: "[on | off | auto | 30m | always | interval 4m | now]",
        immediate: true,
      })
      .catch(() => {});
    return next(e);
  });
  on("classic.SessionStart", ($, e, next) => {
    session = e.session_id;
    return next(e);
  });
  on("command.run", { command: "warm" }, async ($, e) => {
    let text = "no gateway answers here: run keepwarm status in another terminal";
    try {
      const answer = await $.http.fetch(${JSON.stringify(url)}, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          session_id: session,
          hook_event_name: "UserPromptSubmit",
          prompt: "/warm " + (e.args ?? ""),
        }),
      });
      text = JSON.parse(answer.text).reason ?? text;
    } catch {}
    return { text, isTextDisplayOnly: true };
  });
}
`;
}
