import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  ConfigError,
  DEFAULT_SETTINGS,
  type Environment,
  loadConfig,
  settingsInHost,
} from "../../src/config/index.ts";
import { toMs as inHost } from "../../src/config/to-ms.in-host.ts";
import { toMs } from "../../src/config/to-ms.ts";

function home(config?: string): Environment {
  const folder = mkdtempSync(join(tmpdir(), "keepwarm-in-host-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  if (config !== undefined) writeFileSync(join(folder, "config.json"), config);
  return { KEEPWARM_HOME: folder };
}

describe("durations inside another program", () => {
  const UNITS =
    "ms msec msecs millisecond milliseconds s sec secs second seconds m min mins minute minutes h hr hrs hour hours d day days w week weeks y yr yrs year years";

  it.each([...UNITS.split(" "), "", "mss", "mi", "se", "hou", "ho", "month", "mo", "x"])(
    "are those of everywhere: 4%s",
    (unit) => {
      for (const text of [
        `4${unit}`,
        `1.5 ${unit}`,
        `4${unit.toUpperCase()}`,
        `.5${unit}`,
        `4.${unit}`,
        `-4${unit}`,
      ]) {
        expect([text, inHost(text)]).toEqual([text, toMs(text)]);
      }
    },
  );
});

describe("settings inside another program", () => {
  it.each([
    ["nothing", undefined, {}],
    ["an empty file", "", {}],
    ["a file", '{ "keepWarm": "2h", "maxUsdPerDay": 1.5, "ttl5m": "6s", "port": 1 }', {}],
    [
      "comments",
      '// mine\n{ /* a */ "keepWarm": "30m", // "no"\n "prices": "a//b.json", "upstream": "https://x.example/*a*/" }',
      {},
    ],
    ["a byte order mark", '\uFEFF{ "enableNew": true }', {}],
    [
      "the environment",
      '{ "keepWarm": "2h" }',
      { KEEPWARM_KEEP_WARM: "always", KEEPWARM_TTL_5M: "6s", KEEPWARM_ENABLE_NEW: "1" },
    ],
    ["a path in the environment", undefined, { KEEPWARM_PRICES: "prices.json" }],
    ["an empty variable", undefined, { KEEPWARM_KEEP_WARM: "" }],
  ])("are the same as everywhere: %s", (_, config, variables) => {
    const env = { ...home(config), ...variables };
    expect(settingsInHost(env)).toEqual(loadConfig({ env }).settings);
  });

  it.each([
    ["a wrong value", '{ "maxUsdPerDay": "much" }', {}, /maxUsdPerDay in .*config\.json makes no sense/],
    ["an unknown setting", '{ "maxUsdPerMonth": 1 }', {}, /config\.json makes no sense/],
    [
      "a wrong variable",
      undefined,
      { KEEPWARM_MAX_USD_PER_DAY: "much" },
      /maxUsdPerDay in the environment makes no sense/,
    ],
    ["no JSON", "{ nonsense", {}, /config\.json is no JSON/],
    ["a list", "[]", {}, /config\.json is no JSON/],
    [
      "a file that was chosen and is not there",
      undefined,
      { KEEPWARM_CONFIG: "/nowhere/config.json" },
      /cannot be read/,
    ],
  ])("are refused where they are refused everywhere: %s", (_, config, variables, message) => {
    const env = { ...home(config), ...variables };
    expect(() => loadConfig({ env })).toThrow(ConfigError);
    expect(() => settingsInHost(env)).toThrow(message);
  });

  it("are the defaults where nobody chose", () => {
    expect(settingsInHost(home())).toEqual(DEFAULT_SETTINGS);
  });

  it("are refused where the file is a folder", () => {
    const env = home();
    mkdirSync(join(String(env.KEEPWARM_HOME), "config.json"));
    expect(() => settingsInHost(env)).toThrow(/cannot be read/);
  });
});
