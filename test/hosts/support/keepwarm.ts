/** The keepwarm command, in a state directory of its own. */
import { execFile } from "node:child_process";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { freePort } from "../../support/free-port.ts";
import type { Owner } from "./process.ts";

export const KEEPWARM = [process.execPath, resolve("src/cli.ts")] as const;

/** Settings for everything that is started with them; a gateway that is ends with the test. */
export async function keepwarmEnv(
  home: string,
  options: { upstream: string; ttlMs: number; test: Owner },
): Promise<Record<string, string>> {
  const { upstream, ttlMs, test } = options;
  const env = {
    KEEPWARM_HOME: join(home, "keepwarm"),
    KEEPWARM_PORT: String(await freePort()),
    KEEPWARM_CONSOLE_PORT: String(await freePort()),
    KEEPWARM_UPSTREAM: upstream,
    KEEPWARM_TTL_5M: `${ttlMs}ms`,
    KEEPWARM_KEEP_WARM: "always",
  };
  test.onTestFinished(() => stopKeepwarm(env));
  return env;
}

/** What `keepwarm status` says of the conversations. */
export async function conversations(
  env: Readonly<Record<string, string>>,
): Promise<readonly { readonly id: string; readonly enabled: boolean }[]> {
  return (await status(env)).conversations;
}

export async function gatewayPid(env: Readonly<Record<string, string>>): Promise<number> {
  return (await status(env)).gateway.pid;
}

async function status(env: Readonly<Record<string, string>>) {
  const { stdout } = await promisify(execFile)(KEEPWARM[0], [KEEPWARM[1], "status", "--json"], { env });
  return JSON.parse(stdout);
}

/** Ends the gateway, if one runs. */
async function stopKeepwarm(env: Readonly<Record<string, string>>): Promise<void> {
  await promisify(execFile)(KEEPWARM[0], [KEEPWARM[1], "stop"], { env }).catch(() => {});
}
