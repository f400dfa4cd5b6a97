import { describe, expect, it, vi } from "vitest";
import { groupOf } from "../../../src/console/page/list/groups.ts";
import { found, itemsOf, ordered } from "../../../src/console/page/list/order.ts";
import { programOf, shortId, titleOf } from "../../../src/console/page/list/title.ts";
import type { ConversationView } from "../../../src/hub/views/index.ts";
import { aConversation, NOON } from "../../support/controlled-in-memory.ts";

// Whatever the language of the machine that tests.
vi.hoisted(() => vi.stubGlobal("navigator", { languages: ["en-US@posix", "en-US"] }));

const ids = (views: readonly ConversationView[]) => views.map(({ id }) => id);

const views = [
  aConversation({ id: "a", folder: "web 10", phase: "idle", nextWarmAt: NOON + 9, lastTurnAt: NOON - 3 }),
  aConversation({ id: "b", folder: "web 9", phase: "off", nextWarmAt: null, lastTurnAt: NOON - 1 }),
  aConversation({ id: "c", folder: "api", phase: "idle", nextWarmAt: NOON + 5, lastTurnAt: NOON - 2 }),
  aConversation({ id: "d", folder: null, phase: "stopped", why: "Its limit is reached.", lastTurnAt: null }),
];

describe("the list", () => {
  it("groups conversations by what they are doing, in an order of its own", () => {
    expect(itemsOf(views, "due", null).map((item) => (item.kind === "row" ? item.id : item.group))).toEqual([
      "warm",
      "c",
      "a",
      "stopped",
      "d",
      "off",
      "b",
    ]);
    expect(itemsOf(views, "due", "off")).toHaveLength(2);
  });

  it("tells one that is on and has nothing to warm from one that is kept warm", () => {
    expect(groupOf({ phase: "idle", nextWarmAt: null })).toBe("waiting");
    expect(groupOf({ phase: "idle", nextWarmAt: NOON })).toBe("warm");
    expect(groupOf({ phase: "warming", nextWarmAt: null })).toBe("warm");
  });

  it("sorts names as people count, and ties by the last turn", () => {
    expect(ids(ordered(views, "title"))).toEqual(["c", "d", "b", "a"]);
    expect(ids(ordered(views, "net"))).toEqual(["b", "c", "a", "d"]);
  });

  it("finds all words anywhere in what a row says", () => {
    expect(ids(found(views, "WEB 1"))).toEqual(["a"]);
    expect(ids(found(views, "limit stopped"))).toEqual(["d"]);
    expect(found(views, "  ")).toHaveLength(views.length);
    expect(found(views, "web api")).toEqual([]);
  });

  it("calls a conversation by its folder, else by its name, else by its model", () => {
    expect(titleOf({ id: "x", named: true, folder: "api", modelName: "m" })).toBe("api");
    expect(titleOf({ id: "x", named: true, folder: null, modelName: "m" })).toBe("x");
    expect(titleOf({ id: "keepwarm-thread-1", named: false, folder: null, modelName: "m" })).toBe("m");
    expect(shortId({ id: "0f6e8a2c-1111-2222", named: true })).toBe("0f6e8a2c…");
    expect(programOf({ host: "pi", run: null })).toBe("in pi");
    expect(programOf({ host: null, run: { runId: "1", command: "claude" } })).toBe("via claude");
    expect(programOf({ host: null, run: null })).toBeNull();
    expect(shortId({ id: "short", named: true })).toBe("short");
  });
});
