/** Agents that take their base URL from their own settings alone. They are run as they are, once those name the gateway. */
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { type Agent, CannotPointError, type Environment } from "./agent.ts";

interface Described extends Pick<Agent, "id" | "title" | "commands" | "packages" | "tried"> {
  /** Why not from outside, as the end of a sentence. */
  readonly because: string;
  readonly settingsFile: (env: Environment) => string;
  /** What to write there; `basePath` is what goes behind the gateway's URL. */
  readonly key: string;
  readonly basePath: string;
}

/** Where a gateway listens when nobody chose another port. */
const USUAL_GATEWAY = "http://127.0.0.1:4777";

function byHand({ because, settingsFile, key, basePath, ...agent }: Described): Agent {
  return {
    ...agent,
    use: `in ${settingsFile({ HOME: "~" })} set ${key} to ${USUAL_GATEWAY}${basePath}, and run keepwarm start`,
    switchesOff: [],
    destination: async () => ({ upstream: null, basePath: "" }),
    async point({ args, env, baseUrl }) {
      const file = settingsFile(env);
      const { host, port, origin } = new URL(baseUrl);
      const settings = await readFile(file, "utf8").catch(() => "");
      if ([host, `localhost:${port}`].some((name) => settings.includes(name)))
        return { args, env: {}, notes: [] };
      throw new CannotPointError(
        `${agent.title} ${because}: in ${file} set ${key} to ${origin}${basePath}, then run it with or without keepwarm run`,
      );
    },
  };
}

const home = (env: Environment) => env.HOME || homedir();

export const cline = byHand({
  id: "cline",
  title: "Cline",
  commands: ["cline"],
  packages: ["cline"],
  tried: "3.0.65",
  because: "runs its sessions in a background hub, which takes its base URL from its settings alone",
  settingsFile: (env) =>
    env.CLINE_PROVIDER_SETTINGS_PATH || join(home(env), ".cline", "data", "settings", "providers.json"),
  key: "providers.anthropic.settings.baseUrl",
  basePath: "/v1",
});

export const openclaw = byHand({
  id: "openclaw",
  title: "OpenClaw",
  commands: ["openclaw"],
  packages: ["openclaw"],
  tried: "2026.9.6",
  because: "takes its base URL from its config file alone",
  settingsFile: (env) => env.OPENCLAW_CONFIG_PATH || join(home(env), ".openclaw", "openclaw.json"),
  key: "models.providers.anthropic.baseUrl",
  basePath: "",
});
