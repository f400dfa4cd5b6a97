import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { createKeepwarm, type KeepwarmOptions } from "../../../src/hosts/sdk/index.ts";

it.each([
  [{ ttl5mMs: Number.NaN }, "ttl5mMs must be a number of ms over 0"],
  [{ ttl5mMs: 0 }, "ttl5mMs must be a number of ms over 0"],
  [{ ttl1hMs: -1 }, "ttl1hMs must be a number of ms over 0"],
  [{ ttl5mMs: "6s" }, "ttl5mMs must be a number of ms over 0"],
  [{ ttl5mMs: Number.POSITIVE_INFINITY }, "ttl5mMs must be a number of ms over 0"],
  [{ ttl1hMs: 3e9 }, "no more than a day"],
  [{ enableNew: "yes" }, "enableNew must be true or false"],
  [{ allowSubscription: 1 }, "allowSubscription must be true or false"],
  [{ budgetThinking: "allow" }, 'budgetThinking must be "refuse" or "stream-abort"'],
  [{ warmTokens: 2 }, "warmTokens must be 0 or 1"],
  [{ maxConversations: 0 }, "maxConversations must be a whole number over 0"],
  [{ maxConversations: 1.5 }, "maxConversations must be a whole number over 0"],
  [{ storage: { get: 1 } }, "storage must be an object with the functions get, set, delete, has, keys"],
  [{ logger: {} }, "logger must be an object with the functions debug, info, warn, error"],
  [{ timers: null }, "timers must be an object with the functions setTimer, clearTimer"],
  [{ prices: {} }, "prices must be a price table, as pricesWith makes it"],
  [{ fetch: "https" }, "fetch must be a function"],
  [{ foo: 1 }, "there is no option foo"],
])("refuses %o, naming what is wrong", (options, said) => {
  expect(() => createKeepwarm(options as KeepwarmOptions)).toThrow(TypeError);
  expect(() => createKeepwarm(options as KeepwarmOptions)).toThrow(said);
});

it.each([
  [{}],
  [{ ttl5mMs: 6_000, warmTokens: 1, enableNew: true, budgetThinking: "stream-abort" }],
] as const)("takes %o", (options) => {
  createKeepwarm(options).dispose();
});

it("keeps a storage that is an object of a class", async () => {
  class Storage {
    readonly entries = new Map<string, string>();
    async get(key: string) {
      return this.entries.get(key) ?? null;
    }
    async set(key: string, value: string) {
      this.entries.set(key, value);
    }
    async delete(key: string) {
      this.entries.delete(key);
    }
    async has(key: string) {
      return this.entries.has(key);
    }
    async keys() {
      return [...this.entries.keys()];
    }
  }
  const storage = new Storage();
  const keepwarm = createKeepwarm({ storage });
  await keepwarm.warmer.setEnabled("a", true);
  expect([...storage.entries.keys()]).toEqual(["settings:a"]);
  keepwarm.dispose();
});

it("are all in the page about them, and no others", () => {
  const page = readFileSync(new URL("../../../docs/sdk.md", import.meta.url), "utf8");
  const table = page.split("## Options")[1]?.split("\n\n")[0] ?? "";
  const named = table
    .split("\n")
    .flatMap((row) => [...(row.split("|")[1] ?? "").matchAll(/`(\w+)`/g)].map(([, name]) => name));
  const unknown = () => createKeepwarm({ foo: 1 } as KeepwarmOptions);
  expect(unknown).toThrow(/There are: /);
  const known = messageOf(unknown).split("There are: ")[1]?.replace(".", "").split(", ");
  expect(named.toSorted()).toEqual(known?.toSorted());
});

function messageOf(act: () => unknown): string {
  try {
    act();
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}
