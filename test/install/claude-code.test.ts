/** keepwarm's mod and status line in Claude Code's own settings, and out of them again. */
import { join } from "node:path";
import { parse } from "jsonc-parser";
import { describe, expect, it } from "vitest";
import { HOST_PLUGINS, install, uninstall } from "../../src/install/index.ts";
import { home } from "./world.ts";

const claudeCode = HOST_PLUGINS.find(({ id }) => id === "claude-code");
if (claudeCode === undefined) throw new Error("Claude Code is not among them");

const TEXTS = [
  null,
  "",
  "{}",
  '{\n  "model": "opus",\n  "env": { "A": "1" }\n}\n',
  '{\r\n\t"hooks": {},\r\n\t"permissions": { "allow": [] }\r\n}',
  '{ "statusLine": { "type": "command", "command": "mine" } }',
  '{\n  // mine\n  "extraKnownMarketplaces": { "a": {} },\n  "enabledPlugins": {\n    "x@a": false, // not now\n  },\n}\n',
];

function inClaudeCode() {
  const { options, ...others } = home();
  const env = { CLAUDE_CONFIG_DIR: join(others.config, "..") };
  return {
    ...others,
    options: { ...options, plugin: claudeCode ?? options.plugin, env, hostVersion: "2.1.328" },
  };
}

describe("keepwarm in Claude Code", () => {
  it.each(TEXTS)("leaves settings of %j byte for byte as they were", async (text) => {
    const { options, write, snapshot, read } = inClaudeCode();
    if (text !== null) write(text);
    const before = snapshot();
    await install(options);
    const { statusLine, extraKnownMarketplaces, enabledPlugins } = parse(read());
    const path = join(options.stateDirectory, "plugins", "claude-code");
    expect(extraKnownMarketplaces.keepwarm).toEqual({ source: { source: "directory", path } });
    expect(enabledPlugins["keepwarm@keepwarm"]).toBe(true);
    const script = join(options.stateDirectory, "plugins", "claude-code", "statusline.mjs");
    expect(statusLine.command).toBe(text?.includes('"mine"') ? "mine" : `node "${script}"`);
    await install(options);
    await uninstall(options);
    expect(snapshot()).toEqual(before);
  });

  it("says whose status line there is from now on", async () => {
    const { options, write } = inClaudeCode();
    expect((await install({ ...options, dryRun: true })).notes).toEqual([
      "In such a run its status line tells what is kept warm.",
    ]);
    write('{ "statusLine": { "type": "command", "command": "mine" } }');
    expect((await install(options)).notes).toEqual([
      expect.stringMatching(/^You have a status line of your own/),
    ]);
  });

  it("has no mod in a version that takes none", async () => {
    const { options, read } = inClaudeCode();
    await install({ ...options, hostVersion: "2.1.197" });
    expect(Object.keys(parse(read()))).toEqual(["statusLine"]);
  });

  it("leaves what its person has changed since", async () => {
    const { options, write, read } = inClaudeCode();
    write('{\n  "model": "opus"\n}\n');
    await install(options);
    write(read().replace('"opus"', '"sonnet"'));
    await uninstall(options);
    expect(read()).toBe('{\n  "model": "sonnet"\n}\n');
  });
});
