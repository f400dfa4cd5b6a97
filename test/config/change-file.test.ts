import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import fc from "fast-check";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { loadConfig, setInFile, settingNamed, unsetInFile } from "../../src/config/index.ts";

let home: string;
let path: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "keepwarm-config-"));
  path = join(home, "state", "config.json");
  onTestFinished(() => rmSync(home, { recursive: true }));
});

const env = () => ({ KEEPWARM_HOME: join(home, "state") });
const content = () => readFileSync(path, "utf8");

describe("storing a setting", () => {
  it("makes the file, for its owner alone", () => {
    expect(setInFile("port", "5001", env())).toEqual({ path, changed: true });
    expect(content()).toBe('{\n  "port": 5001\n}\n');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(home, "state")).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(home, "state"))).toEqual(["config.json"]);
  });

  it("keeps the other keys, their order, and what is written beside them", () => {
    setInFile("port", "5001", env());
    const written = '{\n  // mine\n  "logLevel": "warn",\n  "port": 5001,\n  "host": "::1"\n}\n';
    writeFileSync(path, written);
    setInFile("port", "5002", env());
    expect(content()).toBe(written.replace("5001", "5002"));
    setInFile("enableNew", "1", env());
    expect(content()).toBe(
      '{\n  // mine\n  "logLevel": "warn",\n  "port": 5002,\n  "host": "::1",\n  "enableNew": true\n}\n',
    );
    unsetInFile("port", env());
    expect(content()).toBe('{\n  // mine\n  "logLevel": "warn",\n  "host": "::1",\n  "enableNew": true\n}\n');
  });

  it("leaves a file that is read again, whatever is set and unset in whichever order", () => {
    const name = fc.constantFrom("port", "consolePort", "enableNew", "prices");
    const texts = { port: "1", consolePort: "2", enableNew: "true", prices: "/p.json" };
    const change = fc.record({ name, set: fc.boolean() });
    const start = fc.constantFrom(
      "",
      "{}",
      '{"port":7}',
      '{\n  "port": 7, // mine\n  /* yours */ "host": "h"\n}\n',
    );
    fc.assert(
      fc.property(start, fc.array(change, { maxLength: 8 }), (before, changes) => {
        mkdirSync(join(home, "state"), { recursive: true });
        writeFileSync(path, before);
        const expected = new Map(before.includes("7") ? [["port", "7"]] : []);
        for (const { name, set } of changes) {
          if (set) setInFile(name, texts[name], env());
          else unsetInFile(name, env());
          if (set) expected.set(name, texts[name]);
          else expected.delete(name);
        }
        const { inForce } = loadConfig({ env: env() });
        for (const name of Object.keys(texts) as (keyof typeof texts)[]) {
          expect(inForce[name].origin.from).toBe(expected.has(name) ? "file" : "default");
          if (expected.has(name)) expect(String(inForce[name].value)).toBe(expected.get(name));
        }
        expect(inForce.host.value).toBe(before.includes("host") ? "h" : "127.0.0.1");
      }),
      { numRuns: 60 },
    );
  });

  it("writes nothing when the file says so already", () => {
    setInFile("ttl5m", "6s", env());
    expect(setInFile("ttl5m", "6s", env()).changed).toBe(false);
    expect(unsetInFile("port", env()).changed).toBe(false);
  });

  it("stores a path so that it means the same from everywhere", () => {
    setInFile("prices", "mine.json", env());
    expect(JSON.parse(content())).toEqual({ prices: resolve("mine.json") });
  });

  it("writes through a link, and makes the file that KEEPWARM_CONFIG names", () => {
    const real = join(home, "dotfiles.json");
    const link = join(home, "link.json");
    setInFile("port", "5001", { KEEPWARM_CONFIG: real });
    symlinkSync(real, link);
    setInFile("port", "5002", { KEEPWARM_CONFIG: link });
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(JSON.parse(readFileSync(real, "utf8"))).toEqual({ port: 5002 });
  });

  it("repairs a value, and takes out a misspelt key", () => {
    setInFile("port", "5001", env());
    writeFileSync(path, '{ "port": "x", "prot": 1 }');
    setInFile("port", "5002", env());
    unsetInFile("prot", env());
    expect(JSON.parse(content())).toEqual({ port: 5002 });
  });
});

describe("what is not stored", () => {
  it.each(['{ "port": 5001', "[]", '{ "port": 1, "port": 2 }'])(
    "anything over a broken file: %s",
    (broken) => {
      setInFile("port", "5001", env());
      writeFileSync(path, broken);
      expect(() => setInFile("port", "5002", env())).toThrow(path);
      expect(() => unsetInFile("port", env())).toThrow(path);
      expect(content()).toBe(broken);
    },
  );

  it("a value that is not allowed", () => {
    expect(() => setInFile("logLevel", "inof", env())).toThrow(
      'logLevel must be silent, error, warn, info or debug, not "inof". Did you mean info?',
    );
    expect(() => setInFile("upstream", "https://ada:hunter2@x", env())).toThrow(
      /^(?!.*hunter2)upstream must be/,
    );
    expect(() => readFileSync(path)).toThrow("ENOENT");
  });

  it("a setting that there is not", () => {
    expect(() => settingNamed("prot")).toThrow("there is no setting prot. Did you mean port?");
    expect(() => settingNamed("toLocaleString")).toThrow("There are: host, port,");
    expect(() => unsetInFile("xyzzy", env())).toThrow("there is no setting xyzzy.");
  });

  it("anything where the folder cannot be made", () => {
    writeFileSync(join(home, "state"), "a file");
    expect(() => setInFile("port", "5001", env())).toThrow(
      /^the config file cannot be (read|written): ENOTDIR/,
    );
    expect(readdirSync(home)).toEqual(["state"]);
  });
});
