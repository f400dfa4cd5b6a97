import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { settingsOf, withSettings } from "../../src/cli/setting-options.ts";
import {
  ConfigError,
  flagOf,
  SETTING_NAMES,
  SETTINGS,
  type Settings,
  valueText,
} from "../../src/config/index.ts";

let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "keepwarm-flags-"));
  vi.stubEnv("KEEPWARM_HOME", home);
  vi.stubEnv("KEEPWARM_CONFIG", undefined);
  onTestFinished(() => {
    vi.unstubAllEnvs();
    rmSync(home, { recursive: true });
  });
});

function settingsWith(...args: string[]): Settings {
  const command = withSettings(new Command("start"), SETTING_NAMES).action(() => {});
  command.parse(args, { from: "user" });
  return settingsOf(command).settings;
}

describe("a command's flags for settings", () => {
  it("go before the environment and the file, and only where they were given", () => {
    writeFileSync(join(home, "config.json"), '{ "port": 1, "consolePort": 2, "host": "::1" }');
    vi.stubEnv("KEEPWARM_PORT", "3");
    vi.stubEnv("KEEPWARM_CONSOLE_PORT", "4");
    expect(settingsWith("--port", "5")).toMatchObject({ port: 5, consolePort: 4, host: "::1" });
  });

  it("take each setting's own default, and give it back", () => {
    for (const name of SETTING_NAMES) {
      const value = SETTINGS[name].default;
      if (value === undefined || typeof value === "boolean") continue;
      expect(settingsWith(flagOf(name), valueText(name, value))[name]).toBe(value);
    }
  });

  it("switch on, or off what the file switched on", () => {
    expect(settingsWith("--enable-new").enableNew).toBe(true);
    writeFileSync(join(home, "config.json"), '{ "enableNew": true }');
    expect(settingsWith().enableNew).toBe(true);
    expect(settingsWith("--no-enable-new").enableNew).toBe(false);
  });

  it("are refused by their own name when they are wrong", () => {
    expect(() => settingsWith("--log-level", "loud")).toThrow(ConfigError);
    expect(() => settingsWith("--log-level", "loud")).toThrow(/^--log-level must be silent, error/);
  });
});
