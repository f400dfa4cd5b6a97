import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { home } from "./world.ts";

const CONFIGS: Readonly<Record<string, string>> = {
  "an empty object": "{}",
  "an empty list": '{\n  "plugin": []\n}\n',
  "other plugins": '{\n  "plugin": ["a", "b"],\n  "theme": "dark"\n}\n',
  "one plugin a line": '{\n  "plugin": [\n    "a",\n    "b"\n  ]\n}\n',
  "no line break at its end": '{\n  "theme": "dark"\n}',
  comments: '// mine\n{\n  /* of old */ "theme": "dark", // not light\n  // the end\n}\n',
  "comments in the list":
    '{\n  "plugin": [\n    // first\n    "a", // because\n    /* second */ "b"\n    // more?\n  ]\n}\n',
  "trailing commas": '{\n  "plugin": ["a", "b",],\n  "theme": "dark",\n}\n',
  "Windows line ends": '{\r\n  "theme": "dark",\r\n  "plugin": [\r\n    "a"\r\n  ]\r\n}\r\n',
  tabs: '{\n\t"theme": "dark",\n\t"plugin": [\n\t\t"a"\n\t]\n}\n',
  "eight spaces": '{\n        "theme": "dark"\n}\n',
  "one line": '{"theme":"dark","plugin":["a"]}',
  "a byte order mark": '\uFEFF{\n  "theme": "dark"\n}\n',
  "other alphabets": '{\n  "name": "Zoë 👩‍🚀 日本",\n  "esc": "\\u00e9\\n"\n}\n',
  "odd spaces": '{ "theme"  :   "dark"   ,\n\n\n   "n" :1 }\n\n\n',
  nothing: "",
  "only line breaks": "\n\n",
};

describe("installing and uninstalling", () => {
  for (const [name, text] of Object.entries(CONFIGS)) {
    it(`leaves a file with ${name} byte for byte as it was`, async () => {
      const world = home();
      world.write(text);
      const before = world.snapshot();
      await world.install();
      expect(world.read()).toContain(JSON.stringify(world.pluginDirectory));
      await world.uninstall();
      expect(world.snapshot()).toEqual(before);
    });
  }

  it("copies nothing of the person's that it only adds to", async () => {
    const world = home();
    world.write('{\n  "plugin": [["theirs", { "apiKey": "sesame" }]]\n}\n');
    await world.install();
    const receipt = join(world.folder, "state", "installed", "robot.json");
    expect(readFileSync(receipt, "utf8")).not.toContain("sesame");
    expect(world.read()).toContain('[["theirs", { "apiKey": "sesame" }], "');
    await world.uninstall();
    expect(world.read()).toBe('{\n  "plugin": [["theirs", { "apiKey": "sesame" }]]\n}\n');
  });

  it("removes a file and the folders that were made for it", async () => {
    const world = home();
    const before = world.snapshot();
    await world.install();
    expect(JSON.parse(world.read())).toEqual({ plugin: [world.pluginDirectory] });
    await world.uninstall();
    expect(world.snapshot()).toEqual(before);
    expect(existsSync(join(world.folder, "agent"))).toBe(false);
  });

  it("leaves a folder in place that something else is in by now", async () => {
    const world = home();
    await world.install();
    world.write("mine", join(world.folder, "agent", "notes.txt"));
    await world.uninstall();
    expect(existsSync(world.config)).toBe(false);
    expect(existsSync(join(world.folder, "agent", "notes.txt"))).toBe(true);
  });

  it("keeps a link a link, and changes what it leads to", async () => {
    const world = home();
    const real = join(world.folder, "dotfiles", "settings.json");
    world.write('{ "theme": "dark" }\n', real);
    mkdirSync(join(world.folder, "agent"));
    symlinkSync(real, world.config);
    await world.install();
    expect(lstatSync(world.config).isSymbolicLink()).toBe(true);
    expect(readFileSync(real, "utf8")).toContain("plugin");
    await world.uninstall();
    expect(lstatSync(world.config).isSymbolicLink()).toBe(true);
    expect(readFileSync(real, "utf8")).toBe('{ "theme": "dark" }\n');
  });

  it("keeps the file's mode", async () => {
    const world = home();
    world.write("{}");
    chmodSync(world.config, 0o640);
    await world.install();
    expect(lstatSync(world.config).mode & 0o777).toBe(0o640);
    await world.uninstall();
    expect(lstatSync(world.config).mode & 0o777).toBe(0o640);
  });

  it("changes several files and entries, and each goes back", async () => {
    const world = home((file, plugin) => [
      { kind: "add", file, path: ["plugins", "load", "paths"], value: plugin },
      { kind: "set", file, path: ["plugins", "entries", "keepwarm"], value: { enabled: true } },
      { kind: "set", file, path: ["statusLine"], value: { type: "command", command: "keepwarm statusline" } },
      { kind: "add", file: join(file, "..", "tui.json"), path: ["plugin"], value: [plugin, { key: "w" }] },
    ]);
    world.write(
      '{\n  "statusLine": { "type": "command", "command": "mine" }, // mine\n  "plugins": { "entries": {} }\n}\n',
    );
    const before = world.snapshot();
    await world.install();
    expect(world.read()).toContain("keepwarm statusline");
    await world.uninstall();
    expect(world.snapshot()).toEqual(before);
  });

  it("leaves what the person has in a place that is only to be filled", async () => {
    const world = home((file) => [{ kind: "set-if-missing", file, path: ["statusLine"], value: "ours" }]);
    world.write('{ "statusLine": "theirs" }');
    await world.install();
    expect(world.read()).toBe('{ "statusLine": "theirs" }');
    await world.uninstall();
    expect(world.read()).toBe('{ "statusLine": "theirs" }');
  });
});

describe("installing twice", () => {
  it("changes nothing the second time", async () => {
    const world = home();
    world.write('{\n  "theme": "dark"\n}\n');
    const before = world.snapshot();
    await world.install();
    const once = world.read();
    expect((await world.install()).files).toEqual([]);
    expect(world.read()).toBe(once);
    await world.uninstall();
    expect(world.snapshot()).toEqual(before);
  });

  it("replaces the entries of an older version, and all of it goes back", async () => {
    let value = "old";
    const world = home((file) => [{ kind: "add", file, path: ["plugin"], value }]);
    world.write('{\n  "plugin": ["a"]\n}\n');
    await world.install();
    value = "new";
    await world.install({ version: "0.2.0" });
    expect(JSON.parse(world.read())).toEqual({ plugin: ["a", "new"] });
    await world.uninstall();
    expect(world.read()).toBe('{\n  "plugin": ["a"]\n}\n');
  });

  it("brings new files along", async () => {
    const world = home();
    await world.install();
    world.write("export const two = 2;\n", join(world.folder, "built", "index.js"));
    await world.install({ version: "0.2.0" });
    expect(world.read(join(world.pluginDirectory, "index.js"))).toContain("two");
  });

  it("uninstalling twice does nothing the second time", async () => {
    const world = home();
    world.write('{ "theme": "dark" }');
    await world.install();
    await world.uninstall();
    expect(await world.uninstall()).toEqual({ files: [], directory: null, notes: [] });
    expect(world.read()).toBe('{ "theme": "dark" }');
  });
});

describe("an edit of the person's in between", () => {
  const BEFORE = '{\n  // mine\n  "plugin": [\n    "a"\n  ],\n  "theme": "dark"\n}\n';
  const EDITS: Readonly<Record<string, (text: string) => string>> = {
    "before our entry": (text) => text.replace("// mine", "// mine, still"),
    "after our entry": (text) => text.replace('"dark"', '"light"'),
    "in the same list, first": (text) => text.replace('"a"', '"z",\n    "a"'),
    "to the line before ours": (text) => text.replace('"a"', '"b"'),
  };
  for (const [where, edit] of Object.entries(EDITS)) {
    it(`stays: ${where}`, async () => {
      const world = home();
      world.write(BEFORE);
      await world.install();
      world.write(edit(world.read()));
      await world.uninstall();
      expect(world.read()).toBe(edit(BEFORE));
    });
  }

  it("stays when it is behind ours in the same list", async () => {
    const world = home();
    world.write('{ "plugin": ["a"] }');
    await world.install();
    const ours = JSON.stringify(world.pluginDirectory);
    world.write(world.read().replace(ours, `${ours}, "late" /* mine */`));
    await world.uninstall();
    expect(world.read()).toContain('"late" /* mine */');
    expect(world.read()).not.toContain(ours);
  });

  it("stays when it is in the list that came with ours", async () => {
    const world = home();
    world.write("{}");
    await world.install();
    const ours = JSON.stringify(world.pluginDirectory);
    world.write(world.read().replace(ours, `${ours}, "late"`));
    await world.uninstall();
    expect(JSON.parse(world.read())).toEqual({ plugin: ["late"] });
  });

  it("stays when a formatter has written the file anew", async () => {
    const world = home();
    world.write(BEFORE.replace("// mine\n", "\n"));
    await world.install();
    world.write(JSON.stringify({ ...JSON.parse(world.read()), more: 1 }));
    await world.uninstall();
    expect(JSON.parse(world.read())).toEqual({ plugin: ["a"], theme: "dark", more: 1 });
  });

  it("stays when they have taken our entry out themselves", async () => {
    const world = home();
    world.write(BEFORE);
    await world.install();
    world.write('{ "plugin": [] }');
    await world.uninstall();
    expect(world.read()).toBe('{ "plugin": [] }');
  });

  it("stays when they have set the same member to something else", async () => {
    const world = home((file) => [{ kind: "set", file, path: ["statusLine"], value: "ours" }]);
    world.write('{ "statusLine": "first" }');
    await world.install();
    world.write('{ "statusLine": "second" }');
    await world.uninstall();
    expect(world.read()).toBe('{ "statusLine": "second" }');
  });

  it("stays in a file that we made", async () => {
    const world = home();
    await world.install();
    world.write(world.read().replace("{", '{\n  "theme": "dark",'));
    await world.uninstall();
    expect(JSON.parse(world.read())).toEqual({ theme: "dark" });
  });

  it("stays when the file is gone", async () => {
    const world = home();
    world.write("{}");
    await world.install();
    rmSync(world.config);
    await world.uninstall();
    expect(existsSync(world.config)).toBe(false);
  });

  it("is found though what was installed is not known any more", async () => {
    const world = home();
    world.write(BEFORE);
    await world.install();
    rmSync(join(world.options.stateDirectory, "installed"), { recursive: true });
    await world.uninstall();
    expect(world.read()).toBe(BEFORE);
  });
});

describe("installing refuses, and changes nothing", () => {
  async function refused(world: ReturnType<typeof home>, message: RegExp): Promise<void> {
    const before = world.snapshot();
    await expect(world.install()).rejects.toThrow(message);
    expect(world.snapshot()).toEqual(before);
  }

  it("where the file is no JSON", async () => {
    const world = home();
    world.write("{ theme: 'dark' }");
    await refused(world, /holds no JSON object .* left alone/);
  });

  it("where something else stands in that place", async () => {
    const world = home();
    world.write('{ "plugin": "one" }');
    await refused(world, /plugin in .* is no list/);
  });

  it("where the file is read-only", async () => {
    const world = home();
    world.write("{}");
    chmodSync(world.config, 0o444);
    await refused(world, /is read-only/);
  });

  it("where the file is no text", async () => {
    const world = home();
    world.write(new Uint8Array([0x7b, 0xff, 0x7d]));
    await refused(world, /no UTF-8/);
  });

  it("and takes back the first file when the second cannot be written", async () => {
    const second = (file: string) => join(file, "..", "sub", "tui.json");
    const world = home((file, plugin) => [
      { kind: "add", file, path: ["plugin"], value: plugin },
      { kind: "add", file: second(file), path: ["plugin"], value: plugin },
    ]);
    world.write("{}");
    // A file where a folder would have to be.
    world.write("", join(world.folder, "agent", "sub"));
    await refused(world, /could not be (made|read)/);
  });
});

describe("a dry run", () => {
  it("tells what would change and changes nothing", async () => {
    const world = home();
    world.write('{ "theme": "dark" }');
    const before = world.snapshot();
    const done = await world.install({ dryRun: true });
    expect(done.files).toHaveLength(1);
    expect(done.files[0]?.after).toContain("plugin");
    expect(done.directory).toBe(world.pluginDirectory);
    expect(world.snapshot()).toEqual(before);
    expect(existsSync(world.options.stateDirectory)).toBe(false);
    await world.install();
    const installed = world.snapshot();
    expect((await world.uninstall({ dryRun: true })).files[0]?.after).toBe('{ "theme": "dark" }');
    expect(world.snapshot()).toEqual(installed);
  });
});

it("an installation that is cut short before its entries is taken back all the same", async () => {
  const world = home();
  world.write('{ "theme": "dark" }');
  await world.install();
  world.write('{ "theme": "dark" }');
  await world.uninstall();
  expect(world.read()).toBe('{ "theme": "dark" }');
  expect(existsSync(world.pluginDirectory)).toBe(false);
});
