/** The settings of the running gateway, beside those that a command reads: a limit that only a file knows holds nothing. */
import {
  type Config,
  configPath,
  SETTING_NAMES,
  SETTINGS,
  type SettingName,
  shortPath,
  valueText,
} from "../config/index.ts";
import type { ControlClient, SettingView } from "../hub/index.ts";
import { stateDirectory } from "../storage/index.ts";
import { trusted } from "./gateway.ts";

/** A setting that the running gateway has at another value. */
export interface Instead {
  readonly name: SettingName;
  /** What it has; "" where that is not set. */
  readonly text: string;
  /** Where that came from: `default`, `--tier`. */
  readonly where: string;
}

/** What the running gateway has in force, where that is not what the settings say. */
export interface InGateway {
  readonly pid: number;
  /** The config file it reads, with `~` for its person's home. */
  readonly file: string;
  readonly instead: readonly Instead[];
}

/** Null where none is running. Whether one that does not answer is at work, `keepwarm doctor` says. */
export async function settingsInGateway(config: Config): Promise<InGateway | null> {
  try {
    const client = await found();
    return client === null ? null : await comparedWith(client, config);
  } catch {
    return null;
  }
}

export async function comparedWith(client: ControlClient, { inForce }: Config): Promise<InGateway> {
  const { file, settings } = await client.settings();
  const instead = SETTING_NAMES.flatMap((name): Instead[] => {
    const { value, origin } = inForce[name];
    const view = settings.find((setting) => setting.name === name);
    // A flag says what another gateway would have, and 0 stands for whichever port was free.
    const isAsked = origin.from !== "flag" && !(isPort(name) && value === 0);
    if (view === undefined || !isAsked || view.text === valueText(name, value)) return [];
    return [{ name, text: view.text, where: view.origin.where }];
  });
  return { pid: client.record.pid, file, instead };
}

function isPort(name: SettingName): boolean {
  return name === "port" || name === "consolePort";
}

/** Lines; none where it has what the settings say. */
export function insteadText({ pid, file, instead }: InGateway): string[] {
  if (instead.length === 0) return [];
  const here = shortPath(configPath(process.env));
  return [
    "",
    `The running gateway (process ${pid}) does not use all of it:`,
    ...instead.map((one) => `  ${insteadSentence(one)}`),
    ...(file === here ? [] : [`  its config file is ${file}`]),
    AT_ITS_START,
  ];
}

const AT_ITS_START =
  "A gateway takes up what stands above when it is started anew: keepwarm stop, then keepwarm start.";

export function insteadSentence({ name, text, where }: Instead): string {
  return `${name} is ${text || "not set"} there (${where})`;
}

/**
 * Has the running gateway take up what was just written into the config file. What may be changed while it runs is in
 * force when this resolves.
 *
 * @param text what the file says now; null: nothing
 * @returns what the person should know of it, or null when no gateway is running
 * @throws a sentence, when it is not known what the running one has in force now
 */
export async function haveTakenUp(name: SettingName, text: string | null): Promise<string | null> {
  let client: ControlClient | null;
  try {
    client = await found();
    return client === null ? null : await takenUp(client, name, text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`a running gateway may not have taken it up: ${why}`);
  }
}

async function takenUp(client: ControlClient, name: SettingName, text: string | null): Promise<string> {
  const { pid } = client.record;
  const { file, settings } = await client.settings();
  const view = settings.find((setting) => setting.name === name);
  const wanted = text === null ? valueText(name, SETTINGS[name].default) : asShown(name, text);
  if (view === undefined) return `The running gateway (process ${pid}) knows no such setting: start it anew.`;
  if (file !== shortPath(configPath(process.env))) {
    return `The running gateway (process ${pid}) reads another file, ${file}, and goes on with ${shown(view)}.`;
  }
  if (view.fixed === null) {
    const { note } = await client.changeSetting({ name, value: text });
    const inForce = "The running gateway has it in force.";
    return [note === null ? inForce : `${inForce} ${note}`, ...(await programsText(client))].join("\n");
  }
  if (view.text === wanted) return `The running gateway (process ${pid}) has it in force.`;
  return fromStart(view)
    ? `The running gateway (process ${pid}) goes on with ${shown(view)}, as it was started with ${view.origin.where}, which goes before the file: keepwarm stop, then start it without.`
    : `The running gateway (process ${pid}) goes on with ${shown(view)}: keepwarm stop, then keepwarm start, for it to take this up.`;
}

/** Programs with keepwarm inside them read their settings when they begin. */
async function programsText(client: ControlClient): Promise<string[]> {
  const { hosts } = (await client.status()).gateway;
  if (hosts.length === 0) return [];
  const names = [...new Set(hosts.map(({ host }) => host))].join(", ");
  return [`Programs that have keepwarm inside take it up when they are started anew: ${names}.`];
}

function fromStart({ origin }: SettingView): boolean {
  return origin.from === "flag" || origin.from === "environment";
}

function shown({ name, text }: SettingView): string {
  return `${name} ${text || "not set"}`;
}

/** `60s` is shown as `1m`. */
function asShown(name: SettingName, text: string): string {
  const { kind } = SETTINGS[name];
  return kind.toText(kind.schema.parse(kind.fromText(text)));
}

async function found(): Promise<ControlClient | null> {
  const { discover } = await import("../hub/index.ts");
  return trusted(await discover(stateDirectory()));
}
