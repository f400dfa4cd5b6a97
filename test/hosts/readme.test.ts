/** The README names the agents that are driven here, and no others. */
import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { ROW_NAMES, readme, tableText } from "./support/row.ts";

describe("the README's table of agents", () => {
  it("says of each what is driven, and of no other", () => {
    expect(readme()).toContain(`\n\n${tableText()}\n`);
  });

  it("has no row that no run prints", () => {
    const folder = resolve("test/hosts");
    const tests = readdirSync(folder).filter((name) => name.endsWith(".test.ts"));
    const runs = tests.map((name) => readFileSync(resolve(folder, name), "utf8")).join();
    for (const name of ROW_NAMES) expect(runs).toContain(`showRow("${name}", {`);
  });
});
