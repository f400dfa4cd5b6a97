/** The real pi, headless, in a home of its own: it takes commands as JSON lines. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { buildHost, folderOf, HOST_BUNDLES } from "../../../scripts/host-bundles.ts";
import type { RecordedRequest } from "../../../src/emulator/index.ts";
import { isWarm } from "./conversation.ts";
import { FOLDER } from "./install.ts";
import { PI_WITH_THREADS } from "./install-pi.ts";
import { type Owner, type Started, start } from "./process.ts";

export const PI_MODEL = "claude-opus-5-5";

/** What Node is to run, by version. */
export const PIS = {
  "0.87.1": join(FOLDER, "node_modules", "@earendil-works", "pi-coding-agent", "dist", "cli.js"),
  "1.5.2": PI_WITH_THREADS,
} as const;
export type PiVersion = keyof typeof PIS;

/** The built extension, as `keepwarm install pi` names it to pi. */
export async function builtPlugin(): Promise<string> {
  const bundle = HOST_BUNDLES.find(({ host }) => host === "pi");
  if (bundle === undefined) throw new Error("there is no bundle for pi");
  await buildHost(bundle);
  return resolve(folderOf(bundle));
}

export interface PiOptions {
  readonly version: PiVersion;
  readonly home: string;
  /** The API's address. */
  readonly url: string;
  readonly test: Owner;
  /** Of its person's `settings.json`. */
  readonly settings?: object;
  /** Of its model, in `models.json`. */
  readonly model?: object;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
}

export interface Pi extends Started {
  command(command: object): void;
  /** Says something, and resolves when the agent has settled. */
  say(message: string): Promise<void>;
  /** One of our own commands: resolves with what its person is told. */
  ask(message: string): Promise<string>;
  /** Ends its input, which is how its client quits. Resolves with how long it took, in ms. */
  quit(): Promise<number>;
}

export function startPi({
  version,
  home,
  url,
  test,
  settings = {},
  model,
  env = {},
  args = [],
}: PiOptions): Pi {
  const agent = join(home, "agent");
  const project = join(home, "project");
  for (const folder of [agent, project]) mkdirSync(folder, { recursive: true });
  const overrides = model === undefined ? {} : { modelOverrides: { [PI_MODEL]: model } };
  const models = { providers: { anthropic: { baseUrl: url, ...overrides } } };
  writeFileSync(join(agent, "models.json"), JSON.stringify(models));
  writeFileSync(join(agent, "settings.json"), JSON.stringify(settings));
  const command = [PIS[version], "--mode", "rpc", "--provider", "anthropic", "--model", PI_MODEL, ...args];
  const started = start(process.execPath, command, {
    cwd: project,
    test,
    input: true,
    env: {
      PATH: process.env.PATH ?? "",
      HOME: home,
      PI_CODING_AGENT_DIR: agent,
      PI_OFFLINE: "1",
      ANTHROPIC_API_KEY: "sk-ant-api-any",
      KEEPWARM_HOME: join(home, "keepwarm"),
      ...env,
    },
  });
  const tell = (line: object) => started.write(`${JSON.stringify(line)}\n`);
  const after = async (pattern: RegExp, line: object) => {
    const from = started.said().length;
    tell(line);
    return started.says(pattern, from);
  };
  return {
    ...started,
    command: tell,
    async say(message) {
      await after(/"type":"agent_settled"/, { type: "prompt", message });
    },
    async ask(message) {
      const [line] = await after(/^.*"method":"notify".*\n/m, { type: "prompt", message });
      return JSON.parse(line).message;
    },
    async quit() {
      const from = performance.now();
      started.endInput();
      await started.ended;
      return performance.now() - from;
    },
  };
}

/** All sessions that pi has stored, one list of entries each, the oldest first. */
export function storedSessions(home: string): object[][] {
  const folder = join(home, "agent", "sessions");
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return files
    .filter((name) => name.endsWith(".jsonl"))
    .toSorted((a, b) => a.slice(-80).localeCompare(b.slice(-80)))
    .map((name) =>
      readFileSync(join(folder, name), "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
    );
}

/** One session as it is stored, without what differs between any two runs, and without our own entries. */
export function normalisedSession(entries: readonly object[], { usage }: { usage: boolean }): unknown {
  const parents = new Map<unknown, unknown>();
  const kept: object[] = [];
  for (const entry of entries) {
    const id = Reflect.get(entry, "id");
    if (Reflect.get(entry, "customType") === "keepwarm") parents.set(id, Reflect.get(entry, "parentId"));
    else kept.push(entry);
  }
  const names = new Map<string, string>();
  const nameOf = (id: string) => {
    const name = names.get(id) ?? `id-${names.size}`;
    names.set(id, name);
    return name;
  };
  const text = JSON.stringify(kept, (key, value) => {
    if (key === "parentId") {
      let parent: unknown = value;
      while (parents.has(parent)) parent = parents.get(parent);
      return typeof parent === "string" ? nameOf(parent) : parent;
    }
    if (key === "id" || key === "responseId" || key === "toolCallId") return nameOf(String(value));
    if (key === "timestamp" || key === "durationMs" || key === "cwd") return "…";
    if (key === "usage" && !usage) return "…";
    return value;
  });
  return JSON.parse(text);
}

/** What pi sent of its conversation, without what differs between any two runs. */
export function normalisedRequests(requests: readonly RecordedRequest[], home: string): string[] {
  const names = new Map<string, string>();
  const nameOf = (id: string) => {
    const name = names.get(id) ?? `id-${names.size}`;
    names.set(id, name);
    return name;
  };
  return requests
    .filter((request) => !isWarm(request))
    .map(({ body }) =>
      Buffer.from(body)
        .toString()
        .replaceAll(home, "/home")
        .replace(/toolu_\w+/g, nameOf),
    );
}
