/** The console as a person gets at it: `keepwarm start` in a process of its own, and the link that it prints. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { controlToken, discover } from "../../src/hub/index.ts";
import { aStateDirectory } from "../support/control-under-test.ts";
import { keepwarm } from "../support/keepwarm-command.ts";

const CLI = resolve("src/cli.ts");

/** Its output goes to a pipe, as it does to a log. */
async function started(home: string, args: readonly string[] = []) {
  const env = {
    ...process.env,
    KEEPWARM_HOME: home,
    KEEPWARM_PORT: "0",
    KEEPWARM_CONSOLE_PORT: "0",
    NO_COLOR: "1",
  };
  const child = spawn(process.execPath, [CLI, "start", ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (said += chunk));
  onTestFinished(async () => {
    if (child.exitCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGTERM");
    await gone;
  });
  await expect.poll(async () => (await discover(home)).state, { timeout: 15_000 }).toBe("running");
  return { said: () => said };
}

it("keepwarm start serves the page, keepwarm console links to it, and the token is in no output of the gateway's", {
  timeout: 60_000,
}, async () => {
  const home = aStateDirectory();
  const { said } = await started(home, ["--log-level", "debug"]);
  const token = await controlToken(home);
  const { code, stdout } = await keepwarm(["console"], { KEEPWARM_HOME: home });
  expect(code).toBe(0);
  const link = new URL(stdout.trim());
  expect(link.hash).toBe(`#token=${token}`);
  const page = await fetch(new URL("/", link));
  expect(page.status).toBe(200);
  expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
  const html = await page.text();
  for (const [, path] of html.matchAll(/(?:src|href)="(\/[^"]+)"/g)) {
    expect((await fetch(new URL(path ?? "", link))).status).toBe(200);
  }
  expect(html).not.toContain(token);
  const status = await fetch(new URL("/v1/status", link), { headers: { "x-keepwarm-token": token } });
  expect(status.status).toBe(200);
  // No terminal: whatever it prints may end in a log.
  expect(said()).toContain("keepwarm gateway: ");
  expect(said()).not.toContain(token);
});

it("keepwarm run starts a gateway whose log does not have the token", { timeout: 60_000 }, async () => {
  const home = aStateDirectory();
  const env = { KEEPWARM_HOME: home, KEEPWARM_PORT: "0", KEEPWARM_CONSOLE_PORT: "0" };
  onTestFinished(async () => {
    await keepwarm(["stop"], env);
    rmSync(home, { recursive: true, force: true });
  });
  const { code } = await keepwarm(["run", "--", process.execPath, "-e", "0"], env);
  expect(code).toBe(0);
  const token = await controlToken(home);
  expect(readFileSync(`${home}/gateway.log`, "utf8")).toContain("keepwarm gateway");
  expect(readFileSync(`${home}/gateway.log`, "utf8")).not.toContain(token);
  expect((await keepwarm(["console"], env)).stdout).toContain(`#token=${token}`);
});
