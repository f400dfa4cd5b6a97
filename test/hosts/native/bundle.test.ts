import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { buildHost } from "../../../scripts/host-bundles.ts";
import { createEmulator } from "../../../src/emulator/index.ts";
import { newStateDirectory } from "./world.ts";

describe("what plugins share, built as a plugin is", () => {
  let folder = "";
  let file = "";
  let inputs: string[] = [];
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "keepwarm-bundle-"));
    const metafile = await buildHost(
      {
        host: "none",
        entries: { program: "test/hosts/native/program.ts" },
        esbuild: { outExtension: { ".js": ".mjs" } },
      },
      folder,
    );
    file = join(folder, "program.mjs");
    inputs = Object.values(metafile.outputs).flatMap((output) =>
      Object.entries(output.inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
    );
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("leaves room for the plugin itself in 200 kB", () => {
    expect(statSync(file).size).toBeLessThan(191_500);
  });

  it("loads no SQLite, no SDK, and no HTTP", () => {
    const imported = [...readFileSync(file, "utf8").matchAll(/from"(node:[\w/]+)"/g)].map(([, name]) => name);
    expect(imported.length).toBeGreaterThan(3);
    expect(imported.filter((name) => /sqlite|http|child_process|worker/.test(name ?? ""))).toEqual([]);
    expect(
      inputs.filter((path) => /@anthropic-ai|hono|commander|jsonc-parser|zod\/v4\/classic/.test(path)),
    ).toEqual([]);
  });

  it("keeps warm, and books what it did", async () => {
    const emulator = createEmulator({});
    const { url } = await emulator.listen();
    onTestFinished(() => emulator.close());
    const env = { PATH: process.env.PATH, KEEPWARM_HOME: newStateDirectory() };
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [file, url], { env });
    expect(stdout).toMatch(/^warm 4:\d\d\n$/);
    expect(stderr).toBe("");
  });
});
