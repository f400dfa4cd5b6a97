import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { HOST_PLUGINS, install, uninstall } from "../../src/install/index.ts";

function machine() {
  const home = mkdtempSync(join(tmpdir(), "keepwarm-install-"));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const folder = join(home, ".config", "opencode");
  const files = join(home, "built");
  mkdirSync(files);
  writeFileSync(join(files, "server.js"), "export {};\n");
  const [plugin] = HOST_PLUGINS.filter(({ id }) => id === "opencode");
  if (plugin === undefined) throw new Error("no such plugin");
  const stateDirectory = join(home, "state");
  const options = {
    plugin,
    env: { HOME: home },
    stateDirectory,
    version: "0.1.0",
    hostVersion: "1.18.33",
    files,
  };
  const spec = pathToFileURL(join(stateDirectory, "plugins", "opencode")).href;
  return { folder, spec, install: () => install(options), uninstall: () => uninstall(options) };
}

it("names the plugin in OpenCode's settings and in those of its terminal, and takes both out again", async () => {
  const here = machine();
  await here.install();
  for (const name of ["opencode.json", "tui.json"])
    expect(JSON.parse(readFileSync(join(here.folder, name), "utf8"))).toEqual({ plugin: [here.spec] });
  await here.uninstall();
  expect(existsSync(here.folder)).toBe(false);
});

it("adds to the spelling that its person has, and gives it back byte for byte", async () => {
  const here = machine();
  mkdirSync(here.folder, { recursive: true });
  const text = '{\n  // mine\n  "model": "anthropic/claude-sonnet-4-5",\n  "plugin": ["theirs"],\n}\n';
  const file = join(here.folder, "opencode.jsonc");
  writeFileSync(file, text);
  await here.install();
  expect(readFileSync(file, "utf8")).toContain(JSON.stringify(here.spec));
  expect(existsSync(join(here.folder, "opencode.json"))).toBe(false);
  writeFileSync(file, readFileSync(file, "utf8").replace("mine", "still mine"));
  await here.uninstall();
  expect(readFileSync(file, "utf8")).toBe(text.replace("mine", "still mine"));
});
