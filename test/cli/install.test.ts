import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { pluginFindings } from "../../src/cli/doctor/plugins.ts";
import {
  installPlugin,
  listPlugins,
  type Surroundings,
  uninstallPlugin,
} from "../../src/cli/install/index.ts";
import { home } from "../install/world.ts";
import { keepwarm } from "../support/keepwarm-command.ts";

/** A machine with an agent on it, and what a person reads there. */
function machine(version = "1.4.0") {
  const world = home();
  const bin = join(world.folder, "bin");
  mkdirSync(bin);
  if (version !== "") writeFileSync(join(bin, "robot"), `#!/bin/sh\necho "${version}"\n`, { mode: 0o755 });
  const lines: string[] = [];
  const surroundings: Surroundings = {
    plugins: [{ ...world.plugin, since: "1.2.0", afterwards: ["Start robot anew."] }],
    filesOf: () => join(world.folder, "built"),
    stateDirectory: world.options.stateDirectory,
    version: "0.1.0",
    env: { PATH: `${bin}:${process.env.PATH}` },
    dryRun: false,
    force: false,
    print: (line) => lines.push(line),
  };
  const said = async (act: () => Promise<void>) => {
    lines.length = 0;
    await act();
    return lines.join("\n");
  };
  return {
    ...world,
    surroundings,
    install: (over: Partial<Surroundings> = {}) =>
      said(() => installPlugin("robot", { ...surroundings, ...over })),
    uninstall: (over: Partial<Surroundings> = {}) =>
      said(() => uninstallPlugin("robot", { ...surroundings, ...over })),
    list: () => said(() => listPlugins(surroundings)),
    doctor: (version = "0.1.0") =>
      pluginFindings(surroundings.stateDirectory, version, surroundings.plugins)[0],
  };
}

describe("keepwarm install", () => {
  it("says that it is done, and what comes next, once", async () => {
    const here = machine();
    expect(await here.install()).toBe("keepwarm is installed in Robot.\nStart robot anew.");
    expect(await here.install()).toBe("keepwarm was installed in Robot already.");
    expect(await here.uninstall()).toBe("keepwarm is no longer in Robot.");
    expect(await here.uninstall()).toBe("keepwarm was not installed in Robot.");
  });

  it("shows with --dry-run what would change, and changes nothing", async () => {
    const here = machine();
    here.write('{\n  "theme": "dark"\n}\n');
    expect(await here.install({ dryRun: true })).toBe(
      [
        `would put its files into ${here.pluginDirectory}`,
        `would change ${here.config}`,
        '  -   "theme": "dark"',
        '  +   "theme": "dark",',
        '  +   "plugin": [',
        `  +     ${JSON.stringify(here.pluginDirectory)}`,
        "  +   ]",
      ].join("\n"),
    );
    expect(here.read()).toBe('{\n  "theme": "dark"\n}\n');
    await here.install();
    expect(await here.uninstall({ dryRun: true })).toContain(`would remove ${here.pluginDirectory}`);
    expect(existsSync(here.pluginDirectory)).toBe(true);
    await here.uninstall();
    expect(await here.uninstall({ dryRun: true })).toBe("Nothing would change.");
  });

  it("puts its entry into settings of one line without breaking them up", async () => {
    const here = machine();
    here.write('{"theme":"dark","keys":{"a":1}}\n');
    await here.install();
    expect(here.read()).toBe(
      `{"theme":"dark","keys":{"a":1},"plugin": [${JSON.stringify(here.pluginDirectory)}]}\n`,
    );
    await here.uninstall();
    expect(here.read()).toBe('{"theme":"dark","keys":{"a":1}}\n');
  });

  it("refuses an agent that is not there, or too old, unless it is forced to", async () => {
    const none = machine("");
    await expect(none.install()).rejects.toThrow("robot is not on the PATH: install Robot first");
    const old = machine("1.1.9");
    await expect(old.install()).rejects.toThrow("Robot is 1.1.9, and the plugin works from 1.2.0 on");
    expect(await old.install({ force: true })).toContain("is installed");
  });

  it("lists the agents there are", async () => {
    const here = machine();
    expect(await here.list()).toMatch(/^install +agent +here +needs at least +keepwarm/);
    expect((await here.list()).split("\n").at(-1)).toMatch(/^robot +Robot +1\.4\.0 +1\.2\.0 +not installed$/);
    await here.install();
    expect((await here.list()).split("\n").at(-1)).toMatch(/ installed$/);
  });

  it("asks for one that there is", async () => {
    const { code, stderr } = await keepwarm(["install", "nothing-like-it"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^keepwarm: there is no plugin for "nothing-like-it"\./);
  });
});

describe("keepwarm doctor", () => {
  it("is silent about what is not installed, and content with what is", async () => {
    const here = machine();
    expect(here.doctor()).toBeUndefined();
    await here.install();
    expect(here.doctor()).toMatchObject({ about: "plugin for Robot", state: "good" });
  });

  it("says when a plugin is of another version, its entry is gone, or its files are", async () => {
    const here = machine();
    await here.install();
    expect(here.doctor("0.2.0")).toMatchObject({ state: "note", says: "it is that of keepwarm 0.1.0" });
    here.write("{}");
    expect(here.doctor()).toMatchObject({ state: "wrong", says: `its entry is missing from ${here.config}` });
    await here.install();
    expect(here.doctor()).toMatchObject({ state: "good" });
    await here.uninstall();
    expect(here.doctor()).toBeUndefined();
  });
});
