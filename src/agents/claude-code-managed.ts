/** What an organisation rules for Claude Code on this machine: a file, and a folder of more beside it. */
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { readJsonFile } from "./json-file.ts";

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

async function anyIsTrue(managed: string, rules: readonly string[]): Promise<boolean> {
  const folder = join(dirname(managed), "managed-settings.d");
  const names = await readdir(folder).catch(() => []);
  const files = [
    managed,
    ...names.filter((name) => name.endsWith(".json")).map((name) => join(folder, name)),
  ];
  const read = await Promise.all(files.map(readJsonFile));
  return read.some(
    (document) =>
      typeof document === "object" &&
      document !== null &&
      Object.entries(document).some(([name, value]) => rules.includes(name) && value === true),
  );
}
