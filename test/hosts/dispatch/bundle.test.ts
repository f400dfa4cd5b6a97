import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { buildHost, HOST_BUNDLES } from "../../../scripts/host-bundles.ts";
import { setUp } from "./world.ts";

describe("the extension as it is shipped", () => {
  const folder = mkdtempSync(join(tmpdir(), "keepwarm-dispatch-bundle-"));
  const file = join(folder, "index.js");
  beforeAll(async () => {
    const bundle = HOST_BUNDLES.find(({ host }) => host === "dispatch");
    if (bundle === undefined) throw new Error("it is not built");
    await buildHost(bundle, folder);
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("is one file of less than 200 kB that imports nothing but what its engine has", () => {
    expect(statSync(file).size).toBeLessThan(200_000);
    const imported = [...readFileSync(file, "utf8").matchAll(/from ?"([^"]+)"/g)].map(([, name]) => name);
    expect(imported.length).toBeGreaterThan(3);
    expect(imported.filter((name) => !name?.startsWith("node:"))).toEqual([]);
    expect(imported).not.toContain("node:sqlite");
  });

  it("is what Dispatch looks for in a module, by each of the names that it looks for", async () => {
    vi.stubEnv("KEEPWARM_HOME", folder);
    onTestFinished(() => void vi.unstubAllEnvs());
    const module = await import(pathToFileURL(file).href);
    expect(module.default).toBe(module.extension);
    expect(module.extension.manifest).toMatchObject({ id: "cache-warming", version: "0.1.0" });
    expect(module.manifest).toBe(module.extension.manifest);
    expect([typeof module.activate, typeof module.deactivate]).toEqual(["function", "function"]);
    const { kernel, providers } = await setUp({ extension: module.extension });
    expect([...kernel.disabled]).toEqual([]);
    expect([...providers.keys()]).toEqual(["cache-warming"]);
  });
});
