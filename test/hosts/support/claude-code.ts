/** The real Claude Code, headless, in a home of its own and without the network. */
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { RecordedRequest } from "../../../src/emulator/index.ts";
import { isWarm } from "./conversation.ts";
import { program } from "./install.ts";
import { type Started, type StartOptions, start } from "./process.ts";

export const CLAUDE = program("claude");
/** Its thinking takes no budget, which would keep it from being warmed. */
export const MODEL = "claude-opus-5-5";

/** What a person's Claude Code has, and nothing of it outside `home`. */
export function claudeEnv(home: string): Record<string, string> {
  mkdirSync(join(home, "tmp"), { recursive: true });
  return {
    PATH: process.env.PATH ?? "",
    HOME: home,
    TMPDIR: join(home, "tmp"),
    ANTHROPIC_API_KEY: "sk-ant-api-any",
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    // What else it might ask for ends at a port where nobody listens.
    HTTPS_PROXY: "http://127.0.0.1:9",
    NO_PROXY: "127.0.0.1,localhost",
  };
}

export interface Claude extends Started {
  /** Sends a message, or a command, and resolves with its result's line when the turn is over. */
  say(text: string): Promise<string>;
  /** Its input ends, and with it its process. */
  quit(): Promise<void>;
}

export interface ClaudeOptions extends StartOptions {
  /** A command line that ends with Claude Code's own. @default none */
  readonly launcher?: readonly string[];
  readonly args?: readonly string[];
}

export function startClaude({ launcher = [], args = [], ...options }: ClaudeOptions): Claude {
  const [command = "", ...before] = [...launcher, CLAUDE];
  const format = ["--verbose", "--input-format", "stream-json", "--output-format", "stream-json"];
  const started = start(command, [...before, "-p", "--model", MODEL, ...format, ...args], {
    ...options,
    input: true,
  });
  return {
    ...started,
    async say(content) {
      const from = started.said().length;
      started.write(`${JSON.stringify({ type: "user", message: { role: "user", content } })}\n`);
      await started.says(/"type":"result".*\n/, from);
      return started.said().slice(from);
    },
    async quit() {
      started.endInput();
      await started.ended;
    },
  };
}

/** The sessions that were stored in a home, line by line. */
export function storedSessions(home: string): unknown[][] {
  const projects = join(home, ".claude", "projects");
  const files = readdirSync(projects, { recursive: true, encoding: "utf8" }).filter((name) =>
    /^[^/]+\/[0-9a-f-]{36}\.jsonl$/.test(name),
  );
  return files.map((file) =>
    readFileSync(join(projects, file), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line)),
  );
}

const IDS =
  /\b(?:toolu|msg|req)_[A-Za-z0-9]+|\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g;

/** A text in which every id has the name that its place among them gives it, and `home` is like any other. */
export function withoutPlaces(text: string, home: string): string {
  const names = new Map<string, string>();
  const nameOf = (id: string) => {
    const name =
      names.get(id) ??
      (id.includes("_")
        ? `${id.split("_")[0]}_${names.size}`
        : `00000000-0000-4000-8000-${String(names.size).padStart(12, "0")}`);
    names.set(id, name);
    return name;
  };
  // Where it keeps what belongs to a project, that project's path is a name with dashes.
  return text
    .replaceAll(home, "/home/ada")
    .replaceAll(home.replaceAll(/[^\w]/g, "-"), "-home-ada")
    .replace(IDS, nameOf);
}

export interface Sent {
  readonly home: string;
  readonly requests: readonly RecordedRequest[];
}

/** What the API was sent, without warms and what differs between any two runs. */
export function sentBy({ requests, home }: Sent): unknown {
  const bodies = requests.filter((request) => !isWarm(request)).map(({ body }) => JSON.parse(String(body)));
  const text = JSON.stringify(bodies, (key, value) => (key === "metadata" ? "…" : value));
  return JSON.parse(withoutPlaces(text, home));
}

interface Stored {
  readonly type: string;
  readonly message?: unknown;
  readonly attachment?: { readonly type: string };
}

/**
 * What was said in a stored session, without ids, times and places; what the cache held is left out. Beside it Claude
 * Code notes which hooks have run.
 */
export function saidIn(session: readonly unknown[], home: string): unknown {
  const said = (session as readonly Stored[]).filter(
    ({ type, attachment }) =>
      type === "user" ||
      type === "assistant" ||
      (attachment !== undefined && !attachment.type.startsWith("hook_")),
  );
  const text = JSON.stringify(
    said.map(({ type, message, attachment }) => ({ type, message, attachment })),
    (key, value) => (key === "usage" ? "…" : value),
  );
  return JSON.parse(withoutPlaces(text, home));
}
