/** `keepwarm start` and the start of a gateway by `keepwarm run`, as a person meets them. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { aStateDirectory } from "../support/control-under-test.ts";
import { freePort } from "../support/free-port.ts";
import { keepwarm } from "../support/keepwarm-command.ts";
import { aService } from "../support/service-under-test.ts";

/** Runs it until it has said what to point a client at, and stops it. */
async function started(...flags: readonly string[]) {
  const env = { ...process.env, KEEPWARM_HOME: aStateDirectory(), NO_COLOR: "1" };
  const args = ["src/cli.ts", "start", "--port", "0", "--console-port", "0", ...flags];
  const child = spawn(process.execPath, args, { env });
  onTestFinished(() => void child.kill("SIGKILL"));
  const said = { stdout: "", stderr: "" };
  child.stderr.on("data", (piece: Buffer) => {
    said.stderr += piece.toString();
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout.on("data", (piece: Buffer) => {
      said.stdout += piece.toString();
      if (said.stdout.includes("Point a client at it")) resolve();
    });
    child.once("exit", () => reject(new Error(said.stderr)));
  });
  const ended = once(child, "close");
  child.kill("SIGTERM");
  await ended;
  return said;
}

describe("a gateway on every address of its machine", () => {
  it("says that it is open to the network, and names an address that can be used", async () => {
    const { stdout, stderr } = await started("--host", "0.0.0.0", "--log-level", "silent");
    expect(stderr).toMatch(/^keepwarm: a gateway on 0\.0\.0\.0 is open to your network: /);
    expect(stdout).toMatch(/ANTHROPIC_BASE_URL=http:\/\/127\.0\.0\.1:\d+\n/);
  });

  it("is nothing to mention on loopback", async () => {
    expect((await started("--log-level", "silent")).stderr).toBe("");
  });

  it("is mentioned when it is set, and by doctor", async () => {
    const env = { KEEPWARM_HOME: aStateDirectory() };
    const { code, stderr } = await keepwarm(["config", "set", "host", "0.0.0.0"], env);
    expect(code).toBe(0);
    expect(stderr).toContain("is open to your network");
    expect((await keepwarm(["doctor", "--offline"], env)).stdout).toMatch(
      /^! host .*is open to your network/m,
    );
  });
});

describe("a port that is taken", () => {
  const start = (env: Record<string, string>, ...more: string[]) =>
    keepwarm(["start", ...more], { KEEPWARM_HOME: aStateDirectory(), ...env });

  it("is said to be, with who has it and what to do", async () => {
    const { service } = await aService();
    const port = new URL(service.gatewayUrl).port;
    const { code, stderr } = await start({ KEEPWARM_PORT: port });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^keepwarm: port \d+ is taken by a keepwarm gateway of another KEEPWARM_HOME.*: choose another with --port\n$/,
    );
  });

  it("is changed by other means where keepwarm run starts the gateway, which takes no such flag", async () => {
    const port = String(await freePort());
    const other = createServer().listen(Number(port), "127.0.0.1");
    onTestFinished(() => void other.close());
    await once(other, "listening");
    const env = { KEEPWARM_HOME: aStateDirectory(), KEEPWARM_PORT: port };
    const { code, stderr } = await keepwarm(["run", "--", "true"], env);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^keepwarm: the gateway could not be started: port \d+ is taken.*: choose another with keepwarm config set port <another>, or KEEPWARM_PORT \(log: .*\)\n$/,
    );
  });
});

describe("a state folder that cannot be made", () => {
  it("is told alike by start and run", async () => {
    const file = join(aStateDirectory(), "file");
    writeFileSync(file, "");
    const config = join(aStateDirectory(), "config.json");
    writeFileSync(config, "{}");
    const env = {
      KEEPWARM_HOME: join(file, "state"),
      KEEPWARM_CONFIG: config,
      KEEPWARM_PORT: String(await freePort()),
    };
    const said = `keepwarm: ${env.KEEPWARM_HOME} could not be made (KEEPWARM_HOME names another): ENOTDIR: `;
    for (const args of [["start"], ["run", "--", "true"]]) {
      const { code, stderr } = await keepwarm(args, env);
      expect(code, stderr).toBe(1);
      expect(stderr).toContain(said);
    }
  });
});
