/** The real OpenClaw's gateway, headless, in a home of its own, and a client of it. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { buildHost, folderOf, HOST_BUNDLES } from "../../../scripts/host-bundles.ts";
import { freePort } from "../../support/free-port.ts";
import { FOLDER } from "./install.ts";
import { type Owner, type Started, start } from "./process.ts";

export const OPENCLAW = join(FOLDER, "node_modules", "openclaw", "openclaw.mjs");
export const OPENCLAW_MODEL = "claude-opus-5-5";

/** How long its gateway may take until it serves, in ms, on a machine that has other things to do. */
const STARTING_MS = 240_000;

/** The built plugin, as `keepwarm install openclaw` names it to OpenClaw. */
export async function builtPlugin(): Promise<string> {
  const bundle = HOST_BUNDLES.find(({ host }) => host === "openclaw");
  if (bundle === undefined) throw new Error("there is no bundle for OpenClaw");
  await buildHost(bundle);
  return resolve(folderOf(bundle));
}

export interface OpenClawOptions {
  readonly home: string;
  /** The API's address. */
  readonly url: string;
  readonly test: Owner;
  /** Folders of plugins, by their ids. */
  readonly plugins: Readonly<Record<string, string>>;
  /** Of its settings of tools. */
  readonly tools?: object;
  readonly env?: Readonly<Record<string, string>>;
}

export interface OpenClaw extends Started {
  call(method: string, params: object): Promise<unknown>;
  /** Says something, and resolves with what is answered. */
  say(message: string): Promise<string>;
  /** All that OpenClaw has stored of the conversation. */
  history(): Promise<unknown>;
  /** Resolves with how long its end took, in ms. */
  quit(): Promise<number>;
}

export const SESSION_KEY = "agent:main:main";

export function settingsFile(home: string): string {
  return join(home, ".openclaw", "openclaw.json");
}

/** As its person has set it up, without keepwarm. */
export function writeSettings({
  home,
  url,
  plugins,
  tools = {},
}: Omit<OpenClawOptions, "test" | "env">): void {
  const model = {
    id: OPENCLAW_MODEL,
    name: "Opus",
    reasoning: true,
    input: ["text"],
    contextWindow: 1_000_000,
    maxTokens: 128_000,
    cost: { input: 4, output: 20, cacheRead: 0.2, cacheWrite: 5 },
  };
  const anthropic = { baseUrl: url, api: "anthropic-messages", apiKey: "sk-ant-api-any", models: [model] };
  const entry = { enabled: true, hooks: { allowConversationAccess: true } };
  const settings = {
    gateway: { mode: "local", bind: "loopback", auth: { mode: "none" } },
    models: { providers: { anthropic } },
    agents: {
      defaults: {
        model: { primary: `anthropic/${OPENCLAW_MODEL}` },
        // No heartbeats but those that a test asks for.
        heartbeat: { every: "0m" },
        skipBootstrap: true,
        workspace: join(home, "workspace"),
      },
    },
    tools: { codeMode: false, exec: { security: "full", ask: "off" }, ...tools },
    plugins: {
      load: { paths: Object.values(plugins) },
      entries: Object.fromEntries(Object.keys(plugins).map((id) => [id, entry])),
    },
  };
  mkdirSync(join(home, ".openclaw"), { recursive: true });
  writeFileSync(settingsFile(home), JSON.stringify(settings, null, 2));
}

const runs = new Map<string, number>();

/** OpenClaw answers one that it has had before with what it answered then, after a new start as well. */
function nextRunIn(home: string): string {
  const run = (runs.get(home) ?? 0) + 1;
  runs.set(home, run);
  return `run-${run}`;
}

/** One after the other: each takes a processor until it serves, which would make the others' warms late. */
let starting: Promise<unknown> = Promise.resolve();

export function startOpenClaw(options: OpenClawOptions): Promise<OpenClaw> {
  const started = starting.then(() => startNow(options));
  starting = started.catch(() => {});
  return started;
}

async function startNow({ env = {}, ...options }: OpenClawOptions): Promise<OpenClaw> {
  const { home, test } = options;
  if (!existsSync(settingsFile(home))) writeSettings(options);
  const port = await freePort();
  const started = start(process.execPath, [OPENCLAW, "gateway", "run", "--port", String(port)], {
    cwd: home,
    test,
    env: {
      PATH: process.env.PATH ?? "",
      HOME: home,
      TZ: "UTC",
      OPENCLAW_DISABLE_BONJOUR: "1",
      OPENCLAW_SKIP_CHANNELS: "1",
      KEEPWARM_HOME: join(home, "keepwarm"),
      ...env,
    },
  });
  const client = await connected(port, started);
  test.onTestFinished(() => client.close());
  return {
    ...started,
    call: client.call,
    async say(message) {
      const runId = nextRunIn(home);
      const [answer] = await Promise.all([
        client.answered(runId),
        client.call("chat.send", { sessionKey: SESSION_KEY, message, idempotencyKey: runId }),
      ]);
      return answer;
    },
    history: () => client.call("chat.history", { sessionKey: SESSION_KEY, limit: 200 }),
    async quit() {
      const from = performance.now();
      await started.end();
      return performance.now() - from;
    },
  };
}

interface Client {
  call(method: string, params: object): Promise<unknown>;
  /** The answer of a run, once it is complete. */
  answered(runId: string): Promise<string>;
  close(): void;
}

interface Frame {
  readonly type: "event" | "res";
  readonly event?: string;
  readonly id?: string;
  readonly ok?: boolean;
  readonly error?: unknown;
  readonly payload?: {
    readonly runId?: string;
    readonly state?: string;
    readonly message?: { readonly content?: readonly { readonly text?: string }[] };
  };
}

const HELLO = {
  minProtocol: 4,
  maxProtocol: 4,
  client: { id: "gateway-client", version: "1", platform: "linux", mode: "backend" },
  role: "operator",
  scopes: ["operator.admin", "operator.read", "operator.write"],
  caps: [],
};

/** It accepts connections before it serves them. */
async function connected(port: number, { ended, said }: Started): Promise<Client> {
  const from = performance.now();
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  while (performance.now() - from < STARTING_MS && !isOver) {
    const client = await connect(port).catch(() => null);
    if (client !== null) return client;
    await wait(300);
  }
  throw new Error(`OpenClaw's gateway does not serve: ${said()}`);
}

async function connect(port: number): Promise<Client> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`);
  const asked = new Map<string, { resolve(payload: unknown): void; reject(error: Error): void }>();
  const runs = new Map<string, { resolve(text: string): void; reject(error: Error): void }>();
  let challenged = () => {};
  const challenge = new Promise<void>((resolve, reject) => {
    challenged = resolve;
    for (const type of ["error", "close"]) {
      socket.addEventListener(type, () => {
        const error = new Error("the connection is gone");
        reject(error);
        for (const one of [...asked.values(), ...runs.values()]) one.reject(error);
      });
    }
  });
  let last = 0;

  socket.addEventListener("message", ({ data }) => {
    const frame: Frame = JSON.parse(String(data));
    if (frame.event === "connect.challenge") challenged();
    if (frame.type === "res") {
      const one = asked.get(frame.id ?? "");
      if (frame.ok === true) one?.resolve(frame.payload);
      else one?.reject(new Error(JSON.stringify(frame.error)));
    }
    const { runId = "", state = "", message } = frame.payload ?? {};
    if (frame.event !== "chat") return;
    if (state === "final")
      runs.get(runId)?.resolve(message?.content?.map(({ text = "" }) => text).join("") ?? "");
    if (state === "error" || state === "aborted")
      runs.get(runId)?.reject(new Error(`the turn ended: ${data}`));
  });

  const call = (method: string, params: object) =>
    new Promise<unknown>((resolve, reject) => {
      const id = String(++last);
      asked.set(id, { resolve, reject });
      socket.send(JSON.stringify({ type: "req", id, method, params }));
    });
  try {
    await challenge;
    await call("connect", HELLO);
  } catch (error) {
    socket.close();
    throw error;
  }
  return {
    call,
    answered: (runId) => new Promise((resolve, reject) => runs.set(runId, { resolve, reject })),
    close: () => socket.close(),
  };
}
