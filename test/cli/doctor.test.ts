import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import type { Report } from "../../src/cli/doctor/index.ts";
import { controlToken, publish } from "../../src/hub/index.ts";
import { HOST_PLUGINS, install } from "../../src/install/index.ts";
import { openSqliteStorage } from "../../src/storage/sqlite.ts";
import { controlOf } from "../support/control-under-test.ts";
import { aConversation, controlledInMemory } from "../support/controlled-in-memory.ts";
import { keepwarm } from "../support/keepwarm-command.ts";
import { aService } from "../support/service-under-test.ts";

interface Examined {
  readonly code: number;
  readonly ok: boolean;
  readonly findings: Report["findings"];
  readonly agents: readonly Record<string, unknown>[];
  /** What was found of one thing. */
  about(what: string): Report["findings"][number] | undefined;
}

/** A machine with nothing on it. */
function machine() {
  const home = mkdtempSync(join(tmpdir(), "keepwarm-doctor-"));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const bin = join(home, "bin");
  mkdirSync(bin);
  const directory = join(home, "state");
  const env = {
    HOME: home,
    PATH: bin,
    KEEPWARM_HOME: directory,
    KEEPWARM_PORT: "0",
    KEEPWARM_CONSOLE_PORT: "0",
    ANTHROPIC_BASE_URL: "",
  };
  return {
    home,
    bin,
    directory,
    env,
    program(name: string, version: string) {
      writeFileSync(join(bin, name), `#!/bin/sh\necho "${version}"\n`, { mode: 0o755 });
    },
    async doctor(
      args: readonly string[] = ["--offline"],
      more: Record<string, string> = {},
    ): Promise<Examined> {
      const { code, stdout } = await keepwarm(["doctor", "--json", ...args], { ...env, ...more });
      const report = JSON.parse(stdout) as Omit<Examined, "code" | "about">;
      return { code, ...report, about: (what) => report.findings.find(({ about }) => about === what) };
    },
  };
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

describe("keepwarm doctor", () => {
  it("finds nothing wrong on a machine that keepwarm has never run on, and leaves it so", async () => {
    const { doctor, home } = machine();
    const { code, ok, findings, agents } = await doctor();
    expect({ code, ok, agents }).toEqual({ code: 0, ok: true, agents: [] });
    expect(findings.map(({ state }) => state)).not.toContain("wrong");
    expect(readdirSync(home)).toEqual(["bin"]);
  });

  it("says it in lines, each with what to do about what is wrong", async () => {
    const { env, directory, program } = machine();
    program("claude", "2.1.328 (Claude Code)");
    mkdirSync(directory);
    chmodSync(directory, 0o777);
    const { code, stdout, stderr } = await keepwarm(["doctor", "--offline"], env);
    expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
    expect(stdout).toMatch(/^✓ keepwarm +\S+, on Node \d/);
    expect(stdout).toContain(`✗ state folder  others on this machine may write in ${directory}\n`);
    expect(stdout).toContain(`→ chmod 700 ${directory}\n`);
    expect(stdout).toMatch(
      /\nClaude Code 2\.1\.328 .*\n {2}keepwarm run -- claude\n {2}In a run it has hooks, and \/warm by a mod\. keepwarm install claude-code .*\n {2}Through a gateway it does without:\n {2}- /,
    );
  });

  it("names the agents on the PATH, their versions, and how each is run", async () => {
    const { doctor, program } = machine();
    program("opencode", "1.18.33");
    program("pi", "a riddle");
    expect((await doctor()).agents).toMatchObject([
      { id: "opencode", version: "1.18.33", use: "keepwarm run -- opencode", switchesOff: [] },
      { id: "pi", version: null, use: "keepwarm run -- pi", switchesOff: [expect.any(String)] },
    ]);
  });

  it.each([
    ["2.1.287", expect.stringContaining("In a run it has hooks, and /warm by a mod.")],
    [
      "2.1.197",
      "In a run keepwarm on does what /warm does from 2.1.287 on; it tells nothing but its requests.",
    ],
    ["a riddle", "Its version is not known: hooks and /warm where it takes them."],
  ])("says what Claude Code of version %s gets in a run", async (version, inside) => {
    const { doctor, program } = machine();
    program("claude", version);
    expect((await doctor()).agents).toMatchObject([{ id: "claude-code", inside }]);
  });

  it("says that Claude Code is kept warm from inside, once its mod is installed", async () => {
    const { doctor, program, env, directory } = machine();
    program("claude", "2.1.328");
    const files = join(env.HOME, "built");
    mkdirSync(files);
    const plugin = HOST_PLUGINS.find(({ id }) => id === "claude-code");
    if (plugin === undefined) throw new Error("Claude Code is not among them");
    const version = packageJson.version;
    await install({ plugin, env, stateDirectory: directory, version, hostVersion: "2.1.328", files });
    expect((await doctor()).agents).toMatchObject([
      { id: "claude-code", inside: expect.stringMatching(/^Its mod is installed/) },
    ]);
  });

  it("says what is wrong with a setting, and where it is", async () => {
    const { doctor, home } = machine();
    const file = join(home, "mine.json");
    writeFileSync(file, '{ "port": "many" }');
    const { code, about } = await doctor(["--offline"], { KEEPWARM_CONFIG: file, KEEPWARM_PORT: "" });
    expect(code).toBe(1);
    expect(about("settings")).toMatchObject({
      state: "wrong",
      says: expect.stringContaining("~/mine.json:1: port must be"),
      todo: "correct it there; keepwarm config says when it is right",
    });
    // Where it listens and sends is not known then.
    expect(about("gateway ports")?.says).toBe("not checked until the settings are right");
    const online = await doctor([], { KEEPWARM_CONFIG: file, KEEPWARM_PORT: "" });
    expect(online.about("upstream")?.says).toBe("not checked until the settings are right");
  });

  it("names a variable that begins as keepwarm's do and means nothing", async () => {
    const { doctor } = machine();
    const { code, about } = await doctor(["--offline"], { KEEPWARM_UPSTREEM: "https://a.example" });
    expect(code).toBe(0);
    expect(about("environment")).toEqual({
      about: "environment",
      state: "note",
      says: "KEEPWARM_UPSTREEM is no setting, and does nothing. Did you mean KEEPWARM_UPSTREAM?",
      todo: "correct it, or unset it",
    });
    expect((await doctor()).about("environment")).toBeUndefined();
  });

  it("says when the state folder cannot be made", async () => {
    const { doctor, home } = machine();
    writeFileSync(join(home, "file"), "");
    const { code, about } = await doctor(["--offline"], { KEEPWARM_HOME: join(home, "file", "state") });
    expect(code).toBe(1);
    expect(about("state folder")).toMatchObject({
      state: "wrong",
      says: `${join(home, "file", "state")} cannot be made: nothing can be made in ${join(home, "file")} (ENOTDIR)`,
    });
  });

  it.runIf(process.platform === "linux")("tries whether the state folder can be made", async () => {
    const { doctor } = machine();
    const { code, about } = await doctor(["--offline"], { KEEPWARM_HOME: "/proc/kw" });
    expect(code).toBe(1);
    expect(about("state folder")).toMatchObject({
      state: "wrong",
      says: expect.stringMatching(/^\/proc\/kw cannot be made: nothing can be made in \/proc \(E\w+\)$/),
    });
  });

  it("says when the state folder is no folder, and not what follows from that", async () => {
    const { doctor, directory } = machine();
    writeFileSync(directory, "");
    const { code, about, findings } = await doctor();
    expect(code).toBe(1);
    expect(about("state folder")?.says).toBe(`${directory} is no folder`);
    expect(findings.filter(({ state }) => state === "wrong")).toHaveLength(1);
    expect(about("settings")).toMatchObject({ says: "not read: the state folder, where they are, is none" });
  });

  it("says when others may read the token", async () => {
    const { doctor, directory } = machine();
    await controlToken(directory);
    expect((await doctor()).about("control token")).toMatchObject({ state: "good" });
    chmodSync(join(directory, "token"), 0o644);
    const { code, about } = await doctor();
    expect(code).toBe(1);
    expect(about("control token")).toMatchObject({
      state: "wrong",
      says: expect.stringContaining("mode 644"),
    });
  });

  it("reads the store, and says when it cannot be read, which the next start mends", async () => {
    const { doctor, directory } = machine();
    const file = join(directory, "keepwarm.sqlite");
    const storage = openSqliteStorage({ file });
    await storage.namespace("cache-warming").set("a", "1");
    storage.close();
    expect((await doctor()).about("settings store")).toEqual({
      about: "settings store",
      state: "good",
      says: `${file}, 1 entry`,
    });
    writeFileSync(file, "no database at all, but long enough to be taken for one ".repeat(20));
    const before = readdirSync(directory);
    const { code, about } = await doctor();
    expect(code).toBe(0);
    expect(about("settings store")).toMatchObject({
      state: "note",
      says: expect.stringContaining("cannot be read"),
    });
    expect(readdirSync(directory)).toEqual(before);
  });
});

describe("the gateway, to keepwarm doctor", () => {
  it("is running, has proven itself, and is of this version", async () => {
    const { doctor, directory } = machine();
    const controlled = controlledInMemory(
      aConversation({ id: "a" }),
      aConversation({ id: "b", enabled: false }),
    );
    const version = packageJson.version;
    const { record } = await controlOf(
      { ...controlled, info: () => ({ ...controlled.info(), version }) },
      { directory },
    );
    expect((await doctor()).about("gateway")).toEqual({
      about: "gateway",
      state: "good",
      says: `${record.gatewayUrl}, process ${record.pid}, has proven itself: 0 runs, 1 of 2 conversations on`,
    });
  });

  it("is of another version than the command", async () => {
    const { doctor, directory } = machine();
    const controlled = controlledInMemory();
    await controlOf(
      { ...controlled, info: () => ({ ...controlled.info(), version: "9.9.9" }) },
      { directory },
    );
    expect((await doctor()).about("gateway")).toMatchObject({
      state: "note",
      todo: "keepwarm stop, then start it anew",
    });
  });

  it("has ended out of order, which is no fault", async () => {
    const { doctor, directory } = machine();
    const { close } = await controlOf(controlledInMemory(), { directory });
    await close();
    const { code, about } = await doctor();
    expect(code).toBe(0);
    expect(about("gateway")).toMatchObject({
      state: "note",
      says: expect.stringContaining("nothing listens"),
    });
  });

  it("is not what answers in its place", async () => {
    const { doctor, directory } = machine();
    const port = await listening(createHttpServer((_, response) => response.end("hi")));
    await controlToken(directory);
    const controlUrl = `http://127.0.0.1:${port}`;
    await publish(directory, {
      pid: process.pid,
      gatewayUrl: controlUrl,
      controlUrl,
      startedAt: 0,
      version: "0.1.0",
    });
    const { code, about } = await doctor();
    expect(code).toBe(1);
    expect(about("gateway")).toMatchObject({
      state: "wrong",
      says: expect.stringContaining("is not the gateway"),
    });
  });

  it.each([
    ["gateway port", "KEEPWARM_PORT", "port"],
    ["console port", "KEEPWARM_CONSOLE_PORT", "consolePort"],
  ])("cannot have its %s while somebody else holds it", async (about, variable, setting) => {
    const { doctor } = machine();
    const port = await listening(createServer());
    const examined = await doctor(["--offline"], { [variable]: String(port) });
    expect(examined.code).toBe(1);
    const finding = examined.about(about);
    expect(finding).toMatchObject({ state: "wrong", todo: `keepwarm config set ${setting} <another>` });
    // By whom, where the system tells.
    expect(finding?.says).toMatch(new RegExp(`^${port} is taken( by process ${process.pid} \\(.+\\))?$`));
    if (process.platform === "linux") expect(finding?.says).toContain(`by process ${process.pid} (node)`);
  });
});

describe("another gateway on its ports, to keepwarm doctor", () => {
  it("is told from any other program", async () => {
    const { service } = await aService();
    const { doctor } = machine();
    const [port, consolePort] = [service.gatewayUrl, service.controlUrl].map((url) => new URL(url).port);
    const { about } = await doctor(["--offline"], {
      KEEPWARM_PORT: port ?? "",
      KEEPWARM_CONSOLE_PORT: consolePort ?? "",
    });
    const by = /^\d+ is taken by a keepwarm gateway of another KEEPWARM_HOME/;
    expect(about("gateway port")?.says).toMatch(by);
    expect(about("console port")?.says).toMatch(by);
  });
});

describe("the upstream, to keepwarm doctor", () => {
  /** One whose clock is so far off, in ms. */
  async function upstream(clockOffMs = 0): Promise<{ url: string; asked: string[] }> {
    const asked: string[] = [];
    const server = createHttpServer((request, response) => {
      asked.push(
        `${request.method} ${request.url} ${request.headers.authorization} ${request.headers["x-api-key"]}`,
      );
      response.setHeader("date", new Date(Date.now() + clockOffMs).toUTCString());
      response.writeHead(404).end();
    });
    return { url: `http://127.0.0.1:${await listening(server)}`, asked };
  }

  it("answers, whatever it answers, and is shown no credential", async () => {
    const { doctor } = machine();
    const { url, asked } = await upstream();
    const { code, about } = await doctor([], {
      KEEPWARM_UPSTREAM: url,
      ANTHROPIC_API_KEY: "sk-ant-api-secret",
    });
    expect(code).toBe(0);
    expect(about("upstream")).toEqual({ about: "upstream", state: "good", says: `${url} answers` });
    expect(about("clock")).toMatchObject({ state: "good" });
    expect(asked).toEqual(["HEAD / undefined undefined"]);
  });

  it.each([
    [3_600_000, /^3[56]\d\d s behind/],
    [-3_600_000, /^3[56]\d\d s ahead of/],
  ])("has another clock, %s ms off", async (offMs, says) => {
    const { doctor } = machine();
    const { url } = await upstream(offMs);
    const { code, about } = await doctor([], { KEEPWARM_UPSTREAM: url });
    expect(code).toBe(0);
    expect(about("clock")).toMatchObject({ state: "note", says: expect.stringMatching(says) });
  });

  it("is the running gateway's, whatever the settings say", async () => {
    const { doctor, directory } = machine();
    const [running, configured] = [await upstream(), await upstream()];
    const controlled = controlledInMemory();
    const info = { ...controlled.info(), version: packageJson.version, upstream: running.url };
    await controlOf({ ...controlled, info: () => info }, { directory });
    const { code, about } = await doctor([], { KEEPWARM_UPSTREAM: configured.url });
    expect(code).toBe(0);
    expect(about("upstream")).toMatchObject({ state: "good", says: `${running.url} answers` });
    expect(configured.asked).toEqual([]);
  });

  it("cannot be reached", async () => {
    const { doctor } = machine();
    const server = createServer();
    const port = await listening(server);
    await new Promise((resolve) => server.close(resolve));
    const url = `http://127.0.0.1:${port}`;
    const { code, about } = await doctor([], { KEEPWARM_UPSTREAM: url });
    expect(code).toBe(1);
    expect(about("upstream")).toMatchObject({
      state: "wrong",
      says: `${url} cannot be reached: ECONNREFUSED`,
    });
  });
});

it("says to keepwarm doctor what the running gateway knows to be wrong with itself", async () => {
  const { doctor, directory } = machine();
  const controlled = controlledInMemory();
  const info = { ...controlled.info(), version: packageJson.version };
  const health = {
    ...controlled.health(),
    ok: false,
    problems: [
      { about: "storage" as const, since: 1, sentence: "The disk is full: nothing is stored." },
      { about: "upstream" as const, since: 1, sentence: "It was out of reach." },
    ],
  };
  await controlOf({ ...controlled, info: () => info, health: () => health }, { directory });
  const { code, findings } = await doctor(["--offline"]);
  expect(code).toBe(1);
  expect(findings.filter(({ state }) => state === "wrong")).toMatchObject([
    { about: "gateway", says: "The disk is full: nothing is stored." },
  ]);
});

describe("ANTHROPIC_BASE_URL, to keepwarm doctor", () => {
  it.each([
    [
      "https://me:secret@proxy.example/x",
      "note",
      "is https://proxy.example/x: keepwarm run sends requests on to there",
    ],
    ["http://localhost:4777", "note", expect.stringContaining("the gateway")],
    ["proxy", "wrong", "is no URL"],
  ])("%s", async (url, state, says) => {
    const { doctor } = machine();
    const { about } = await doctor(["--offline"], { ANTHROPIC_BASE_URL: url, KEEPWARM_PORT: "4777" });
    expect(about("ANTHROPIC_BASE_URL")).toMatchObject({ state, says });
  });
});
