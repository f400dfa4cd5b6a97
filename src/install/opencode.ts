/** OpenCode: one folder, named in its settings for the server's half and in those of its terminal for the other. */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { ConfigEdit, HostPlugin } from "./host-plugin.ts";

export const opencode: HostPlugin = {
  id: "opencode",
  title: "OpenCode",
  commands: ["opencode"],
  since: "1.18.33",
  edits({ env, directory }) {
    const folder = join(env.XDG_CONFIG_HOME || join(env.HOME || homedir(), ".config"), "opencode");
    const value = pathToFileURL(directory).href;
    return ["opencode", "tui"].map(
      (name): ConfigEdit => ({ kind: "add", file: settingsFile(folder, name), path: ["plugin"], value }),
    );
  },
  afterwards: [
    "Start OpenCode anew. Its first start with a plugin fetches a package of its own; without a network that takes a minute.",
    "Type /warm in a conversation, or press ctrl+x w.",
  ],
};

/** OpenCode reads both spellings; the one that its person has is added to. */
function settingsFile(folder: string, name: string): string {
  const [plain, commented] = [join(folder, `${name}.json`), join(folder, `${name}.jsonc`)];
  return !existsSync(plain) && existsSync(commented) ? commented : plain;
}
