/** keepwarm in OpenClaw's own settings, and out of them again. */
import { describe, expect, it } from "vitest";
import { HOST_PLUGINS, install, uninstall } from "../../src/install/index.ts";
import { home } from "./world.ts";

const openclaw = HOST_PLUGINS.find(({ id }) => id === "openclaw");
if (openclaw === undefined) throw new Error("OpenClaw is not among them");

const TEXTS = [
  null,
  "{}",
  '{\n  "gateway": { "mode": "local" },\n  "plugins": { "load": { "paths": ["./mine"] }, "allow": ["telegram"] }\n}\n',
  '{\r\n\t// mine\r\n\t"plugins": {\r\n\t\t"entries": {\r\n\t\t\t"telegram": { "enabled": true },\r\n\t\t},\r\n\t},\r\n}',
];

function inOpenClaw() {
  const { options, config, ...rest } = home();
  return {
    ...rest,
    options: { ...options, plugin: openclaw ?? options.plugin, env: { OPENCLAW_CONFIG_PATH: config } },
  };
}

describe("keepwarm in OpenClaw", () => {
  it.each(TEXTS)("leaves settings of %j byte for byte as they were", async (text) => {
    const { options, write, snapshot, read } = inOpenClaw();
    if (text !== null) write(text);
    const before = snapshot();
    await install(options);
    expect(read()).toContain('"allowConversationAccess": true');
    await install(options);
    await uninstall(options);
    expect(snapshot()).toEqual(before);
  });

  it("may be loaded where its person lists who may, and makes no such list where there is none", async () => {
    const { options, write, read } = inOpenClaw();
    write('{ "plugins": { "allow": ["telegram"] } }');
    await install(options);
    expect(JSON.parse(read()).plugins.allow).toEqual(["telegram", "keepwarm"]);
    await uninstall(options);
    write("{}");
    await install(options);
    expect(JSON.parse(read()).plugins.allow).toBeUndefined();
  });

  it("leaves what its person has changed since", async () => {
    const { options, write, read } = inOpenClaw();
    write('{\n  "logging": {\n    "level": "info"\n  }\n}\n');
    await install(options);
    write(read().replace('"info"', '"debug"'));
    await uninstall(options);
    expect(read()).toBe('{\n  "logging": {\n    "level": "debug"\n  }\n}\n');
  });

  it("says what to do where the settings are in a notation that it cannot change", async () => {
    const { options, write, read } = inOpenClaw();
    write("{ gateway: { mode: 'local' } }");
    await expect(install(options)).rejects.toThrow(/it was left alone/);
    expect(read()).toBe("{ gateway: { mode: 'local' } }");
  });
});
