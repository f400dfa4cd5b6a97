/** `keepwarm start` and the other commands as a person runs them, before an emulator whose time is scaled. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import Anthropic from "@anthropic-ai/sdk";
import { onTestFinished } from "vitest";
import { createEmulator, type EmulatorOptions } from "../../src/emulator/index.ts";
import { API_KEY, Talk, text } from "../hosts/sdk/world.ts";

/** How long an entry of five minutes lives here, in ms. */
export const TTL_MS = 4_000;

const CLI = resolve("src/cli.ts");

export interface Running {
  readonly child: ChildProcess;
  readonly url: string;
  readonly client: Anthropic;
  /** What it said so far. */
  readonly stdout: string;
  readonly stderr: string;
  /** Resolves with its exit code, or the signal that ended it. */
  readonly exited: Promise<number | string>;
  talk(conversationId: string): Talk;
}

export interface StartOptions {
  readonly args?: readonly string[];
  /** Of node itself. */
  readonly nodeArgs?: readonly string[];
  /** Said to a shell before the gateway takes its place. */
  readonly shell?: string;
  readonly upstream?: string;
}

export async function setUp(emulated: EmulatorOptions = {}) {
  const home = mkdtempSync(join(tmpdir(), "keepwarm-chaos-"));
  const emulator = createEmulator({ ttl5mMs: TTL_MS, ...emulated });
  const { url: emulatorUrl } = await emulator.listen();
  const children = new Set<ChildProcess>();
  const outside = Object.entries(process.env).filter(([name]) => !/^(KEEPWARM_.*|NODE_OPTIONS)$/.test(name));
  const env = {
    ...Object.fromEntries(outside),
    KEEPWARM_HOME: home,
    KEEPWARM_KEEP_WARM: "always",
    NO_COLOR: "1",
  };
  onTestFinished(async () => {
    for (const child of children) child.kill("SIGKILL");
    await emulator.close();
    rmSync(home, { recursive: true, force: true });
  });

  async function start({
    args = [],
    nodeArgs = [],
    shell,
    upstream = emulatorUrl,
  }: StartOptions = {}): Promise<Running> {
    const own = [
      "start",
      "--port",
      "0",
      "--console-port",
      "0",
      "--upstream",
      upstream,
      "--ttl-5m",
      `${TTL_MS}ms`,
    ];
    const words = [process.execPath, ...nodeArgs, CLI, ...own, ...args];
    const child =
      shell === undefined
        ? spawn(words[0] ?? "", words.slice(1), { env, cwd: home })
        : spawn("bash", ["-c", `${shell}; exec "$@"`, "bash", ...words], { env, cwd: home });
    children.add(child);
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk) => (stdout += chunk));
    child.stderr.on("data", (chunk) => (stderr += chunk));
    const exited = new Promise<number | string>((resolve) =>
      child.on("exit", (code, signal) => resolve(code ?? signal ?? "?")),
    );
    const url = await new Promise<string>((resolve, reject) => {
      child.stdout.on("data", () => {
        const found = /gateway: (http:\S+)/.exec(stdout)?.[1];
        if (found !== undefined) resolve(found);
      });
      void exited.then(() => reject(new Error(`it did not start: ${stderr}`)));
    });
    const client = new Anthropic({ baseURL: url, apiKey: API_KEY, authToken: null, maxRetries: 0 });
    return {
      child,
      url,
      client,
      exited,
      get stdout() {
        return stdout;
      },
      get stderr() {
        return stderr;
      },
      talk: (conversationId) => new Talk(client, text(`handbook of ${conversationId}`), conversationId),
    };
  }

  async function keepwarm(...args: string[]) {
    try {
      const done = await promisify(execFile)(process.execPath, [CLI, ...args], { env, cwd: home });
      return { code: 0, ...done };
    } catch (error) {
      return error as { code: number; stdout: string; stderr: string };
    }
  }

  const warms = () => emulator.requests.filter(({ maxTokens }) => maxTokens !== null && maxTokens <= 1);
  /** Everything that stands in the state directory. */
  const files = () =>
    readdirSync(home, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name, parentPath }) => [name, readFileSync(join(parentPath, name))] as const);
  return { home, emulator, emulatorUrl, start, keepwarm, warms, files };
}
