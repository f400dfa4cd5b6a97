import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { SETTING_NAMES } from "../../src/config/index.ts";
import { keepwarm as run } from "../support/keepwarm-command.ts";

let home: string;
let file: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "keepwarm-config-"));
  file = join(home, "config.json");
  onTestFinished(() => rmSync(home, { recursive: true }));
});

const keepwarm = (args: string[], env = {}) => run(["config", ...args], { KEEPWARM_HOME: home, ...env });

describe("keepwarm config", () => {
  it("shows each setting's value and where it comes from", async () => {
    writeFileSync(file, '{\n  "host": "::1"\n}\n');
    const { code, stdout, stderr } = await keepwarm(["--port", "5000"], { KEEPWARM_LOG_LEVEL: "warn" });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const rows = stdout.split("\n").map((row) => row.split(/ {2,}/));
    expect(rows).toContainEqual(["setting", "value", "from"]);
    expect(rows).toContainEqual(["host", "::1", `${file}:2`]);
    expect(rows).toContainEqual(["port", "5000", "--port"]);
    expect(rows).toContainEqual(["logLevel", "warn", "KEEPWARM_LOG_LEVEL"]);
    expect(rows).toContainEqual(["ttl5m", "5m", "default"]);
    expect(rows).toContainEqual(["warmTokens", "not set", "default"]);
    for (const name of SETTING_NAMES) expect(rows.some(([first]) => first === name)).toBe(true);
    expect(stdout).toContain(`Config file: ${file}\n`);
    expect(stdout).not.toContain("\u001b");
  });

  it("shows where the file would be, and makes nothing", async () => {
    const { stdout } = await keepwarm([], { KEEPWARM_HOME: join(home, "none") });
    expect(stdout).toContain(`${join(home, "none", "config.json")} (not there yet`);
    expect(existsSync(join(home, "none"))).toBe(false);
  });

  it("shows the same to programs, as a config file would hold it", async () => {
    writeFileSync(file, '{ "ttl5m": "6s" }');
    const { stdout } = await keepwarm(["--json"], { KEEPWARM_ENABLE_NEW: "1" });
    const { file: shown, settings } = JSON.parse(stdout);
    expect(shown).toEqual({ path: file, exists: true });
    expect(Object.keys(settings)).toEqual([...SETTING_NAMES]);
    expect(settings.ttl5m).toEqual({
      value: "6s",
      origin: { from: "file", path: file, line: 1, key: "ttl5m" },
    });
    expect(settings.enableNew).toEqual({
      value: true,
      origin: { from: "environment", variable: "KEEPWARM_ENABLE_NEW" },
    });
    expect(settings.port).toEqual({ value: 4777, origin: { from: "default" } });
    expect(settings.warmTokens.value).toBeNull();
  });

  it("has colour where colour is wanted, and none where it is not", async () => {
    expect((await keepwarm([], { FORCE_COLOR: "1" })).stdout).toContain("\u001b[2m");
    expect((await keepwarm(["--help"], { NO_COLOR: "1" })).stdout).not.toContain("\u001b");
  });

  it("ends with 2 and names each thing that is wrong, one a line", async () => {
    writeFileSync(file, '{\n  "prot": 5000\n}\n');
    expect(await keepwarm([], { KEEPWARM_MAX_WARMS: "0" })).toEqual({
      code: 2,
      stdout: "",
      stderr: [
        `keepwarm: ${file}:2: there is no setting prot. Did you mean port?`,
        "keepwarm: KEEPWARM_MAX_WARMS must be a whole number from 1 to 1000, not 0.",
        "",
      ].join("\n"),
    });
  });
});

describe("a variable that begins as keepwarm's do and means nothing", () => {
  const env = { KEEPWARM_PROT: "5000", KEEPWARM_RUN_UPSTREAM: "http://127.0.0.1:1", KEEPWARM_HOST: "::1" };
  const SAID = "keepwarm: KEEPWARM_PROT is no setting, and does nothing. Did you mean KEEPWARM_PORT?\n";

  it.each([[[]], [["--json"]], [["get", "port"]]])("is named by keepwarm config %j", async (args) => {
    const { code, stdout, stderr } = await keepwarm(args, env);
    expect({ code, stderr }).toEqual({ code: 0, stderr: SAID });
    expect(stdout).toContain("4777");
    expect(stdout).not.toContain("PROT");
  });

  it("is nothing where it is empty", async () => {
    expect((await keepwarm([], { KEEPWARM_PROT: "" })).stderr).toBe("");
  });
});

describe("changing the config file", () => {
  it("sets, gets and unsets", async () => {
    expect(await keepwarm(["set", "port", "5000"])).toEqual({
      code: 0,
      stdout: `Stored port 5000 in ${file}.\n`,
      stderr: "",
    });
    expect((await keepwarm(["get", "port"])).stdout).toBe("5000\n");
    expect((await keepwarm(["set", "port", "5000"])).stdout).toBe(
      `Nothing to change in ${file}: port is 5000 there already.\n`,
    );
    expect((await keepwarm(["unset", "port"])).stdout).toBe(
      `port is taken out of ${file}. It is 4777 now, the default.\n`,
    );
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({});
    expect((await keepwarm(["get", "port"])).stdout).toBe("4777\n");
    expect((await keepwarm(["get", "prices"])).stdout).toBe("\n");
  });

  it("says when the environment goes before what was stored", async () => {
    const { stdout } = await keepwarm(["set", "port", "5000"], { KEEPWARM_PORT: "6000" });
    expect(stdout).toBe(
      `Stored port 5000 in ${file}. KEEPWARM_PORT is set, though, and goes before the file.\n`,
    );
  });

  it("says what holds once a setting is taken out, or was never in", async () => {
    writeFileSync(file, '{ "prot": 5000, "tier": "1h" }');
    expect((await keepwarm(["unset", "tier"])).stdout).toBe(`tier is taken out of ${file}.\n`);
    expect((await keepwarm(["unset", "prot"])).stdout).toBe(`prot is taken out of ${file}.\n`);
    expect((await keepwarm(["unset", "tier"])).stdout).toBe(
      `tier is not in ${file}: nothing was changed. It is not set, the default.\n`,
    );
    writeFileSync(file, '{ "port": 5000 }');
    expect((await keepwarm(["unset", "port"], { KEEPWARM_PORT: "6000" })).stdout).toBe(
      `port is taken out of ${file}. It is 6000 now, from KEEPWARM_PORT.\n`,
    );
  });

  it("gets what would be in force with a flag, and takes none for what it stores", async () => {
    expect((await keepwarm(["--port", "5000", "get", "port"])).stdout).toBe("5000\n");
    expect((await keepwarm(["--enable-new", "get", "enableNew"])).stdout).toBe("true\n");
    for (const args of [
      ["--port", "5000", "set", "port", "6000"],
      ["--json", "--port", "1", "unset", "port"],
      ["--enable-new", "set", "port", "6000"],
      ["--json", "get", "port"],
    ]) {
      const { code, stdout, stderr } = await keepwarm(args);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      const given = args.filter((arg) => arg.startsWith("--"));
      expect(stderr).toContain(` does nothing with ${given.toSorted().join(" and ")}: leave it out.`);
    }
    expect(existsSync(file)).toBe(false);
  });

  it.each([
    [["set", "prot", "1"], "there is no setting prot. Did you mean port?"],
    [
      ["set", "port", "many"],
      'port must be a whole number from 0 (any port that is free) to 65535, not "many".',
    ],
    [["set", "ttl5m", "2h"], "nothing was stored: ttl5m (2h, "],
    [["set", "consolePort", "4777"], "nothing was stored: port (default) and consolePort ("],
    [["set", "prices", "/nope.json"], "the prices in /nope.json cannot be used: ENOENT"],
    [["get", "prot"], "there is no setting prot. Did you mean port?"],
    [["set", "port"], "config set needs a <value>"],
    [["port"], "config takes no arguments (port)"],
  ])("ends with 2 and says what is wrong: keepwarm config %s", async (args, said) => {
    const { code, stdout, stderr } = await keepwarm(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr.startsWith(`keepwarm: ${said}`)).toBe(true);
    expect(existsSync(file)).toBe(false);
  });

  it("puts right one by one what is wrong already", async () => {
    writeFileSync(file, '{ "ttl5m": "2h", "port": "many" }');
    expect(await keepwarm(["set", "port", "5000"])).toMatchObject({ code: 0, stderr: "" });
    expect(await keepwarm(["set", "ttl1h", "3h"])).toMatchObject({ code: 0, stderr: "" });
    expect((await keepwarm(["get", "ttl5m"])).stdout).toBe("2h\n");
  });

  it("calls the file the same in every sentence, from the person's home", async () => {
    const env = { HOME: home, KEEPWARM_HOME: join(home, "kw") };
    expect((await keepwarm(["set", "port", "5000"], env)).stdout).toBe(
      "Stored port 5000 in ~/kw/config.json.\n",
    );
    expect((await keepwarm([], env)).stdout).toContain("Config file: ~/kw/config.json\n");
    writeFileSync(join(home, "kw", "config.json"), '{ "port": "many" }');
    expect((await keepwarm([], env)).stderr).toMatch(/^keepwarm: ~\/kw\/config\.json:1: port must be/);
  });

  it("leaves a broken file alone", async () => {
    writeFileSync(file, '{\n "port": 5000');
    const { code, stderr } = await keepwarm(["set", "port", "1"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(new RegExp(`^keepwarm: ${file}:2: this is not JSON: close brace expected`));
    expect(readFileSync(file, "utf8")).toBe('{\n "port": 5000');
  });
});
