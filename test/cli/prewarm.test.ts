import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { createEmulator } from "../../src/emulator/index.ts";
import { requestOf } from "../prewarm/entries.ts";
import { aStateDirectory } from "../support/control-under-test.ts";
import { keepwarm } from "../support/keepwarm-command.ts";
import { aService } from "../support/service-under-test.ts";

const KEY = "sk-ant-api03-own";

async function world(prefixes: readonly unknown[] = [{ name: "reviewer", request: requestOf("reviewer") }]) {
  const home = aStateDirectory();
  const emulator = createEmulator();
  const { url } = await emulator.listen();
  onTestFinished(() => emulator.close());
  const file = join(home, "personas.json");
  writeFileSync(file, JSON.stringify({ prefixes }));
  const env = { KEEPWARM_HOME: home, KEEPWARM_UPSTREAM: url, ANTHROPIC_API_KEY: KEY };
  return {
    home,
    emulator,
    file,
    env,
    prewarm: (...args: string[]) => keepwarm(["prewarm", file, ...args], env),
  };
}

describe("keepwarm prewarm", () => {
  it("warms the catalogue, says what that cost, and sends nothing that is warm", async () => {
    const { prewarm, emulator, env } = await world();
    const first = await prewarm();
    expect([first.code, first.stderr]).toEqual([0, ""]);
    expect(first.stdout).toMatch(/^ *prefix +written +read +cost$/m);
    expect(first.stdout).toMatch(/^reviewer +written +1,000 +0 +\$0\.005/m);
    const second = await prewarm("--json");
    expect(JSON.parse(second.stdout)).toMatchObject([{ name: "reviewer", outcome: "warm", usage: null }]);
    expect(emulator.requests).toHaveLength(1);
    const report = await keepwarm(["report", "--json"], env);
    expect(JSON.parse(report.stdout).total).toMatchObject({ preWarms: 1, preWarmReads: 0 });
  });

  it("sends nothing with --check, and says what is to be mended", async () => {
    const { prewarm, emulator } = await world([
      { name: "good", request: requestOf("good"), schedule: "4m" },
      { name: "short", request: requestOf("short", 10) },
      { name: "odd" },
    ]);
    const { code, stdout, stderr } = await prewarm("--check");
    expect(code).toBe(1);
    expect(stdout).toMatch(/^good +claude-opus-5-5 +5m +~1,000 +\$0\.005\d* +\$0\.000\d* +every 4m/m);
    expect(stdout).toMatch(/short: Its prefix has about 10 tokens/);
    expect(stdout).not.toContain("prewarmMaxUsdPerDay");
    const capped = await prewarm("--check", "--prewarm-max-usd-per-day", "0.01");
    expect(capped.stdout.replaceAll(/\s+/g, " ")).toMatch(
      /Intervals alone would cost \$0\.\d+ a day, and pre-warms may cost \$0\.01\d* in 24 hours/,
    );
    expect(stdout).toContain("No gateway is running, so this was not compared with what passes.");
    expect(stderr).toContain("odd: it needs one of request, file and module");
    expect(stderr).toContain("keepwarm: something in the catalogue is to be mended; it is said above");
    expect(emulator.requests).toEqual([]);
  });

  it("shows no table of nothing where no entry can be read", async () => {
    const { prewarm, emulator } = await world([{ name: "odd" }]);
    for (const args of [["--check"], []]) {
      const { code, stdout, stderr } = await prewarm(...args);
      expect([code, stdout]).toEqual([1, ""]);
      expect(stderr).toMatch(/keepwarm: there is no prefix in it that can be read\n$/);
    }
    expect(emulator.requests).toEqual([]);
  });

  it("keeps to its cap, which holds from one run to the next", async () => {
    const names = ["a", "b", "c", "d"];
    const { prewarm, emulator } = await world(names.map((name) => ({ name, request: requestOf(name) })));
    // $0.005 each, and a little more held back for what may come.
    const { code, stdout } = await prewarm("--prewarm-max-usd-per-day", "0.02", "--max-warms", "1");
    expect(code).toBe(1);
    expect(stdout).toMatch(/d: It may cost up to \$0\.0\d+, \$0\.01\d* are spent/);
    const sent = emulator.requests.length;
    expect(sent).toBeLessThan(4);
    await prewarm("--prewarm-max-usd-per-day", "0.02");
    expect(emulator.requests).toHaveLength(sent);
  });

  it("adds what a try may have cost that was never answered to what the next one did", async () => {
    const { prewarm, emulator, env } = await world();
    emulator.failNext({ status: 500, at: "disconnect" });
    const { code, stdout } = await prewarm("--json");
    expect(code).toBe(0);
    const [{ outcome, costUsd }] = JSON.parse(stdout);
    const { total } = JSON.parse((await keepwarm(["report", "--json"], env)).stdout);
    expect([outcome, costUsd]).toEqual(["wrote", expect.closeTo(total.spentUsd, 6)]);
    // $0.005 was the second.
    expect(costUsd).toBeGreaterThan(0.01);
  });

  it("takes no subscription's token, whatever is allowed", async () => {
    const { file, env, emulator } = await world();
    const { code, stderr } = await keepwarm(["prewarm", file], {
      ...env,
      ANTHROPIC_API_KEY: "sk-ant-oat01-own",
      KEEPWARM_ALLOW_SUBSCRIPTION: "true",
    });
    expect([code, emulator.requests]).toEqual([1, []]);
    expect(stderr).toBe(
      "keepwarm: ANTHROPIC_API_KEY holds a subscription's token: pre-warms need an API key (sk-ant-api…)\n",
    );
  });

  it("has a key of its own, and says what to do without one", async () => {
    const { prewarm, home, file, env, emulator } = await world();
    const { code, stderr } = await keepwarm(["prewarm", file], { ...env, ANTHROPIC_API_KEY: "" });
    expect(code).toBe(1);
    expect(stderr).toBe(
      "keepwarm: there is no key to pre-warm with: set ANTHROPIC_API_KEY, or prewarmKeyFile to a file that holds one\n",
    );
    const keyFile = join(home, "key");
    writeFileSync(keyFile, "sk-ant-api03-other\n");
    chmodSync(keyFile, 0o644);
    expect((await prewarm("--prewarm-key-file", keyFile)).stderr).toMatch(
      /others on this machine may read .* chmod 600/,
    );
    chmodSync(keyFile, 0o600);
    expect((await prewarm("--prewarm-key-file", keyFile)).code).toBe(0);
    expect(emulator.requests).toHaveLength(1);
  });

  it("fails with a sentence where there is no catalogue, or the API will not", async () => {
    const { prewarm, emulator, env } = await world();
    expect(await keepwarm(["prewarm"], env)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^keepwarm: name a catalogue/),
    });
    expect(await keepwarm(["prewarm", "/nowhere.json"], env)).toMatchObject({ code: 2 });
    emulator.failNext({ status: 401 });
    const { code, stdout, stderr } = await prewarm();
    expect(code).toBe(1);
    expect(stdout).toMatch(/reviewer: The API answered the warm with 401/);
    expect(stdout + stderr).not.toContain(KEY);
  });

  it("compares with what passes the running gateway, and says at which byte it differs", async () => {
    const { ask, directory } = await aService();
    await ask("ada");
    const env = { KEEPWARM_HOME: directory };
    const text = "The handbook of ada. ".repeat(1_500);
    const request = (changed: string) => ({
      model: "claude-opus-5-5",
      system: [{ type: "text", text: changed, cache_control: { type: "ephemeral" } }],
    });
    const file = join(directory, "personas.json");
    writeFileSync(
      file,
      JSON.stringify({
        prefixes: [
          { name: "same", request: request(text) },
          { name: "drifted", request: request(`${text.slice(0, 4_312)}#${text.slice(4_313)}`) },
          { name: "elsewhere", request: { ...request(text), model: "claude-sonnet-5-5" } },
        ],
      }),
    );
    const { code, stdout } = await keepwarm(["prewarm", file, "--check"], env);
    expect(code).toBe(1);
    expect(stdout).toContain(
      "drifted: Your traffic's system prompt differs at byte 4,312: this pre-warm would never hit.",
    );
    expect(stdout).toContain("1 of 3 would be read by what passed the gateway lately.");
    expect(stdout).toContain('elsewhere: Your traffic goes to "claude-opus-5-5"');
    expect(stdout).not.toContain("same: ");
  });

  it("does not take another persona's traffic for one that has drifted", async () => {
    const { ask, directory } = await aService();
    await ask("ada");
    const other = (model: string) => ({
      model,
      system: [
        {
          type: "text",
          text: "Nobody has begun with this. ".repeat(900),
          cache_control: { type: "ephemeral" },
        },
      ],
    });
    const prefixes = [
      { name: "unused", request: other("claude-opus-5-5") },
      { name: "unused-elsewhere", request: other("claude-sonnet-5-5") },
    ];
    const file = join(directory, "personas.json");
    writeFileSync(file, JSON.stringify({ prefixes }));
    const { code, stdout } = await keepwarm(["prewarm", file, "--check"], { KEEPWARM_HOME: directory });
    expect(stdout).not.toContain("would never hit");
    expect(stdout.replaceAll(/\s+/g, " ")).toContain(
      "unused: Nothing like it has passed the gateway lately, so whether it would be read is not known: what comes closest differs at byte 0 of the system prompt.",
    );
    expect(stdout).toContain("Nothing has passed the gateway lately that these could be compared with.");
    expect(code).toBe(0);
  });
});
