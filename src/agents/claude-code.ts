/**
 * Claude Code. It reads ANTHROPIC_BASE_URL, but an `env` entry in one of its settings files beats the
 * environment. `--settings` beats those files, and an organisation's managed settings beat everything.
 */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parse } from "jsonc-parser";
import { isAtLeast, MODS_SINCE } from "../install/index.ts";
import { type Agent, CannotPointError, type Inside, type Invocation } from "./agent.ts";
import { baseUrlIn, baseUrlVariables } from "./any-program.ts";
import { fileThatSets, forbidsMods, managedSettingsFile } from "./claude-code-managed.ts";
import { claudeCodePlugin } from "./claude-code-plugin.ts";
import { readJsonFile, textAt } from "./json-file.ts";

const SETTING = ["env", "ANTHROPIC_BASE_URL"];
const FLAG = "--settings";
/** Variables that send it to another provider, whose requests do not go to the base URL. */
const OTHER_PROVIDERS = ["CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX", "CLAUDE_CODE_USE_FOUNDRY"];

export const claudeCode = claudeCodeUnder(managedSettingsFile());

/** @param managed the file by which an organisation rules */
export function claudeCodeUnder(managed: string): Agent {
  return {
    id: "claude-code",
    title: "Claude Code",
    commands: ["claude"],
    packages: ["@anthropic-ai/claude-code"],
    tried: "2.1.328",
    use: "keepwarm run -- claude",
    inside: (installed) => insideClaudeCode(installed, managed),
    switchesOff: [
      "Its own server-side keep-alive of the cache, which subscribers to claude.ai may have.",
      "Message threads, which send only what is new: every request carries the whole conversation.",
      "What it asks of Anthropic's own address alone: the scope of cache entries, cache diagnosis, thinking bound to its prefix.",
      "Remote Control.",
      "Settings that an organisation serves from its console (settings files stay in force).",
      "Checks of an organisation's policies for Artifacts and for Claude in Chrome.",
    ],
    async destination(invocation) {
      return { upstream: (await inSettings(invocation)) ?? baseUrlIn(invocation.env), basePath: "" };
    },
    async point(pointing) {
      const { args, baseUrl, env } = pointing;
      const beating = await fileThatSets(SETTING, managed);
      if (beating !== null) {
        throw new CannotPointError(
          `${beating} sets ANTHROPIC_BASE_URL for Claude Code, and nothing beats that file: ` +
            "ask whoever keeps it to name the gateway there, or run claude without keepwarm",
        );
      }
      const beaten = (await inSettings(pointing)) !== null;
      return {
        args: beaten ? await withSettings(pointing, baseUrl) : args,
        env: { ...baseUrlVariables(baseUrl), ...(await claudeCodePlugin(pointing, managed)) },
        notes: OTHER_PROVIDERS.filter((name) => env[name]).map(
          (name) => `${name} is set: Claude Code sends its requests there, and past keepwarm`,
        ),
      };
    },
  };
}

/** Which way is in force. */
async function insideClaudeCode({ version, isInstalled }: Inside, managed: string): Promise<string> {
  if (version === null) return "Its version is not known: hooks and /warm where it takes them.";
  if (!isAtLeast(version, MODS_SINCE))
    return `In a run keepwarm on does what /warm does from ${MODS_SINCE} on; it tells nothing but its requests.`;
  if (await forbidsMods(managed))
    return `Your organisation's settings (${managed}) let no mods of yours in: it is kept warm in a run alone, by what its requests tell.`;
  return isInstalled
    ? "Its mod is installed: it is kept warm from inside, and in a run by the gateway, with hooks and /warm."
    : "In a run it has hooks, and /warm by a mod. keepwarm install claude-code keeps it warm without a run.";
}

/** The base URL of the first settings that name one; the environment comes after all of them. */
async function inSettings(invocation: Invocation): Promise<string | null> {
  for (const settings of [given(invocation), ...settingsFiles(invocation)]) {
    const url = textAt(typeof settings === "string" ? await readJsonFile(settings) : settings, SETTING);
    if (url !== null) return url;
  }
  return null;
}

/** From what counts most to what counts least. */
function settingsFiles({ directory, env }: Invocation): string[] {
  const root = repositoryOf(directory);
  return [
    join(directory, ".claude", "settings.local.json"),
    ...(root === null ? [] : [join(root, ".claude", "settings.local.json")]),
    join(directory, ".claude", "settings.json"),
    join(env.CLAUDE_CONFIG_DIR || join(env.HOME || homedir(), ".claude"), "settings.json"),
  ];
}

function repositoryOf(directory: string): string | null {
  if (existsSync(join(directory, ".git"))) return directory;
  const parent = dirname(directory);
  return parent === directory ? null : repositoryOf(parent);
}

/** What `--settings` was given: a document, or the path of one; undefined where it was not. */
function given({ args, directory }: Invocation): unknown {
  const value = args.flatMap((arg, index) => {
    if (arg === FLAG) return args[index + 1] ?? [];
    return arg.startsWith(`${FLAG}=`) ? arg.slice(FLAG.length + 1) : [];
  });
  // The last one counts.
  const text = value.at(-1);
  if (text === undefined) return undefined;
  return text.trimStart().startsWith("{") ? parse(text) : resolve(directory, text);
}

/** The arguments with a `--settings` after the person's own, and what that one held, taken over. */
async function withSettings(invocation: Invocation, baseUrl: string): Promise<string[]> {
  const own = given(invocation);
  const document = typeof own === "string" ? await readJsonFile(own) : own;
  const settings = isObject(document) ? document : {};
  const env = isObject(settings.env) ? settings.env : {};
  const ours = `${FLAG}=${JSON.stringify({ ...settings, env: { ...env, ANTHROPIC_BASE_URL: baseUrl } })}`;
  const kept = invocation.args.filter(
    (arg, index, args) => arg !== FLAG && args[index - 1] !== FLAG && !arg.startsWith(`${FLAG}=`),
  );
  return [ours, ...kept];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
