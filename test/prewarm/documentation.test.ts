import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { judge, readCatalogue, worthOf } from "../../src/prewarm/index.ts";
import { entryOf, requestOf } from "./entries.ts";

const page = readFileSync("docs/prewarming.md", "utf8");
const examples = [...page.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code = ""]) => code);

describe("the examples of docs/prewarming.md", () => {
  let folder = "";
  // Inside the project, so that what they import is found.
  beforeAll(() => {
    folder = mkdtempSync(resolve("node_modules/.prewarming-examples-"));
    examples.forEach((code, index) => {
      writeFileSync(join(folder, `example-${index}.ts`), code);
    });
    const options = {
      extends: resolve("tsconfig.json"),
      compilerOptions: {
        rootDir: resolve("."),
        paths: { "keepwarm/prewarm": [resolve("src/prewarm/cache/index.ts")] },
      },
      include: [],
      files: examples.map((_, index) => `example-${index}.ts`),
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(options));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("are of the types that the library has", () => {
    expect(examples.length).toBeGreaterThanOrEqual(3);
    const tsc = resolve("node_modules/typescript/bin/tsc");
    try {
      execFileSync(process.execPath, [tsc, "-p", folder], { encoding: "utf8" });
    } catch (error) {
      expect((error as { stdout: string }).stdout).toBe("");
    }
  }, 60_000);

  it.each(examples.map((code, index) => [index, code]))("print what they say: %i", async (index, code) => {
    const library = resolve("src/prewarm/cache/index.ts");
    const runnable = code.replaceAll('"keepwarm/prewarm"', JSON.stringify(`file://${library}`));
    const program = resolve(`test/prewarm/.example-${process.pid}-${index}.ts`);
    writeFileSync(program, runnable);
    try {
      const { stdout, stderr } = await promisify(execFile)(process.execPath, [program]);
      const said = [...code.matchAll(/\/\/ → (.*)$/gm)].flatMap(([, line = ""]) => line.split(" → "));
      expect([stdout.trim().split("\n"), stderr]).toEqual([said, ""]);
    } finally {
      rmSync(program);
    }
  });
});

describe("docs/prewarming.md", () => {
  it("has a catalogue that can be read, but for the files that are not there", async () => {
    const [, json = ""] = /^```json\n([\s\S]*?)^```/m.exec(page) ?? [];
    const folder = mkdtempSync(resolve("node_modules/.prewarming-catalogue-"));
    try {
      writeFileSync(join(folder, "planner.json"), JSON.stringify(requestOf("planner")));
      writeFileSync(join(folder, "tester.mjs"), `export default ${JSON.stringify(requestOf("tester"))};`);
      writeFileSync(join(folder, "all.json"), json);
      const { entries, problems } = await readCatalogue(join(folder, "all.json"));
      expect(problems).toEqual([]);
      expect(entries.map(({ name }) => name)).toEqual(["reviewer", "planner", "tester"]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("reckons as keepwarm does", () => {
    const rows = [...page.matchAll(/^\| (claude-[\w-]+) \|(.*)\|$/gm)].map(([, model = "", cells = ""]) => ({
      model,
      cells: cells.split("|").map((cell) => Number(cell.trim().replace("$", ""))),
    }));
    expect(rows).toHaveLength(5);
    for (const { model, cells } of rows) {
      const hour = (ttl: "5m" | "1h") => {
        const request = requestOf("a", 20_000, { model });
        const system = [{ ...request.system[0], cache_control: { type: "ephemeral", ttl } }];
        const { writeUsd, readUsd, facts } = judge(entryOf("a", { ...request, system }));
        const [w, r] = [writeUsd ?? 0, readUsd ?? 0];
        const ttlMs = facts?.ttlMs ?? 0;
        const { costUsd } = worthOf({
          writeUsd: w,
          readUsd: r,
          ttlMs,
          expectedStarts: 0,
          isWarm: false,
          latencyUsd: 0,
        });
        return [w, r, costUsd, costUsd / (w - r)] as const;
      };
      const [w5, r, hour5, from5] = hour("5m");
      const [w1, , hour1, from1] = hour("1h");
      const reckoned = [w5, r, hour5, from5, w1, hour1, from1];
      // As rounded as they stand there.
      for (const [index, value] of reckoned.entries())
        expect(Math.abs((cells[index] ?? 0) - value) / value, `${model}, ${index}`).toBeLessThan(0.06);
    }
  });
});
