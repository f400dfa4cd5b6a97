/** Installs a plugin in an agent, takes it out, and lists what there is, for people. */
import { type InstalledProgram, installedProgram } from "../../agents/index.ts";
import { didYouMean } from "../../config/index.ts";
import {
  type Done,
  type Environment,
  type HostPlugin,
  InstallError,
  type InstallOptions,
  install,
  installedPlugin,
  isAtLeast,
  uninstall,
} from "../../install/index.ts";
import { UsageError } from "../errors.ts";
import { table } from "../table.ts";
import { changeLines } from "./change-lines.ts";

export interface Surroundings {
  readonly plugins: readonly HostPlugin[];
  /** The built files of a plugin. */
  readonly filesOf: (id: string) => string;
  readonly stateDirectory: string;
  /** keepwarm's. */
  readonly version: string;
  readonly env: Environment;
  readonly dryRun: boolean;
  /** Though the agent is not found, or too old. */
  readonly force: boolean;
  readonly print: (line: string) => void;
}

/** @throws {UsageError} for an agent that is not known, and {@link InstallError} for one that cannot take it */
export async function installPlugin(word: string, surroundings: Surroundings): Promise<void> {
  const { filesOf, dryRun, print } = surroundings;
  const plugin = pluginNamed(word, surroundings);
  const program = await programOf(plugin, surroundings);
  if (!surroundings.force) refuseUnsuitable(plugin, program);
  const done = await install({ ...optionsOf(plugin, program, surroundings), files: filesOf(plugin.id) });
  for (const line of told(done, dryRun, "would put its files into")) print(line);
  if (dryRun) return;
  const isNew = done.files.length > 0 || done.directory !== null;
  print(
    isNew
      ? `keepwarm is installed in ${plugin.title}.`
      : `keepwarm was installed in ${plugin.title} already.`,
  );
  if (!isNew) return;
  for (const sentence of [...plugin.afterwards, ...done.notes]) print(sentence);
}

/** @throws {UsageError} for an agent that is not known, and {@link InstallError} where a file cannot be changed */
export async function uninstallPlugin(word: string, surroundings: Surroundings): Promise<void> {
  const { dryRun, print } = surroundings;
  const plugin = pluginNamed(word, surroundings);
  const program = await programOf(plugin, surroundings);
  const done = await uninstall(optionsOf(plugin, program, surroundings));
  for (const line of told(done, dryRun, "would remove")) print(line);
  if (dryRun) return;
  const wasThere = done.files.length > 0 || done.directory !== null;
  print(
    wasThere ? `keepwarm is no longer in ${plugin.title}.` : `keepwarm was not installed in ${plugin.title}.`,
  );
}

export async function listPlugins({ plugins, stateDirectory, env, print }: Surroundings): Promise<void> {
  const rows = await Promise.all(
    plugins.map(async (plugin) => {
      const program = await programOf(plugin, { env });
      const found = program === null ? "not found" : (program.version ?? "found");
      const { state } = installedPlugin(stateDirectory, plugin.id);
      return [plugin.id, plugin.title, found, plugin.since, STATES[state]];
    }),
  );
  const columns = ["install", "agent", "here", "needs at least", "keepwarm"].map((title) => ({ title }));
  print(rows.length === 0 ? "This keepwarm has no plugins." : table(columns, rows));
}

const STATES = {
  none: "not installed",
  sound: "installed",
  broken: "broken: keepwarm doctor says why",
} as const;

function pluginNamed(word: string, { plugins }: Pick<Surroundings, "plugins">): HostPlugin {
  const ids = plugins.map(({ id }) => id);
  const plugin = plugins.find(({ id }) => id === word);
  if (plugin) return plugin;
  const hint = didYouMean(word, ids) || (ids.length === 0 ? "" : ` There are: ${ids.join(", ")}.`);
  throw new UsageError(`there is no plugin for ${JSON.stringify(word)}.${hint}`);
}

async function programOf(
  { commands }: HostPlugin,
  { env }: Pick<Surroundings, "env">,
): Promise<InstalledProgram | null> {
  const found = await Promise.all(commands.map((command) => installedProgram(command, env)));
  return found.find((one) => one !== null) ?? null;
}

/** @throws {InstallError} */
function refuseUnsuitable(
  { id, title, since, commands }: HostPlugin,
  program: InstalledProgram | null,
): void {
  if (program === null) {
    throw new InstallError(
      `${commands[0] ?? id} is not on the PATH: install ${title} first, or say --force to prepare its settings all the same`,
    );
  }
  if (program.version === null || isAtLeast(program.version, since)) return;
  throw new InstallError(
    `${title} is ${program.version}, and the plugin works from ${since} on: update it, or run it as keepwarm run -- ${commands[0] ?? id}`,
  );
}

function optionsOf(
  plugin: HostPlugin,
  program: InstalledProgram | null,
  { env, stateDirectory, version, dryRun }: Surroundings,
): InstallOptions {
  return { plugin, env, stateDirectory, version, dryRun, hostVersion: program?.version ?? null };
}

function told({ files, directory }: Done, dryRun: boolean, ofDirectory: string): string[] {
  if (!dryRun) return [];
  if (files.length === 0 && directory === null) return ["Nothing would change."];
  return [...(directory === null ? [] : [`${ofDirectory} ${directory}`]), ...files.flatMap(changeLines)];
}
