import { describe, expect, it } from "vitest";
import type { ThreadPrint } from "../../src/anthropic/index.ts";
import type { CapturedConversation } from "../../src/capture/captured-conversation.ts";
import { type Arrival, Conversations, type Place } from "../../src/capture/conversations.ts";
import { noteOpening } from "../../src/capture/unnamed.ts";
import { says, subAgent, title } from "./prints.ts";

const now = { wallMs: 0, monotonicMs: 0 };

function setUp({ sideThreadsBegin = true, limit = 1_000_000 } = {}) {
  const conversations = new Conversations({ limit, sideThreadsBegin });
  function place(print: ThreadPrint, arrival: Partial<Arrival> = {}): Place {
    const whole = { conversationId: null, tag: null, aside: false, modelName: "m", now, print, ...arrival };
    const placed = conversations.place(whole);
    if (placed === null) throw new Error("not placed");
    return placed;
  }
  return { conversations, place };
}

function answer(conversation: CapturedConversation, print: ThreadPrint, stopReason = "end_turn"): void {
  conversation.threads.answeredMain(print, stopReason);
}

describe("conversations", () => {
  it("may be very many, and it is still told when there is something to sweep", () => {
    const { conversations, place } = setUp();
    const print = says(["Hi"]);
    for (let at = 0; at < 200_000; at++) place(print, { conversationId: `conversation-${at}` });
    expect(conversations.nextSweepMs(now)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("conversations without a name", () => {
  it("are two though both begin with hi, as soon as they go on from different answers", () => {
    const { place } = setUp();
    const one = place(says(["Hi"])).conversation;
    answer(one, says(["Hi"]));
    noteOpening(one, says(["Hi"]), says(["Hi", "Hello, one.", "?"]).opening);
    // The same prefix word for word: until they part, one warm serves both.
    expect(place(says(["Hi"])).conversation).toBe(one);
    const two = place(says(["Hi", "Hello, two.", "Go on."])).conversation;
    expect(two).not.toBe(one);
    expect(place(says(["Hi", "Hello, one.", "Go on."])).conversation).toBe(one);
  });

  it("stay one when the client rewrites its history behind the first answer", () => {
    const { place } = setUp();
    const context = (at: number) => `<context ${at}>`;
    const asked = says(["Hi"], {
      messages: ["Hi", context(1)].map((content) => ({ role: "user", content })),
    });
    const one = place(asked).conversation;
    answer(one, asked);
    noteOpening(one, asked, says(["Hi", "Hello.", "?"]).opening);
    for (const said of [
      // Context that is sent along and not kept.
      ["Hi", "Hello.", "Go on.", context(2)],
      // The middle cut out.
      ["Hi", "Hello.", "Then this."],
    ]) {
      const print = says(said);
      expect(place(print)).toEqual({ conversation: one, role: "main" });
      answer(one, print);
    }
    expect(place(says(["Hi", "Hello.", "On another model"], { model: "other" })).conversation).toBe(one);
  });

  it("stay one when the first answer is asked for again", () => {
    const { place } = setUp();
    const hi = says(["Hi"]);
    const one = place(hi).conversation;
    for (const reply of ["Hello.", "Good day."]) {
      answer(one, hi);
      noteOpening(one, hi, says(["Hi", reply, "?"]).opening);
    }
    expect(place(says(["Hi", "Good day.", "Go on."])).conversation).toBe(one);
  });

  it("do not fall into one that died while it waited for a tool", () => {
    const { place } = setUp();
    const one = place(says(["Hi"])).conversation;
    answer(one, says(["Hi"]), "tool_use");
    const later = { now: { wallMs: 400_000, monotonicMs: 400_000 } };
    expect(place(says(["Something else"]), later).conversation).not.toBe(one);
  });

  it.each([
    ["with another key", {}, "elsewhere"],
    ["in another run", { tag: "run-2" }, "here"],
  ])("have nothing in common with what is sent %s", (_, arrival, realm) => {
    const { place } = setUp();
    const one = place(says(["Hi"]), { tag: "run-1" }).conversation;
    answer(one, says(["Hi"]));
    const other = place(says(["Hi", "Hello", "Go on"], {}, realm), { tag: "run-1", ...arrival });
    expect(other.conversation).not.toBe(one);
  });

  it.each([
    ["a title", title()],
    ["a sub-agent", subAgent(["Search."])],
    ["what may be another conversation", says(["Something else"])],
  ])("are not begun by %s while one waits for a tool", (_, print) => {
    const { place } = setUp();
    const one = place(says(["Hi"])).conversation;
    answer(one, says(["Hi"]), "tool_use");
    expect(place(print)).toEqual({ conversation: one, role: "side" });
  });

  it("are begun by their second turn when their first fell into another's", () => {
    const { place } = setUp();
    const one = place(says(["Hi"])).conversation;
    answer(one, says(["Hi"]), "tool_use");
    const print = says(["Something else"]);
    place(print);
    one.threads.answeredAside(print, "end_turn");
    const second = place(says(["Something else", "Yes.", "Go on."]));
    expect(second.role).toBe("main");
    expect(second.conversation).not.toBe(one);
  });

  it("stay apart at once in a program that names none, when told so", () => {
    const { place } = setUp({ sideThreadsBegin: false });
    const one = place(says(["Hi"])).conversation;
    answer(one, says(["Hi"]), "tool_use");
    expect(place(says(["Something else"])).conversation).not.toBe(one);
  });
});

describe("a conversation with a name", () => {
  it("holds its side threads, and they are never its main one", () => {
    const { place } = setUp();
    const arrival = { conversationId: "session" };
    const one = place(says(["Hi"]), arrival).conversation;
    answer(one, says(["Hi"]), "tool_use");
    expect(place(title(), arrival)).toEqual({ conversation: one, role: "side" });
    expect(place(subAgent(["Search."]), arrival)).toEqual({ conversation: one, role: "side" });
  });

  it("holds what its client says is a sub-agent's aside, whatever it looks like", () => {
    const { place, conversations } = setUp();
    const arrival = { conversationId: "session" };
    const one = place(says(["Hi"]), arrival).conversation;
    answer(one, says(["Hi"]));
    const print = says(["Hi", "Hello", "Go on"]);
    expect(place(print, { ...arrival, aside: true })).toEqual({ conversation: one, role: "side" });
    const unknown = { conversationId: "another", tag: null, aside: true, modelName: "m", now, print };
    expect(conversations.place(unknown)).toBeNull();
  });
});
