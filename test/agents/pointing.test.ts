import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { claudeCodeUnder } from "../../src/agents/claude-code.ts";
import { AGENTS, type Agent, anyProgram, CannotPointError } from "../../src/agents/index.ts";

const GATEWAY = "http://127.0.0.1:4777/~keepwarm/run/r1";

/** An agent on a machine of its own. `stub` is a program that stands in for the agent's. */
function agentOn(id: string, { args = [] as string[], env = {}, stub = "" } = {}) {
  const home = mkdtempSync(join(tmpdir(), "keepwarm-agent-"));
  onTestFinished(() => rmSync(home, { recursive: true }));
  const directory = join(home, "project", "deep");
  const temporaryDirectory = join(home, "run");
  mkdirSync(directory, { recursive: true });
  mkdirSync(temporaryDirectory);
  const script = join(home, "stub.mjs");
  writeFileSync(script, stub);
  const agent = [...AGENTS, anyProgram].find((known) => known.id === id) as Agent;
  const invocation = {
    command: process.execPath,
    leading: [script],
    args,
    env: { HOME: home, PATH: process.env.PATH, ...env },
    directory,
  };
  return {
    home,
    directory,
    temporaryDirectory,
    write(path: string, content: unknown) {
      const file = join(home, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
      return file;
    },
    destination: () => agent.destination(invocation),
    async point(baseUrl = GATEWAY) {
      const { upstream } = await agent.destination(invocation);
      return agent.point({ ...invocation, upstream, baseUrl, temporaryDirectory });
    },
  };
}

const baseUrl = (url: string) => ({ env: { ANTHROPIC_BASE_URL: url } });

describe("any program", () => {
  it("is told by the variables that SDKs and litellm read", async () => {
    const { point } = agentOn("any", { args: ["hi"] });
    expect(await point()).toMatchObject({
      args: ["hi"],
      env: { ANTHROPIC_BASE_URL: GATEWAY, ANTHROPIC_API_BASE: GATEWAY },
      notes: [],
    });
  });

  it.each([
    [{}, null],
    [{ ANTHROPIC_BASE_URL: "" }, null],
    [{ ANTHROPIC_BASE_URL: "https://a.example" }, "https://a.example"],
    [{ ANTHROPIC_API_BASE: "https://b.example" }, "https://b.example"],
  ])("goes where its environment says: %o", async (env, upstream) => {
    expect(await agentOn("any", { env }).destination()).toEqual({ upstream, basePath: "" });
  });
});

describe("Claude Code", () => {
  it("is told by the environment, and its arguments stay as they are", async () => {
    const { point } = agentOn("claude-code", { args: ["-p", "hi"] });
    const { args, env, notes } = await point();
    expect({ args, url: env.ANTHROPIC_BASE_URL, notes }).toEqual({
      args: ["-p", "hi"],
      url: GATEWAY,
      notes: [],
    });
  });

  it.each([
    [".claude/settings.json"],
    ["project/deep/.claude/settings.json"],
    ["project/deep/.claude/settings.local.json"],
    ["project/.claude/settings.local.json"],
  ])("is told by --settings where %s names a base URL, which then is the upstream", async (path) => {
    const { write, destination, point } = agentOn("claude-code", {
      args: ["-p", "hi"],
      env: { ANTHROPIC_BASE_URL: "https://beaten.example" },
    });
    write("project/.git/HEAD", "");
    write(path, baseUrl("https://company.example"));
    expect(await destination()).toEqual({ upstream: "https://company.example", basePath: "" });
    expect((await point()).args).toEqual([`--settings=${JSON.stringify(baseUrl(GATEWAY))}`, "-p", "hi"]);
  });

  it("reads the settings of a folder that CLAUDE_CONFIG_DIR names instead of the home's", async () => {
    const { write, home, destination } = agentOn("claude-code");
    write(".claude/settings.json", baseUrl("https://home.example"));
    expect(await destination()).toMatchObject({ upstream: "https://home.example" });
    const other = agentOn("claude-code", { env: { CLAUDE_CONFIG_DIR: join(home, "elsewhere") } });
    expect(await other.destination()).toMatchObject({ upstream: null });
  });

  it.each([["inline"], ["file"], ["="]])("keeps what the person's own --settings says (%s)", async (how) => {
    const settings = { model: "opus", env: { A: "1", ANTHROPIC_BASE_URL: "https://company.example" } };
    const { write, directory } = agentOn("claude-code");
    const file = write("project/deep/my.json", settings);
    const args = {
      inline: ["--settings", JSON.stringify(settings), "hi"],
      file: ["--settings", file, "hi"],
      "=": [`--settings=${JSON.stringify(settings)}`, "hi"],
    }[how];
    const { destination, point } = agentOn("claude-code", { args: args ?? [] });
    expect(existsSync(directory)).toBe(true);
    expect(await destination()).toMatchObject({ upstream: "https://company.example" });
    const [ours = "", ...rest] = (await point()).args;
    expect(JSON.parse(ours.replace("--settings=", ""))).toEqual({
      model: "opus",
      env: { A: "1", ANTHROPIC_BASE_URL: GATEWAY },
    });
    expect(rest).toEqual(["hi"]);
  });

  it.each(["managed.json", "managed-settings.d/20-proxy.json"])(
    "is not started where an organisation's own file names a base URL, which nothing beats (%s)",
    async (name) => {
      const { write, home, directory } = agentOn("claude-code");
      write(name, baseUrl("https://company.example"));
      const managed = claudeCodeUnder(join(home, "managed.json"));
      const invocation = { command: "claude", leading: [], args: [], env: { HOME: home }, directory };
      await expect(
        managed.point({ ...invocation, upstream: null, baseUrl: GATEWAY, temporaryDirectory: home }),
      ).rejects.toThrow(`${name} sets ANTHROPIC_BASE_URL`);
    },
  );

  it.each(["claude-code", "any"])(
    "has hooks and /warm for this run alone, after plugins of its own (%s)",
    async (id) => {
      const { point, temporaryDirectory } = agentOn(id, { env: { CLAUDE_CODE_PLUGIN_DIRS: "/mine" } });
      const [mine, ...ours] = (await point()).env.CLAUDE_CODE_PLUGIN_DIRS?.split(delimiter) ?? [];
      expect(mine).toBe("/mine");
      expect(ours.map(dirname)).toEqual([temporaryDirectory, temporaryDirectory]);
      const [hooks = "", command = ""] = ours.map((folder) => {
        const name = join(folder, "hooks", "hooks.json");
        expect(statSync(name).mode & 0o777).toBe(0o600);
        return readFileSync(name, "utf8");
      });
      const url = `${GATEWAY}/~keepwarm/hooks`;
      for (const [{ hooks: list }] of Object.values<[{ hooks: unknown[] }]>(JSON.parse(hooks).hooks)) {
        expect(list).toEqual([{ type: "http", url, timeout: 2 }]);
      }
      expect(JSON.parse(command)).toEqual({ modules: ["./register.ts"] });
      expect(readFileSync(join(ours[1] ?? "", "hooks", "register.ts"), "utf8")).toContain(
        JSON.stringify(url),
      );
    },
  );

  it.each(["managed.json", "managed-settings.d/50-plugins.json"])(
    "has neither where an organisation forbids plugins from outside, because it would not start (%s)",
    async (name) => {
      const { write, home, directory } = agentOn("claude-code");
      write(name, { disableSideloadFlags: true });
      const invocation = { command: "claude", leading: [], args: [], env: { HOME: home }, directory };
      const { env } = await claudeCodeUnder(join(home, "managed.json")).point({
        ...invocation,
        upstream: null,
        baseUrl: GATEWAY,
        temporaryDirectory: home,
      });
      expect(env).not.toHaveProperty("CLAUDE_CODE_PLUGIN_DIRS");
    },
  );

  it("says when it goes to another provider, past the gateway", async () => {
    const { point } = agentOn("claude-code", { env: { CLAUDE_CODE_USE_BEDROCK: "1" } });
    expect((await point()).notes).toEqual([
      "CLAUDE_CODE_USE_BEDROCK is set: Claude Code sends its requests there, and past keepwarm",
    ]);
  });
});

describe("OpenCode", () => {
  /** Says that this is its configuration, if it is asked without its plugins. */
  const saying = (config: unknown) => `
    const asked = process.argv.slice(2).join(" ") === "debug config" && process.env.OPENCODE_PURE === "1";
    console.log(asked ? ${JSON.stringify(JSON.stringify(config))} : "what?");`;
  const configured = (url: string) => ({ provider: { anthropic: { options: { baseURL: url } } } });

  it("is told by OPENCODE_CONFIG_CONTENT, with /v1 as it takes it", async () => {
    const { destination, point } = agentOn("opencode", { args: ["run"], stub: saying({}) });
    const { upstream, basePath } = await destination();
    expect({ upstream, basePath }).toEqual({ upstream: null, basePath: "/v1" });
    const { args, env } = await point(`${GATEWAY}/v1`);
    expect(args).toEqual(["run"]);
    expect(JSON.parse(env.OPENCODE_CONFIG_CONTENT ?? "")).toEqual(configured(`${GATEWAY}/v1`));
  });

  it("keeps every other character of what that variable held", async () => {
    const own = `{
  // mine
  "model": "{env:MODEL}", "provider": { "anthropic": { "options": { "timeout": 5, "baseURL": "https://x" } }, "other": {} },
}`;
    const { point } = agentOn("opencode", { env: { OPENCODE_CONFIG_CONTENT: own }, stub: saying({}) });
    const { env } = await point(`${GATEWAY}/v1`);
    expect(env.OPENCODE_CONFIG_CONTENT).toBe(own.replace("https://x", `${GATEWAY}/v1`));
  });

  it.each(["{", "[]", "7"])("is not started where that variable holds %s", async (content) => {
    const { point } = agentOn("opencode", { env: { OPENCODE_CONFIG_CONTENT: content }, stub: saying({}) });
    await expect(point()).rejects.toThrow(/OPENCODE_CONFIG_CONTENT .* correct it, or unset it/);
  });

  it.each([
    ["https://company.example/v1", "https://company.example", "/v1"],
    ["https://company.example/anthropic/v1/", "https://company.example/anthropic", "/v1"],
    ["https://company.example/anthropic", "https://company.example/anthropic", ""],
  ])("goes where its own configuration says: %s", async (url, upstream, basePath) => {
    const { destination } = agentOn("opencode", {
      env: { ANTHROPIC_BASE_URL: "https://beaten.example" },
      stub: saying(configured(url)),
    });
    expect(await destination()).toEqual({ upstream, basePath });
  });

  it("goes where the environment says when its configuration does not", async () => {
    const { destination } = agentOn("opencode", {
      env: { ANTHROPIC_BASE_URL: "https://proxy.example/v1" },
      stub: saying({}),
    });
    expect(await destination()).toEqual({ upstream: "https://proxy.example", basePath: "/v1" });
  });

  it("is started all the same when it does not say, and the person is told", async () => {
    const { destination } = agentOn("opencode", { stub: "process.exit(1)" });
    expect(await destination()).toEqual({
      upstream: null,
      basePath: "/v1",
      note: "OpenCode did not say in time which base URL its config files set; they are taken to set none",
    });
  });
});

describe("pi", () => {
  it("is told by an extension, which names the conversation too", async () => {
    const { point, temporaryDirectory } = agentOn("pi", { args: ["-p", "hi"] });
    const { args } = await point();
    const file = join(temporaryDirectory, "keepwarm-for-pi.mjs");
    expect(args).toEqual(["-e", file, "-p", "hi"]);
    const { default: extension } = await import(pathToFileURL(file).href);
    const registered: unknown[] = [];
    const handlers = new Map<string, (event: unknown, ctx: unknown) => void>();
    extension({
      registerProvider: (...given: unknown[]) => registered.push(given),
      on: (name: string, handler: (event: unknown, ctx: unknown) => void) => handlers.set(name, handler),
    });
    expect(registered).toEqual([["anthropic", { baseUrl: GATEWAY }]]);
    const event = { headers: { "x-own": "1" } };
    handlers.get("before_provider_headers")?.(event, { sessionManager: { getSessionId: () => "s1" } });
    expect(event.headers).toEqual({ "x-own": "1", "x-keepwarm-conversation": "s1" });
  });

  it("takes no extension for what talks to no model", async () => {
    const { point, temporaryDirectory } = agentOn("pi", { args: ["install", "npm:x"] });
    expect((await point()).args).toEqual(["install", "npm:x"]);
    expect(readdirSync(temporaryDirectory)).toEqual([]);
  });

  it("goes where its models.json says, comments and all", async () => {
    const { write, destination } = agentOn("pi");
    expect(await destination()).toEqual({ upstream: null, basePath: "" });
    write(
      ".pi/agent/models.json",
      '{ // ours\n "providers": {"anthropic": {"baseUrl": "https://company.example"}}}',
    );
    expect(await destination()).toEqual({ upstream: "https://company.example", basePath: "" });
  });

  it("reads the models.json of a folder that PI_CODING_AGENT_DIR names", async () => {
    const { write, home } = agentOn("pi");
    write("elsewhere/models.json", { providers: { anthropic: { baseUrl: "https://company.example" } } });
    const { destination } = agentOn("pi", { env: { PI_CODING_AGENT_DIR: join(home, "elsewhere") } });
    expect(await destination()).toMatchObject({ upstream: "https://company.example" });
  });
});

describe.each([
  ["cline", ".cline/data/settings/providers.json", "http://127.0.0.1:4777/v1"],
  ["openclaw", ".openclaw/openclaw.json", "http://127.0.0.1:4777"],
])("%s", (id, file, url) => {
  it("is not started as long as its settings do not name the gateway, and the person is told what to write", async () => {
    const { point, home } = agentOn(id);
    const refused = await point().catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(CannotPointError);
    expect((refused as Error).message).toContain(`in ${join(home, file)} set `);
    expect((refused as Error).message).toContain(` to ${url}, then run it`);
  });

  it.each([url, url.replace("127.0.0.1", "localhost")])(
    "is started once they name it as %s",
    async (named) => {
      const { write, point } = agentOn(id, { args: ["hi"] });
      write(file, `{ "baseUrl": "${named}" }`);
      expect(await point()).toEqual({ args: ["hi"], env: {}, notes: [] });
    },
  );
});
