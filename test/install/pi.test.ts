/** keepwarm in pi's own settings, and out of them again. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { HOST_PLUGINS, install, uninstall } from "../../src/install/index.ts";
import { home } from "./world.ts";

const pi = HOST_PLUGINS.find(({ id }) => id === "pi");
if (pi === undefined) throw new Error("pi is not among them");

const TEXTS = [
  null,
  "{}",
  '{\n  "theme": "dark",\n  "packages": ["npm:another"]\n}\n',
  '{\r\n\t"packages": [\r\n\t\t"./mine"\r\n\t]\r\n}',
];

describe("keepwarm in pi", () => {
  it.each(TEXTS)("leaves settings of %j byte for byte as they were", async (text) => {
    const { options, write, config, snapshot, read } = home();
    const folder = join(config, "..");
    const inPi = { ...options, plugin: pi, env: { PI_CODING_AGENT_DIR: folder } };
    if (text !== null) write(text);
    const before = snapshot();
    await install(inPi);
    expect(JSON.parse(read()).packages.at(-1)).toBe(join(options.stateDirectory, "plugins", "pi"));
    await install(inPi);
    await uninstall(inPi);
    expect(snapshot()).toEqual(before);
  });

  it("leaves what its person has changed since", async () => {
    const { options, write, config, read } = home();
    const inPi = { ...options, plugin: pi, env: { PI_CODING_AGENT_DIR: join(config, "..") } };
    write('{\n  "theme": "dark"\n}\n');
    await install(inPi);
    write(read().replace('"dark"', '"light"'));
    await uninstall(inPi);
    expect(read()).toBe('{\n  "theme": "light"\n}\n');
  });
});
