/** The real OpenCode, headless, in a home of its own and without the network. */
import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, vi } from "vitest";
import { program } from "./install.ts";
import { type Started, type StartOptions, start } from "./process.ts";

export const OPENCODE = program("opencode");
/** Known to OpenCode's own catalogue. */
export const MODEL = { providerID: "anthropic", modelID: "claude-sonnet-4-5" };

/** What a person's OpenCode has, and nothing of it outside `home`. */
export function openCodeEnv(home: string): Record<string, string> {
  const env = {
    PATH: process.env.PATH ?? "",
    HOME: home,
    XDG_CONFIG_HOME: join(home, "config"),
    XDG_DATA_HOME: join(home, "data"),
    XDG_STATE_HOME: join(home, "state"),
    XDG_CACHE_HOME: join(home, "cache"),
    TMPDIR: join(home, "tmp"),
    ANTHROPIC_API_KEY: "sk-ant-api-any",
    OPENCODE_DISABLE_AUTOUPDATE: "1",
    OPENCODE_DISABLE_MODELS_FETCH: "1",
    OPENCODE_DISABLE_SHARE: "1",
    OPENCODE_DISABLE_LSP_DOWNLOAD: "1",
    OPENCODE_DISABLE_DEFAULT_PLUGINS: "1",
    OPENCODE_PERMISSION: '"allow"',
    // What else it might ask for ends at a port where nobody listens.
    HTTPS_PROXY: "http://127.0.0.1:9",
    NO_PROXY: "127.0.0.1,localhost",
  };
  mkdirSync(env.TMPDIR, { recursive: true });
  mkdirSync(join(env.XDG_CONFIG_HOME, "opencode"), { recursive: true });
  writeFileSync(
    join(env.XDG_CONFIG_HOME, "opencode", "opencode.json"),
    JSON.stringify({ share: "disabled", autoupdate: false }),
  );
  startedBefore(join(env.XDG_CONFIG_HOME, "opencode"));
  return env;
}

/** As after a start with a network: a first one with a plugin would wait a minute for a package that it never gets. */
function startedBefore(folder: string): void {
  mkdirSync(join(folder, "node_modules"));
  const lock = { packages: { "": { dependencies: { "@opencode-ai/plugin": "*" } } } };
  writeFileSync(join(folder, "package-lock.json"), JSON.stringify(lock));
}

/** What points OpenCode at `url` without `keepwarm run`. */
export function pointedAt(url: string): Record<string, string> {
  const config = { provider: { anthropic: { options: { baseURL: `${url}/v1` } } } };
  return { OPENCODE_CONFIG_CONTENT: JSON.stringify(config) };
}

const PATIENCE = { timeout: 60_000, interval: 100 };

export interface OpenCodeServer {
  readonly process: Started;
  readonly url: string;
  newSession(): Promise<string>;
  /** Whatever else it can be asked. */
  post(path: string, body: unknown): Promise<unknown>;
  /** Sends a message and resolves when its turn is over. */
  say(session: string, text: string): Promise<void>;
  /** Resolves once a session has the title that is asked for beside its first turn. */
  titled(session: string): Promise<void>;
}

/** `opencode serve`, by a command line that ends with OpenCode's own. */
export async function serve(launcher: readonly string[], options: StartOptions): Promise<OpenCodeServer> {
  const [command = "", ...args] = [...launcher, OPENCODE, "serve", "--hostname", "127.0.0.1", "--port", "0"];
  const process = start(command, args, options);
  const [, url = ""] = await process.says(/listening on (http:\/\/\S+)/);
  const post = async (path: string, body: unknown) => {
    const answer = await fetch(`${url}${path}`, {
      method: "POST",
      // Servers come and go at the same port: a connection that is kept may be one to the last.
      headers: { "content-type": "application/json", connection: "close" },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`OpenCode answered ${answer.status}: ${text}`);
    return JSON.parse(text);
  };
  const titleOf = async (session: string): Promise<string> => {
    const answer = await fetch(`${url}/session/${session}`, { headers: { connection: "close" } });
    return JSON.parse(await answer.text()).title;
  };
  return {
    process,
    url,
    post,
    newSession: async () => (await post("/session", {})).id,
    async say(session, text) {
      const { info } = await post(`/session/${session}/message`, {
        model: MODEL,
        parts: [{ type: "text", text }],
      });
      if (info.error) throw new Error(`the turn failed: ${JSON.stringify(info.error)}`);
    },
    titled: (session) =>
      vi.waitFor(async () => expect(await titleOf(session)).not.toMatch(/^New session/), PATIENCE),
  };
}

/** One turn by `opencode run`, a process a turn. Resolves with the session's id. */
export async function runTurn(
  text: string,
  options: StartOptions & { readonly session?: string },
): Promise<string> {
  const { session } = options;
  const args = ["run", "--format", "json", "-m", `${MODEL.providerID}/${MODEL.modelID}`];
  const started = start(
    OPENCODE,
    [...args, ...(session === undefined ? [] : ["--session", session]), text],
    options,
  );
  const code = await started.ended;
  const id = /"sessionID":"(ses_\w+)"/.exec(started.said())?.[1];
  if (code !== 0 || id === undefined) throw new Error(`opencode run ended with ${code}: ${started.said()}`);
  return id;
}

/** The conversation as OpenCode stored it, as `opencode export` prints it. */
export async function exported(
  session: string,
  options: Pick<StartOptions, "env" | "cwd">,
): Promise<unknown> {
  const { stdout } = await promisify(execFile)(OPENCODE, ["export", session], options);
  return JSON.parse(stdout);
}
