/** Settings changed while the gateway runs: in force at once, kept in the file, and never against a flag. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { type ConfigSources, loadConfig, SETTING_NAMES, SETTINGS } from "../../src/config/index.ts";
import { createSettingsDesk, LIVE_NAMES, type LiveSettings } from "../../src/gateway/settings-desk.ts";
import type { SettingView } from "../../src/hub/index.ts";
import { settingsAnswer } from "../../src/hub/views/index.ts";

let home: string;
let file: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "keepwarm-desk-"));
  file = join(home, "config.json");
  onTestFinished(() => rmSync(home, { recursive: true }));
});

interface DeskOptions {
  /** What the file says. @default there is none */
  readonly text?: string;
  readonly flags?: NonNullable<ConfigSources["flags"]>;
  readonly env?: Readonly<Record<string, string>>;
}

function aDesk({ text, flags = {}, env = {} }: DeskOptions = {}) {
  if (text !== undefined) writeFileSync(file, text);
  const environment = { KEEPWARM_HOME: home, ...env };
  const applied: LiveSettings[] = [];
  const config = loadConfig({ env: environment, flags });
  const desk = createSettingsDesk({ config, apply: (live) => applied.push(live) });
  const view = (name: string): SettingView => {
    const found = desk.answer().settings.find((setting) => setting.name === name);
    if (found === undefined) throw new Error(`there is no ${name}`);
    return found;
  };
  return { desk, applied, view, content: () => readFileSync(file, "utf8") };
}

describe("the settings of a running gateway", () => {
  it("are all told, each with its value, where it came from, what it means and what it may be", () => {
    const { desk, view } = aDesk({
      text: '{\n  // mine\n  "maxUsdPerDay": 2\n}\n',
      env: { KEEPWARM_TIER: "1h" },
      flags: { enableNew: true },
    });
    const answer = desk.answer();
    expect(settingsAnswer.parse(answer)).toEqual(answer);
    expect(answer.file).toBe(file);
    expect(answer.settings.map(({ name }) => name)).toEqual(SETTING_NAMES);
    expect(view("maxUsdPerDay")).toEqual({
      name: "maxUsdPerDay",
      value: 2,
      text: "2",
      default: null,
      origin: { from: "file", where: `${file}:3` },
      description: "Most that all warms may cost in 24 hours, in US dollars.",
      allowed: "a number from 0, such as 0.5",
      choices: [],
      kind: "number",
      optional: true,
      fixed: null,
      live: true,
    });
    expect(view("keepWarm")).toMatchObject({
      value: "auto",
      origin: { from: "default", where: "default" },
      kind: "text",
      optional: false,
    });
    expect(view("tier")).toMatchObject({
      value: "1h",
      kind: "choice",
      choices: ["5m", "1h", "auto"],
      origin: { from: "environment", where: "KEEPWARM_TIER" },
      fixed:
        "The gateway was started with KEEPWARM_TIER in the environment, which goes before the config file: start it without, to change this here.",
    });
    expect(view("enableNew")).toMatchObject({
      value: true,
      default: false,
      kind: "switch",
      origin: { from: "flag", where: "--enable-new" },
    });
    expect(view("ttl5m")).toMatchObject({ value: 300_000, text: "5m", kind: "text" });
    expect(view("port").fixed).toBe(
      "This takes effect when the gateway starts: keepwarm config set port <value>, then start it anew.",
    );
    expect(view("port").live).toBe(false);
  });

  it("that a flag decides are not said to be changed by the config file", () => {
    const { view } = aDesk({ flags: { ttl5m: "20s" } });
    expect(view("ttl5m").fixed).toBe(
      "The gateway was started with the flag --ttl-5m, which goes before the config file: start it with another.",
    );
  });

  it("can be changed here if a person may have to, and else when it starts", () => {
    const { desk } = aDesk();
    const changeable = desk.answer().settings.filter(({ fixed }) => fixed === null);
    expect(changeable.map(({ name }) => name)).toEqual(
      SETTING_NAMES.filter((name) => LIVE_NAMES.some((live) => live === name)),
    );
    for (const { description } of desk.answer().settings) expect(description).toMatch(/^[A-Z].*[^.]\.$/);
  });

  it.each([
    ["enableNew", true, true],
    ["enableNew", "true", true],
    ["keepWarm", "30m", "30m"],
    ["maxUsdPerPause", 0.5, 0.5],
    ["maxUsdPerDay", "2", 2],
    ["minPrefixTokens", 4_000, 4_000],
    ["tier", "auto", "auto"],
    ["allowSubscription", true, true],
    ["prewarm", true, true],
    ["prewarmMaxUsdPerDay", "0.5", 0.5],
  ])("has %s changed to %j in force, in the file, and told at once", (name, value, held) => {
    const { desk, applied, view, content } = aDesk({ text: '{ "port": 5000 // mine\n}' });
    const answer = desk.change({ name, value });
    expect(answer.note).toBeNull();
    expect(answer.settings).toEqual(desk.answer().settings);
    expect(applied.at(-1)).toMatchObject({ [name]: held });
    expect(desk.live).toMatchObject({ [name]: held });
    expect(view(name)).toMatchObject({ value: held, origin: { from: "file" } });
    expect(content()).toContain("// mine");
    expect(loadConfig({ env: { KEEPWARM_HOME: home } }).settings).toMatchObject({ port: 5000, [name]: held });
  });

  it("goes back to the default when a value is taken away", () => {
    const { desk, applied, view, content } = aDesk({ text: '{ "enableNew": true, "maxUsdPerDay": 1 }' });
    desk.change({ name: "enableNew", value: null });
    desk.change({ name: "maxUsdPerDay", value: null });
    expect(applied.at(-1)).toMatchObject({ enableNew: false, maxUsdPerDay: undefined });
    expect(view("maxUsdPerDay")).toMatchObject({ value: null, text: "", origin: { from: "default" } });
    expect(JSON.parse(content())).toEqual({});
  });

  it("tells on which line of the file a value stands", () => {
    const { desk, view } = aDesk({ text: '{\n  "port": 5000\n}\n' });
    desk.change({ name: "tier", value: "5m" });
    expect(view("tier").origin).toEqual({ from: "file", where: `${file}:3` });
  });

  it.each([
    ["enableNew", "perhaps", 'enableNew must be true or false, not "perhaps".'],
    ["maxUsdPerDay", -1, "maxUsdPerDay must be a number from 0, such as 0.5, not -1."],
    ["maxUsdPerDay", "", 'maxUsdPerDay must be a number from 0, such as 0.5, not "".'],
    ["minPrefixTokens", 1.5, "minPrefixTokens must be a whole number from 0 to 100000000, not 1.5."],
    ["tier", "2h", 'tier must be 5m, 1h or auto, not "2h".'],
    ["keepWarm", "for ever", expect.stringMatching(/^keepWarm must be auto, break-even, always, a duration/)],
    ["allowSubscription", 1, "allowSubscription must be true or false, not 1."],
  ])("refuses %s as %j with what it may be", (name, value, sentence) => {
    const { desk, applied } = aDesk();
    expect(() => desk.change({ name, value })).toThrow(
      expect.objectContaining({ status: 400, message: sentence }),
    );
    expect(applied).toEqual([]);
  });

  it.each([
    ["port", 409, /takes effect when the gateway starts/],
    ["logLevel", 409, /takes effect when the gateway starts/],
    ["prot", 404, /^There is no setting prot\. Did you mean port\?/],
    ["__proto__", 404, /^There is no setting __proto__/],
    ["toString", 404, /^There is no setting toString/],
  ])("refuses to change %s", (name, status, message) => {
    const { desk, applied } = aDesk();
    expect(() => desk.change({ name, value: "1" })).toThrow(
      expect.objectContaining({ status, message: expect.stringMatching(message) }),
    );
    expect(applied).toEqual([]);
  });

  it("refuses to change what a flag or the environment decides, and leaves the file alone", () => {
    const { desk, applied } = aDesk({ flags: { maxUsdPerDay: "5" }, env: { KEEPWARM_ENABLE_NEW: "true" } });
    expect(() => desk.change({ name: "maxUsdPerDay", value: 1 })).toThrow(
      "The gateway was started with the flag --max-usd-per-day, which goes before the config file",
    );
    expect(() => desk.change({ name: "enableNew", value: false })).toThrow(
      "KEEPWARM_ENABLE_NEW in the environment",
    );
    expect(applied).toEqual([]);
    expect(() => readFileSync(file)).toThrow("ENOENT");
  });

  it("are told on as the flags that decided them, for who starts the gateway anew; the file speaks for itself", () => {
    const { desk } = aDesk({
      text: '{ "enableNew": true, "maxHeldMb": 64 }',
      flags: { console: false, ttl5m: "6s" },
      env: { KEEPWARM_UPSTREAM: "http://127.0.0.1:9" },
    });
    expect(desk.flags).toEqual(["--no-console", "--upstream", "http://127.0.0.1:9", "--ttl-5m", "6s"]);
    desk.change({ name: "enableNew", value: false });
    expect(desk.flags).not.toContain("--enable-new");
  });
});

describe("a change that cannot be stored", () => {
  function full(text: string) {
    const world = aDesk({ text });
    // Broken since it was read: keepwarm writes over no file that it cannot read.
    writeFileSync(file, "{ broken");
    return world;
  }

  it.each([
    ["enableNew", '{ "enableNew": true }', false],
    ["allowSubscription", '{ "allowSubscription": true }', false],
    ["maxUsdPerPause", "{}", 0.1],
    ["prewarm", '{ "prewarm": true }', false],
    ["prewarmMaxUsdPerDay", "{}", 0.5],
    ["maxUsdPerDay", '{ "maxUsdPerDay": 5 }', 1],
    ["minPrefixTokens", '{ "minPrefixTokens": 5 }', 10],
  ])("holds all the same where it lets less be sent: %s", (name, text, value) => {
    const { desk, applied, view } = full(text);
    const { note } = desk.change({ name, value });
    expect(note).toMatch(
      /^This holds until the gateway ends, but could not be stored: .*config\.json:1: this is not JSON/,
    );
    expect(applied.at(-1)).toMatchObject({ [name]: value });
    expect(view(name).value).toBe(value);
  });

  it.each([
    ["enableNew", "{}", true],
    ["allowSubscription", "{}", true],
    ["prewarm", "{}", true],
    ["prewarmMaxUsdPerDay", "{}", 2],
    ["maxUsdPerDay", '{ "maxUsdPerDay": 1 }', 5],
    ["maxUsdPerDay", '{ "maxUsdPerDay": 1 }', null],
    ["minPrefixTokens", '{ "minPrefixTokens": 10 }', 5],
    ["keepWarm", "{}", "always"],
    ["tier", "{}", "1h"],
  ])("is refused where it lets more be sent: %s from %s to %j", (name, text, value) => {
    const { desk, applied, view } = full(text);
    const before = view(name);
    expect(() => desk.change({ name, value })).toThrow(expect.objectContaining({ status: 503 }));
    expect(applied).toEqual([]);
    expect(view(name)).toEqual(before);
  });

  it("says why when there is no file to write to", () => {
    const { desk } = aDesk({ text: "{}" });
    rmSync(file);
    mkdirSync(file);
    expect(() => desk.change({ name: "tier", value: "1h" })).toThrow(
      /^tier could not be stored: the config file cannot be read/,
    );
  });
});

it("no description ends in a full stop, because sentences are made of them", () => {
  for (const name of SETTING_NAMES) expect(SETTINGS[name].description).not.toMatch(/\.$/);
});
