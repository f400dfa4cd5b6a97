import { describe, expect, it, onTestFinished, vi } from "vitest";
import { nameOf as nameInTerminal } from "../../../src/cli/conversation-name.ts";
import { forget, takeConversation } from "../../../src/console/page/link/known.ts";
import { found, itemsOf, ordered } from "../../../src/console/page/list/order.ts";
import { besideTitle, programOf, titleOf } from "../../../src/console/page/list/title.ts";
import { groupOf } from "../../../src/hub/index.ts";
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

  it("calls a conversation what the terminal calls it, and says beside it what that does not", () => {
    const id = "keepwarm-thread-c625cb6d-59f4-4f0e-9d8c-1b2a3c4d5e6f";
    const unnamed = aConversation({ id, named: false, folder: null });
    const named = aConversation({ id: "0f6e8a2c-1111-2222", folder: "api" });
    const all = [unnamed, named, aConversation({ id: "11aa22bb-1111", folder: "web" })];
    const twin = aConversation({ id: "33cc44dd-1111", folder: "web" });
    for (const view of [...all, twin]) takeConversation(view);
    onTestFinished(() => forget([...all, twin].map((view) => view.id)));
    for (const view of [...all, twin]) expect(titleOf(view)).toBe(nameInTerminal(view, [...all, twin]));
    expect(titleOf(unnamed)).toBe("c625cb6d");
    expect(besideTitle(unnamed)).toBe("unnamed");
    expect([titleOf(named), besideTitle(named)]).toEqual(["api", "0f6e8a2c"]);
    expect([titleOf(twin), besideTitle(twin)]).toEqual(["web 33cc44dd", null]);
    expect(programOf({ host: "pi", run: null })).toBe("in pi");
    expect(programOf({ host: null, run: { runId: "1", command: "claude" } })).toBe("via claude");
    expect(programOf({ host: null, run: null })).toBeNull();
  });
});
