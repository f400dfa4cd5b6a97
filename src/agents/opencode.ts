/**
 * OpenCode. It merges OPENCODE_CONFIG_CONTENT over its config files, so one entry there points it anywhere.
 * Its base URL ends with `/v1`, as the AI SDK takes it.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { applyEdits, modify, type ParseError, parse } from "jsonc-parser";
import { type Agent, CannotPointError, type Destination, type Invocation } from "./agent.ts";
import { baseUrlIn } from "./any-program.ts";
import { textAt } from "./json-file.ts";

const CONFIG = "OPENCODE_CONFIG_CONTENT";
const BASE_URL = ["provider", "anthropic", "options", "baseURL"];
/** How long it may take to say what its configuration is, in ms. */
const PATIENCE_MS = 5_000;
const MAX_CONFIG_BYTES = 16_000_000;

export const opencode: Agent = {
  id: "opencode",
  title: "OpenCode",
  commands: ["opencode"],
  packages: ["opencode-ai"],
  tried: "1.18.33",
  use: "keepwarm run -- opencode",
  switchesOff: [],
  destination,
  async point({ args, env, baseUrl }) {
    return { args, env: { [CONFIG]: pointed(env[CONFIG] || "{}", baseUrl) }, notes: [] };
  },
};

/** The person's configuration with another base URL; all else stays as it was written. */
function pointed(content: string, baseUrl: string): string {
  const errors: ParseError[] = [];
  const config: unknown = parse(content, errors, { allowTrailingComma: true });
  if (errors.length > 0 || typeof config !== "object" || config === null || Array.isArray(config)) {
    throw new CannotPointError(`${CONFIG} in the environment is no JSON object: correct it, or unset it`);
  }
  return applyEdits(content, modify(content, BASE_URL, baseUrl, {}));
}

async function destination(invocation: Invocation): Promise<Destination> {
  const config = await configInForce(invocation);
  const own = textAt(config, BASE_URL) ?? baseUrlIn(invocation.env);
  const note =
    config === null
      ? {
          note: "OpenCode did not say in time which base URL its config files set; they are taken to set none",
        }
      : {};
  if (own === null) return { upstream: null, basePath: "/v1", ...note };
  const bare = own.replace(/\/+$/, "");
  // What a proxy takes directly below its base URL must arrive there without /v1.
  return bare.endsWith("/v1")
    ? { upstream: bare.slice(0, -"/v1".length), basePath: "/v1", ...note }
    : { upstream: bare, basePath: "", ...note };
}

/** Asks OpenCode itself, which alone knows where all its configuration comes from. Null: it did not say. */
async function configInForce({ command, leading, env, directory }: Invocation): Promise<unknown> {
  try {
    const { stdout } = await promisify(execFile)(command, [...leading, "debug", "config"], {
      cwd: directory,
      // Without plugins, which it would install first.
      env: { ...env, OPENCODE_PURE: "1" },
      timeout: PATIENCE_MS,
      maxBuffer: MAX_CONFIG_BYTES,
    });
    return JSON.parse(stdout);
  } catch {
    return null;
  }
}
