/** The person's settings as a mod finds them: the same file and variables as everywhere. */
import { settingsFrom } from "../../config/index.ts";
import { type PersonSettings, personSettings } from "../native/index.ts";
import type { EngineFiles } from "./engine.ts";

export interface ModSettings {
  readonly settings: PersonSettings;
  /** Why nothing may be warmed, as a sentence; null when nothing speaks against it. */
  readonly trouble: string | null;
}

/** Where they cannot be read, nobody knows what the person's limits are: nothing is to be sent then. Never rejects. */
export async function modSettings(
  env: Readonly<Record<string, string | undefined>>,
  folder: string | null,
  files: EngineFiles,
): Promise<ModSettings> {
  try {
    return { settings: await read(env, folder, files), trouble: null };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const file = { path: "nothing", text: null };
    return {
      settings: personSettings(settingsFrom({ env: {}, file, resolvePath: (path) => path }), () => ""),
      trouble: `keepwarm's settings cannot be used: ${reason}`,
    };
  }
}

async function read(
  env: Readonly<Record<string, string | undefined>>,
  folder: string | null,
  files: EngineFiles,
): Promise<PersonSettings> {
  const path = env.KEEPWARM_CONFIG || (folder === null ? null : `${folder}/config.json`);
  const isThere = path !== null && (Boolean(env.KEEPWARM_CONFIG) || (await files.exists(path)));
  const settings = settingsFrom({
    env,
    file: { path: path ?? "", text: isThere ? await files.read(path) : null },
    resolvePath: (named, isInFile) => (isAbsolute(named) || !isInFile ? named : beside(path, named)),
  });
  const prices = settings.prices === undefined ? "" : await files.read(settings.prices);
  return personSettings(settings, () => prices);
}

function isAbsolute(path: string): boolean {
  return /^(?:[/\\]|[a-z]:)/i.test(path);
}

function beside(file: string | null, name: string): string {
  return `${file?.replace(/[^/\\]*$/, "") ?? ""}${name}`;
}
