/** A person's home with the settings of a program in it, and a plugin that goes into them. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import {
  type ConfigEdit,
  type HostPlugin,
  type InstallOptions,
  install,
  uninstall,
} from "../../src/install/index.ts";

export function home(edits?: (file: string, plugin: string) => readonly ConfigEdit[]) {
  const folder = mkdtempSync(join(tmpdir(), "keepwarm-install-"));
  onTestFinished(() => {
    for (const name of existsSync(folder) ? readdirSync(folder) : []) chmodSync(join(folder, name), 0o700);
    rmSync(folder, { recursive: true, force: true });
  });
  const config = join(folder, "agent", "settings.json");
  const files = join(folder, "built");
  mkdirSync(files);
  writeFileSync(join(files, "index.js"), "export {};\n");
  const plugin: HostPlugin = {
    id: "robot",
    title: "Robot",
    commands: ["robot"],
    since: "1.0.0",
    edits: ({ directory }) =>
      edits?.(config, directory) ?? [{ kind: "add", file: config, path: ["plugin"], value: directory }],
    afterwards: [],
  };
  const options: InstallOptions = {
    plugin,
    env: {},
    stateDirectory: join(folder, "state"),
    version: "0.1.0",
    hostVersion: "1.2.3",
    files,
  };
  const write = (text: string | Uint8Array, path = config) => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  };
  const read = (path = config) => readFileSync(path, "utf8");
  /** Every file and folder with its bytes and mode, keepwarm's own aside. */
  const snapshot = () =>
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((name) => !name.startsWith("state"))
      .toSorted()
      .map((name) => {
        const path = join(folder, name);
        const { mode } = statSync(path);
        return [name, mode & 0o777, statSync(path).isFile() ? readFileSync(path, "latin1") : null];
      });
  return {
    folder,
    config,
    plugin,
    options,
    pluginDirectory: join(folder, "state", "plugins", "robot"),
    write,
    read,
    snapshot,
    install: (over: Partial<InstallOptions> = {}) => install({ ...options, ...over }),
    uninstall: (over: Partial<InstallOptions> = {}) => uninstall({ ...options, ...over }),
  };
}
