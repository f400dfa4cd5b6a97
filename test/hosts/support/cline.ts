/** The real Cline, headless, in a home of its own: it speaks the Agent Client Protocol, as editors do. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { program } from "./install.ts";
import { type Owner, start } from "./process.ts";

const MODEL = "claude-sonnet-4-5-20250929";

export interface ClineOptions {
  readonly home: string;
  /** Where it works: its prompt names it. */
  readonly cwd: string;
  /** The API's address, as its person writes it into Cline's settings. */
  readonly url: string;
  readonly test: Owner;
}

export interface Cline {
  /** Says something, and resolves when the turn is over. */
  say(text: string): Promise<void>;
  /** Ends its input, which is how its client quits. */
  quit(): Promise<void>;
  /** The conversation as Cline stored it. */
  stored(): unknown;
}

interface Answer {
  readonly result?: { readonly sessionId?: string; readonly stopReason?: string };
  readonly error?: { readonly message: string };
}

export async function startCline({ home, cwd, url, test }: ClineOptions): Promise<Cline> {
  const data = join(home, ".cline", "data");
  for (const folder of [join(data, "settings"), cwd]) mkdirSync(folder, { recursive: true });
  pointAt(url, join(data, "settings", "providers.json"));
  const cline = start(program("cline"), ["--acp", "--cwd", cwd], {
    env: {
      PATH: process.env.PATH ?? "",
      HOME: home,
      CLINE_PROVIDER: "anthropic",
      CLINE_MODEL: MODEL,
      CLINE_API_KEY: "sk-ant-api-any",
      CLINE_NO_AUTO_UPDATE: "1",
      // A hub of its own in the background would outlive the test.
      CLINE_SESSION_BACKEND_MODE: "local",
      // What else it might ask for ends at a port where nobody listens.
      HTTPS_PROXY: "http://127.0.0.1:9",
      NO_PROXY: "127.0.0.1,localhost",
    },
    cwd,
    test,
    input: true,
  });
  let asked = 0;
  let granted = 0;

  async function call(method: string, params: object): Promise<NonNullable<Answer["result"]>> {
    const id = ++asked;
    cline.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`);
    const [line] = await cline.says(
      new RegExp(`^\\{"jsonrpc":"2.0","id":${id},"(?:result|error)".*\\n`, "m"),
    );
    const { result, error }: Answer = JSON.parse(line);
    if (result === undefined) throw new Error(`Cline refused ${method}: ${error?.message}`);
    return result;
  }

  /** Lets it do what it asks for, as its person does. */
  function grant(): void {
    const asking = new RegExp(
      `^\\{"jsonrpc":"2.0","id":${granted},"method":"session/request_permission".*\\n`,
      "m",
    );
    const [line] = asking.exec(cline.said()) ?? [];
    if (line === undefined) return;
    const { options } = JSON.parse(line).params;
    const { optionId } = options.find(({ kind }: { kind: string }) => kind === "allow_once");
    const result = { outcome: { outcome: "selected", optionId } };
    cline.write(`${JSON.stringify({ jsonrpc: "2.0", id: granted, result })}\n`);
    granted += 1;
    grant();
  }

  await call("initialize", { protocolVersion: 1, clientCapabilities: {} });
  const { sessionId = "" } = await call("session/new", { cwd, mcpServers: [] });
  cline.heard(grant);
  return {
    async say(text) {
      const { stopReason } = await call("session/prompt", { sessionId, prompt: [{ type: "text", text }] });
      if (stopReason !== "end_turn") throw new Error(`the turn ended with ${stopReason}`);
    },
    async quit() {
      cline.endInput();
      await cline.end();
    },
    stored() {
      const [session = ""] = readdirSync(join(data, "sessions"));
      return JSON.parse(readFileSync(join(data, "sessions", session, `${session}.messages.json`), "utf8"));
    },
  };
}

/** What its person does by hand (docs/agents.md). */
function pointAt(url: string, file: string): void {
  const settings = { provider: "anthropic", apiKey: "sk-ant-api-any", model: MODEL, baseUrl: `${url}/v1` };
  const anthropic = { settings, updatedAt: "2026-01-01T00:00:00.000Z", tokenSource: "manual" };
  writeFileSync(
    file,
    JSON.stringify({ version: 1, lastUsedProvider: "anthropic", providers: { anthropic } }),
  );
}

/** Without what differs between any two runs, and without what the cache held. */
export function normalisedCline(stored: unknown): unknown {
  const names = new Map<string, string>();
  const leftOut = new Set(["ts", "updated_at", "metrics", "sessionId"]);
  const text = JSON.stringify(stored, (key, value) => {
    if (leftOut.has(key)) return "…";
    if ((key === "id" || key === "tool_use_id") && typeof value === "string") {
      const name = names.get(value) ?? `id-${names.size}`;
      names.set(value, name);
      return name;
    }
    return value;
  });
  return JSON.parse(text);
}
