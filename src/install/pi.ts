/** pi: a package of its, named in its settings. */
import { homedir } from "node:os";
import { join } from "node:path";
import type { HostPlugin } from "./host-plugin.ts";

export const pi: HostPlugin = {
  id: "pi",
  title: "pi",
  commands: ["pi"],
  since: "0.80.4",
  edits: ({ env, directory }) => [
    {
      kind: "add",
      file: join(env.PI_CODING_AGENT_DIR || join(env.HOME || homedir(), ".pi", "agent"), "settings.json"),
      path: ["packages"],
      value: directory,
    },
  ],
  afterwards: ["Start pi anew, or type /reload in it.", "Type /warm on in a conversation to keep it warm."],
};
