/** What the commands about settings do to a gateway that is running, and say of it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { keepwarm } from "../support/keepwarm-command.ts";
import { aService, type ServiceOptions } from "../support/service-under-test.ts";

/** The upstream is the emulator's, which no default is. */
async function aGateway(options: ServiceOptions = {}) {
  const gateway = await aService(options);
  const env = {
    KEEPWARM_HOME: gateway.directory,
    KEEPWARM_UPSTREAM: gateway.service.gateway.upstreamUrl,
    KEEPWARM_PORT: "0",
    KEEPWARM_CONSOLE_PORT: "0",
  };
  const config = (...args: string[]) => keepwarm(["config", ...args], env);
  const inForce = async (name: string) =>
    (await gateway.client.settings()).settings.find((setting) => setting.name === name)?.value;
  return { ...gateway, env, config, inForce };
}

const PID = process.pid;

describe("a limit that is set while a gateway runs", () => {
  it("is in force in it at once, and so is its end", async () => {
    const { config, inForce, directory } = await aGateway();
    const file = join(directory, "config.json");
    expect(await config("set", "maxUsdPerDay", "1")).toEqual({
      code: 0,
      stdout: `Stored maxUsdPerDay 1 in ${file}.\nThe running gateway has it in force.\n`,
      stderr: "",
    });
    expect(await inForce("maxUsdPerDay")).toBe(1);
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({ maxUsdPerDay: 1 });
    expect((await config("unset", "maxUsdPerDay")).stdout).toContain(
      "\nThe running gateway has it in force.\n",
    );
    expect(await inForce("maxUsdPerDay")).toBeNull();
  });

  it("holds at the next try where the file says so already", async () => {
    const { config, inForce, directory } = await aGateway();
    const elsewhere = { KEEPWARM_HOME: directory, KEEPWARM_CONFIG: join(directory, "other.json") };
    const { stdout } = await keepwarm(["config", "set", "maxUsdPerDay", "1"], elsewhere);
    expect(stdout).toContain(
      `The running gateway (process ${PID}) reads another file, ${join(directory, "config.json")}, and goes on with maxUsdPerDay not set.`,
    );
    expect(await inForce("maxUsdPerDay")).toBeNull();
    await config("set", "maxUsdPerDay", "1");
    expect(await inForce("maxUsdPerDay")).toBe(1);
  });

  it("does not go before the flag that the gateway was started with, and that is said everywhere", async () => {
    const { config, env, inForce } = await aGateway({ flags: { maxUsdPerDay: "5" } });
    expect((await config("set", "maxUsdPerDay", "1")).stdout).toContain(
      `The running gateway (process ${PID}) goes on with maxUsdPerDay 5, as it was started with --max-usd-per-day, which goes before the file: keepwarm stop, then start it without.\n`,
    );
    expect(await inForce("maxUsdPerDay")).toBe(5);
    const shown = (await config()).stdout;
    expect(shown).toContain(`The running gateway (process ${PID}) does not use all of it:\n`);
    expect(shown).toContain("  maxUsdPerDay is 5 there (--max-usd-per-day)\n");
    expect(JSON.parse((await config("--json")).stdout).gateway.instead).toEqual({
      maxUsdPerDay: { value: 5, where: "--max-usd-per-day" },
    });
    expect(await config("get", "maxUsdPerDay")).toEqual({
      code: 0,
      stdout: "1\n",
      stderr: `keepwarm: the running gateway (process ${PID}) uses another: maxUsdPerDay is 5 there (--max-usd-per-day)\n`,
    });
    const { findings } = JSON.parse((await keepwarm(["doctor", "--offline", "--json"], env)).stdout);
    expect(findings).toContainEqual({
      about: "gateway settings",
      state: "note",
      says: "maxUsdPerDay is 5 in the running gateway (--max-usd-per-day), and the settings say 1",
      todo: "where that is not meant, keepwarm stop, then start it anew",
    });
  });
});

describe("a setting that a gateway reads when it starts", () => {
  it("is said to wait for that", async () => {
    const { config } = await aGateway();
    expect((await config("set", "maxWarms", "9")).stdout).toContain(
      `The running gateway (process ${PID}) goes on with maxWarms 4: keepwarm stop, then keepwarm start, for it to take this up.\n`,
    );
    expect((await config()).stdout).toContain("  maxWarms is 4 there (default)\n");
    expect((await config("unset", "maxWarms")).stdout).toContain(`(process ${PID}) has it in force.\n`);
  });
});

describe("a gateway that has what the settings say", () => {
  it("is not mentioned, nor is what a flag would make of another", async () => {
    const { config, env } = await aGateway();
    for (const args of [[], ["--tier", "1h"]]) {
      expect((await config(...args)).stdout).not.toContain("running gateway");
    }
    expect(JSON.parse((await config("--json")).stdout).gateway.instead).toEqual({});
    expect((await keepwarm(["doctor", "--offline"], env)).stdout).not.toContain("gateway settings");
  });
});
