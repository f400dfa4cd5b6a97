import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { endProcess, machine } from "./world.ts";

/** Says what it was given, and what answers there. */
const ASK = `
  const base = process.env.ANTHROPIC_BASE_URL;
  console.log(base);
  console.log(await (await fetch(base + "/v1/messages")).text());
`;

/** Asks again and again until it is told to end. */
const ASK_ON = `
  const base = process.env.ANTHROPIC_BASE_URL;
  const ask = () => fetch(base + "/v1/messages").then((a) => a.text()).then(() => "answered", () => "nobody");
  let last = "";
  setInterval(async () => { const now = await ask(); if (now !== last) console.log(last = now); }, 20);
  process.on("SIGTERM", () => process.exit(0));
`;

const node = (script: string) => [process.execPath, "--input-type=module", "-e", script];

describe("keepwarm run", () => {
  it("starts a gateway and gives the command a base URL of its own there", async () => {
    const { run, happened } = await machine();
    const { code, stdout, stderr } = await run(["--", ...node(ASK)]).ended;
    const [baseUrl = "", path] = stdout.split("\n");
    expect(code).toBe(0);
    expect(new URL(baseUrl).pathname).toMatch(/^\/~keepwarm\/run\/[\w-]+$/);
    expect(path).toBe(`${new URL(baseUrl).pathname}/v1/messages`);
    expect(stderr).toMatch(/^keepwarm: warming is off until you switch it on: keepwarm on.*\n$/);
    await expect.poll(() => happened(), { timeout: 5_000 }).toHaveLength(3);
  });

  it("uses the gateway that runs, and each run has its own base URL", async () => {
    const { run, happened } = await machine();
    const first = await run(["--", ...node(ASK)]).ended;
    const second = await run(["--", ...node(ASK)]).ended;
    expect(happened().filter((line) => line.startsWith("started"))).toHaveLength(1);
    expect(new URL(first.stdout.split("\n")[0] ?? "").host).toBe(
      new URL(second.stdout.split("\n")[0] ?? "").host,
    );
    expect(first.stdout).not.toBe(second.stdout);
  });

  it("shares one gateway between runs that begin at the same moment", async () => {
    const { run } = await machine();
    const runs = await Promise.all([1, 2, 3].map(() => run(["--", ...node(ASK)]).ended));
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 0]);
    const hosts = runs.map(({ stdout }) => new URL(stdout.split("\n")[0] ?? "").host);
    expect(new Set(hosts).size).toBe(1);
  });

  it("hands over its terminal: input, output and arguments are the command's", async () => {
    const { run } = await machine();
    const script = "process.stdin.pipe(process.stdout); console.error(process.argv.slice(1).join());";
    const { child, ended } = run(["--", process.execPath, "-e", script, "--", "a b", "--enable", ""]);
    child.stdin?.end("typed");
    const { stdout, stderr } = await ended;
    expect(stdout).toBe("typed");
    expect(stderr).toContain("a b,--enable,\n");
  });

  it("changes the environment of its command alone, and no file of the person's", async () => {
    const { run, home } = await machine();
    const { stdout } = await run(["--", process.execPath, "-p", "JSON.stringify(process.env)"], {
      SECRET: "s",
    }).ended;
    const given = JSON.parse(stdout) as Record<string, string>;
    expect(Object.keys(given).toSorted()).toEqual([
      "ANTHROPIC_API_BASE",
      "ANTHROPIC_BASE_URL",
      "CLAUDE_CODE_PLUGIN_DIRS",
      "HOME",
      "KEEPWARM_HOME",
      "KEEPWARM_PORT",
      "PATH",
      "SECRET",
      "TMPDIR",
    ]);
    expect(readdirSync(home)).toEqual(["state"]);
  });

  it("ends as the command ended", async () => {
    const { run } = await machine();
    expect(await run(["--", process.execPath, "-e", "process.exit(42)"]).ended).toMatchObject({ code: 42 });
    const killed = run(["--", process.execPath, "-e", "process.kill(process.pid, 'SIGKILL')"]);
    expect(await killed.ended).toMatchObject({ code: null, signal: "SIGKILL" });
  });

  it("registers the run while the command lives, and not a moment longer", async () => {
    const { run, has, happened } = await machine();
    const { child, says, ended } = run(["--enable", "--", ...node(ASK_ON)]);
    await says(/answered/);
    expect(happened().at(-1)).toBe("attached node upstream - enableNew true");
    child.kill("SIGTERM");
    expect(await ended).toMatchObject({ code: 0 });
    await has(/^detached node$/);
  });

  it("is detached when keepwarm run itself is killed", async () => {
    const { run, has } = await machine();
    const { child, says } = run([
      "--",
      process.execPath,
      "-e",
      "console.log(process.pid); setInterval(() => {}, 1000)",
    ]);
    const [pid] = await says(/\d+/);
    child.kill("SIGKILL");
    await has(/^detached node$/);
    endProcess(Number(pid));
  });

  it("keeps the shell's secrets from the gateway that outlives it", async () => {
    const { run, happened } = await machine();
    const { stdout } = await run(["--", process.execPath, "-p", "process.env.ANTHROPIC_API_KEY"], {
      ANTHROPIC_API_KEY: "sk-ant-api-secret",
    }).ended;
    expect(stdout).toBe("sk-ant-api-secret\n");
    expect(happened()[0]).toMatch(/ key -$/);
  });
});

describe("where the requests of a run go", () => {
  const attachedTo = async (args: readonly string[], env: NodeJS.ProcessEnv) => {
    const { run, happened } = await machine();
    await run([...args, "--", process.execPath, "-e", "0"], env).ended;
    return happened().find((line) => line.startsWith("attached"));
  };

  it("is where the person's own base URL points", async () => {
    expect(await attachedTo([], { ANTHROPIC_BASE_URL: "https://proxy.example/anthropic/" })).toBe(
      "attached node upstream https://proxy.example/anthropic enableNew false",
    );
  });

  it("is what --upstream says before that", async () => {
    const env = { ANTHROPIC_BASE_URL: "https://proxy.example" };
    expect(await attachedTo(["--upstream", "https://other.example"], env)).toContain(
      "upstream https://other.example ",
    );
  });

  it("is no gateway of ours: in a run inside a run it is where the outer one's go", async () => {
    const { run, happened, directory, env } = await machine();
    await run(["--", process.execPath, "-e", "0"]).ended;
    const { gatewayUrl } = JSON.parse(readFileSync(join(directory, "gateway.json"), "utf8"));
    const here = {
      ...env,
      ANTHROPIC_BASE_URL: `${gatewayUrl}/~keepwarm/run/outer`.replace("127.0.0.1", "localhost"),
    };
    await run(["--", process.execPath, "-e", "0"], here).ended;
    await run(["--", process.execPath, "-e", "0"], {
      ...here,
      KEEPWARM_RUN_UPSTREAM: "https://proxy.example",
    }).ended;
    expect(happened().filter((line) => line.startsWith("attached"))).toEqual([
      "attached node upstream - enableNew false",
      "attached node upstream - enableNew false",
      "attached node upstream https://proxy.example enableNew false",
    ]);
  });

  it("is told to a run inside it", async () => {
    const { run } = await machine();
    const { stdout } = await run(["--", process.execPath, "-p", "process.env.KEEPWARM_RUN_UPSTREAM"], {
      ANTHROPIC_BASE_URL: "https://proxy.example",
    }).ended;
    expect(stdout).toBe("https://proxy.example\n");
  });
});

describe("a command that cannot be run", () => {
  it("is not found: 127, and no gateway is started for it", async () => {
    const { run, directory } = await machine();
    expect(await run(["--", "no-such-agent"]).ended).toMatchObject({
      code: 127,
      stderr: 'keepwarm: there is no command "no-such-agent"\n',
    });
    expect(existsSync(directory)).toBe(false);
  });

  it("is not executable: 126", async () => {
    const { run, home } = await machine();
    const file = join(home, "agent");
    writeFileSync(file, "#!/bin/sh\n", { mode: 0o644 });
    const stderr = `keepwarm: ${file} is not executable: chmod +x makes it so\n`;
    expect(await run(["--", file]).ended).toMatchObject({ code: 126, stderr });
    expect(await run(["--", "agent"], { PATH: home }).ended).toMatchObject({ code: 126, stderr });
  });

  it("is a folder: 126", async () => {
    const { run, home } = await machine();
    mkdirSync(join(home, "agent"));
    expect(await run(["--", join(home, "agent")]).ended).toMatchObject({ code: 126 });
    expect(await run(["--", "agent"], { PATH: home }).ended).toMatchObject({ code: 127 });
  });

  it("lacks its interpreter: 127, and says so", async () => {
    const { run, home } = await machine();
    const file = join(home, "agent");
    writeFileSync(file, "#!/no/such/interpreter\n");
    chmodSync(file, 0o755);
    const { code, stderr } = await run(["--", file]).ended;
    expect(code).toBe(127);
    expect(stderr).toContain(`keepwarm: ${file} names an interpreter that is not there\n`);
  });
});

describe("a gateway that cannot be started", () => {
  it("fails the run before the command begins, with its own reason", async () => {
    const { run, env, directory } = await machine();
    const taken = createServer().listen(Number(env.KEEPWARM_PORT), "127.0.0.1");
    const { code, stdout, stderr } = await run(["--", process.execPath, "-e", "console.log('ran')"]).ended;
    taken.close();
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toBe(
      `keepwarm: the gateway could not be started: port ${env.KEEPWARM_PORT} is taken: choose another with --port (log: ${join(directory, "gateway.log")})\n`,
    );
  });
});

describe("a gateway that ends while the command runs", () => {
  it("is started again on the same port when it was killed, and the run is registered again", async () => {
    const { run, has, happened, gatewayPid } = await machine();
    const { child, says, ended } = run(["--", ...node(ASK_ON)], {
      ANTHROPIC_BASE_URL: "https://proxy.example",
    });
    await says(/answered/);
    endProcess(gatewayPid());
    await has(/^attached/, 2);
    await says(/answered\nnobody\nanswered|answered(?!\nnobody)/);
    const [first, second] = happened().filter((line) => line.startsWith("attached"));
    expect(second).toBe(first);
    const restart = happened().findLast((line) => line.startsWith("started"));
    expect(restart).toMatch(/start --until-idle --upstream https:\/\/api.anthropic.com --port \d+ /);
    child.kill("SIGTERM");
    const { code, stderr } = await ended;
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /\nkeepwarm: the gateway ended at \d\d:\d\d:\d\d, and another has taken its place\n$/,
    );
  });

  it("stays ended when somebody stopped it, and the run comes back to the next one", async () => {
    const { run, has, happened, gatewayPid, env, startGateway } = await machine();
    const { child, says, ended } = run(["--", ...node(ASK_ON)]);
    await says(/answered/);
    process.kill(gatewayPid(), "SIGTERM");
    await says(/answered\nnobody/);
    await sleep(500);
    expect(happened().filter((line) => line.startsWith("started"))).toHaveLength(1);
    startGateway("--port", env.KEEPWARM_PORT ?? "");
    await says(/answered\nnobody\nanswered/);
    await has(/^attached/, 2);
    child.kill("SIGTERM");
    expect(await ended).toMatchObject({ code: 0 });
    await has(/^detached/);
  });

  it("does not keep the command's end waiting", async () => {
    const { run, gatewayPid } = await machine();
    const { child, says, ended } = run(["--", ...node(ASK_ON)]);
    await says(/answered/);
    process.kill(gatewayPid(), "SIGTERM");
    await says(/answered\nnobody/);
    child.kill("SIGTERM");
    expect(await ended).toMatchObject({ code: 0 });
  });
});
