import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { SETTING_NAMES, SETTINGS, valueText, variableOf } from "../../src/config/index.ts";

const page = readFileSync("docs/configuration.md", "utf8");

describe("docs/configuration.md", () => {
  it("has every setting as it is", () => {
    const rows = SETTING_NAMES.map((name) => {
      const { kind, default: value, description } = SETTINGS[name];
      const shown = value === undefined ? "not set" : `\`${valueText(name, value)}\``;
      return `| \`${name}\` | ${kind.allowed} | ${shown} | \`${variableOf(name)}\` | ${description} |\n`;
    });
    const [, settings = ""] = page.split("## Settings\n");
    const [, table = ""] = settings.split(/^\|---.*\n/m);
    expect(table.slice(0, table.indexOf("\n\n") + 1)).toBe(rows.join(""));
  });
});
