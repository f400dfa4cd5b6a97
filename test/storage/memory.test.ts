import { expect, it } from "vitest";
import { createMemoryStorage } from "../../src/storage/index.ts";

it("keeps strings by key, and lists them by prefix", async () => {
  const storage = createMemoryStorage();
  await storage.set("settings:a", "1");
  await storage.set("settings:b", "2");
  await storage.set("other", "3");
  expect(await storage.get("settings:a")).toBe("1");
  expect(await storage.keys("settings:")).toEqual(["settings:a", "settings:b"]);
  expect(await storage.keys()).toHaveLength(3);
});

it("answers null for what it does not have, and forgets what is deleted", async () => {
  const storage = createMemoryStorage();
  expect(await storage.get("a")).toBeNull();
  await storage.set("a", "1");
  expect(await storage.has("a")).toBe(true);
  await storage.delete("a");
  expect(await storage.has("a")).toBe(false);
});
