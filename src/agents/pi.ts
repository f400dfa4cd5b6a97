/**
 * pi. No variable sets its base URL, but an extension does, and `-e` loads one for a single run. The same
 * extension tells the gateway pi's session id, which pi sends nowhere.
 */
import { writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Agent } from "./agent.ts";
import { baseUrlVariables } from "./any-program.ts";
import { readJsonFile, textAt } from "./json-file.ts";

/** These talk to no model, and take no extension. */
const SUBCOMMANDS = new Set(["install", "remove", "uninstall", "update", "list", "config", "auth"]);

export const pi: Agent = {
  id: "pi",
  title: "pi",
  commands: ["pi"],
  packages: ["@earendil-works/pi-coding-agent", "@mariozechner/pi-coding-agent"],
  tried: "1.5.2",
  use: "keepwarm run -- pi",
  switchesOff: [
    "Message threads (1.5.1 and later), which send only what is new: every request carries the whole conversation.",
  ],
  async destination({ env }) {
    const folder = env.PI_CODING_AGENT_DIR || join(env.HOME || homedir(), ".pi", "agent");
    const models = await readJsonFile(join(folder, "models.json"));
    return { upstream: textAt(models, ["providers", "anthropic", "baseUrl"]), basePath: "" };
  },
  async point({ args, baseUrl, temporaryDirectory }) {
    const [first] = args;
    if (first !== undefined && SUBCOMMANDS.has(first)) return { args, env: {}, notes: [] };
    const file = join(temporaryDirectory, "keepwarm-for-pi.mjs");
    await writeFile(file, extension(baseUrl), { mode: 0o600 });
    // What pi starts by itself reads the environment.
    return { args: ["-e", file, ...args], env: baseUrlVariables(baseUrl), notes: [] };
  },
};

function extension(baseUrl: string): string {
  return `// Written by keepwarm run, for this run alone.
export default function (pi) {
  pi.registerProvider("anthropic", { baseUrl: ${JSON.stringify(baseUrl)} });
  // The gateway takes this header out again. pi has had the event since 0.80.4.
  pi.on("before_provider_headers", (event, ctx) => {
    event.headers["x-keepwarm-conversation"] = ctx.sessionManager.getSessionId();
  });
}
`;
}
