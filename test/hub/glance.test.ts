/** Who looks every second asks at once, and finds out by that whether there is anybody to ask. */
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { glanceAt, TokenError } from "../../src/hub/index.ts";
import { aStateDirectory, controlOf } from "../support/control-under-test.ts";
import { aConversation, controlledInMemory } from "../support/controlled-in-memory.ts";

describe("a glance at the gateway that was started last", () => {
  it("sees all conversations, or one of them", async () => {
    const controlled = controlledInMemory(aConversation({ id: "a/b c" }), aConversation({ id: "other" }));
    const { directory } = await controlOf(controlled);
    const glance = await glanceAt(directory, 2_000);
    expect(await glance?.conversations()).toEqual(controlled.conversations());
    expect(await glance?.conversation("a/b c")).toEqual(controlled.conversation("a/b c"));
    expect(await glance?.conversation("none")).toBeNull();
  });

  it("sees none where none was started, or its record is damaged", async () => {
    const directory = aStateDirectory();
    expect(await glanceAt(directory, 2_000)).toBeNull();
    writeFileSync(join(directory, "gateway.json"), "half a rec");
    expect(await glanceAt(directory, 2_000)).toBeNull();
  });

  it("finds out that it has gone by asking", async () => {
    const { directory, close } = await controlOf(controlledInMemory());
    await close();
    const glance = await glanceAt(directory, 2_000);
    await expect(glance?.conversations()).rejects.toThrow("nothing listens where the gateway did");
  });

  it("uses no token that others may have read", async () => {
    const { directory } = await controlOf(controlledInMemory());
    chmodSync(join(directory, "token"), 0o644);
    await expect(glanceAt(directory, 2_000)).rejects.toThrow(TokenError);
  });
});
