/** What an organisation rules for Claude Code on this machine: a file, and a folder of more beside it. */
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { readJsonFile, textAt } from "./json-file.ts";

export function managedSettingsFile(platform: NodeJS.Platform = process.platform): string {
  switch (platform) {
    case "darwin":
      return "/Library/Application Support/ClaudeCode/managed-settings.json";
    case "win32":
      return "C:\\Program Files\\ClaudeCode\\managed-settings.json";
    default:
      return "/etc/claude-code/managed-settings.json";
  }
}

/** Whether Claude Code would refuse to start with a plugin that is named from outside. */
export async function forbidsPlugins(managed: string): Promise<boolean> {
  return anyIsTrue(managed, ["disableSideloadFlags"]);
}

/** Whether it takes none of the person's own mods, or lets them see nothing. */
export async function forbidsMods(managed: string): Promise<boolean> {
  return anyIsTrue(managed, ["allowManagedModsOnly", "allowManagedHooksOnly", "disableAllHooks"]);
}

async function anyIsTrue(managed: string, names: readonly string[]): Promise<boolean> {
  const rules = await rulesUnder(managed);
  return rules.some(
    ({ rule }) =>
      typeof rule === "object" &&
      rule !== null &&
      Object.entries(rule).some(([name, value]) => names.includes(name) && value === true),
  );
}

/** The file in which an organisation sets a text; null where it sets none. */
export async function fileThatSets(path: readonly string[], managed: string): Promise<string | null> {
  const rules = await rulesUnder(managed);
  return rules.find(({ rule }) => textAt(rule, path) !== null)?.file ?? null;
}

async function rulesUnder(managed: string): Promise<{ readonly file: string; readonly rule: unknown }[]> {
  const folder = join(dirname(managed), "managed-settings.d");
  const names = await readdir(folder).catch(() => []);
  const files = [
    managed,
    ...names.filter((name) => name.endsWith(".json")).map((name) => join(folder, name)),
  ];
  return Promise.all(files.map(async (file) => ({ file, rule: await readJsonFile(file) })));
}
