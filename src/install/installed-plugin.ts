/** What is installed where, for who looks and changes nothing. */
import { readConfig } from "./config-file.ts";
import { isInPlace, parseSettings } from "./json-text.ts";
import { placedVersion, pluginDirectory } from "./plugin-files.ts";
import { readReceipt } from "./receipt.ts";

export type PluginState =
  | { readonly state: "none" }
  /** `version` is that of the keepwarm it came with. */
  | { readonly state: "sound"; readonly version: string }
  /** `why` is a sentence's end: what is missing, or cannot be read. */
  | { readonly state: "broken"; readonly why: string };

export function installedPlugin(stateDirectory: string, id: string): PluginState {
  try {
    const receipt = readReceipt(stateDirectory, id);
    if (receipt === null) return { state: "none" };
    const version = placedVersion(pluginDirectory(stateDirectory, id));
    if (version === null) return { state: "broken", why: "its files are gone" };
    for (const { path, changes } of receipt.files) {
      const text = readConfig(path)?.text ?? "{}";
      const document = parseSettings(text.trim() === "" ? "{}" : text, path);
      if (changes.some(({ edit }) => !isInPlace(document, edit))) {
        return { state: "broken", why: `its entry is missing from ${path}` };
      }
    }
    return { state: "sound", version };
  } catch (error) {
    return { state: "broken", why: error instanceof Error ? error.message : String(error) };
  }
}
