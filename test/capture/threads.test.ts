import { describe, expect, it } from "vitest";
import type { ThreadPrint } from "../../src/anthropic/index.ts";
import { Threads } from "../../src/capture/threads.ts";
import { says, subAgent, title } from "./prints.ts";

const IDLE = { open: [], lapsed: false };
const LAPSED = { open: [], lapsed: true };
const during = (...open: ThreadPrint[]) => ({ open, lapsed: false });

const LONG = "x".repeat(5_000);
const first = says(["Shall we begin?"]);
const second = says(["Shall we begin?", "Yes.", "Then go on."]);
const third = says(["Shall we begin?", "Yes.", "Then go on.", "Done.", "Thanks."]);

/** A conversation whose main thread was answered so far. */
function answered(...prints: ThreadPrint[]): Threads {
  const threads = new Threads(prints[0] ?? first);
  for (const print of prints) threads.answeredMain(print, "end_turn");
  return threads;
}

function awaitingTool(print = second): Threads {
  const threads = answered(first);
  threads.answeredMain(print, "tool_use");
  return threads;
}

describe("the main thread of a conversation", () => {
  it("is what the person's turns extend", () => {
    expect(answered(first).roleOf(second, IDLE)).toBe("main");
    expect(answered(first, second).roleOf(third, IDLE)).toBe("main");
  });

  it("stays the main one when a request is sent again while it is under way", () => {
    expect(answered(first).roleOf(second, during(second))).toBe("main");
  });

  it("is superseded by a rewind", () => {
    expect(answered(first, second, third).roleOf(says(["Shall we begin?", "Yes.", "No, stop."]), IDLE)).toBe(
      "main",
    );
  });

  it("is superseded by a compaction, though that is smaller and shares no message", () => {
    expect(answered(first, third).roleOf(says(["Summary: all is done.", "Good.", "Next?"]), IDLE)).toBe(
      "main",
    );
  });

  it("goes on after a compaction that another agent wrote", () => {
    const threads = answered(first, second, third);
    const summary = says(["Shall we begin?", "Yes.", "Then go on.", "Done.", "Summarise."], { tools: [] });
    expect(threads.roleOf(summary, IDLE)).toBe("side");
    threads.answeredAside(summary, "end_turn");
    expect(threads.roleOf(says(["Summary: all is done."]), IDLE)).toBe("main");
  });

  it("goes on with its messages on another model, and comes back", () => {
    const threads = answered(first, second);
    const other = says(["Shall we begin?", "Yes.", "Then go on.", "Done.", "Thanks."], {
      model: "claude-sonnet-5-5",
    });
    expect(threads.roleOf(other, IDLE)).toBe("main");
    threads.answeredMain(other, "end_turn");
    expect(threads.roleOf(third, IDLE)).toBe("main");
  });

  it("is the one with tools when the title came first, answered or not", () => {
    const titled = new Threads(title());
    expect(titled.roleOf(first, during(title()))).toBe("main");
    titled.answeredMain(title(), "end_turn");
    expect(titled.roleOf(first, IDLE)).toBe("main");
  });

  it("is the larger one when the title came first and neither has tools", () => {
    const plain = says([LONG], { tools: [] });
    expect(answered(title()).roleOf(plain, IDLE)).toBe("main");
  });

  it("is what the session's client begins anew once the old one has lapsed", () => {
    const anew = subAgent(["Something else."]);
    expect(answered(first, second).roleOf(anew, IDLE)).toBe("side");
    expect(answered(first, second).roleOf(anew, LAPSED)).toBe("main");
  });
});

describe("a side thread", () => {
  it.each([
    ["while the main request is under way", () => answered(first), during(second)],
    ["after the turn", () => answered(first, second), IDLE],
  ])("is a title asked for %s", (_, make, standing) => {
    expect(make().roleOf(title(), standing)).toBe("side");
    expect(make().roleOf(title([LONG]), standing)).toBe("side");
  });

  it("is a summary of the whole conversation without its tools", () => {
    const summary = says(["Shall we begin?", "Yes.", "Then go on.", "Done.", "Sum it up."], { tools: [] });
    expect(answered(first, second).roleOf(summary, IDLE)).toBe("side");
  });

  it("is a sub-agent while the main thread waits for its tool, however large it grows", () => {
    const threads = awaitingTool();
    const steps = [subAgent(["Search."]), subAgent(["Search.", LONG, "Found."])];
    for (const step of steps) {
      expect(threads.roleOf(step, IDLE)).toBe("side");
      threads.answeredAside(step, "tool_use");
    }
    expect(threads.roleOf(third, IDLE)).toBe("main");
    expect(threads.sides).toBe(1);
  });

  it("is a sub-agent that goes on in the background after the turn", () => {
    const threads = awaitingTool();
    threads.answeredAside(subAgent(["Search."]), "tool_use");
    threads.answeredMain(third, "end_turn");
    expect(threads.roleOf(subAgent(["Search.", LONG, "Found."]), IDLE)).toBe("side");
  });

  it("is a fork: what goes another way while a request of the main thread is under way", () => {
    const fork = says(["Shall we begin?", "Yes.", "Name what may come next."]);
    const threads = answered(first);
    expect(threads.roleOf(fork, during(second))).toBe("side");
    threads.answeredAside(fork, "end_turn");
    expect(threads.roleOf(third, IDLE)).toBe("main");
  });

  it("becomes the main one when its person goes on in it and it has grown no smaller", () => {
    const threads = answered(first, second);
    threads.answeredAside(subAgent(["Another thing."]), "end_turn");
    expect(threads.roleOf(subAgent(["Another thing.", "Yes.", "Go on."]), during(third))).toBe("side");
    expect(threads.roleOf(subAgent(["Another thing.", LONG, "Go on."]), IDLE)).toBe("main");
  });

  it("becomes the main one when its person goes on in it after the old one lapsed", () => {
    const threads = answered(first, third);
    threads.answeredAside(subAgent(["x"]), "end_turn");
    expect(threads.roleOf(subAgent(["x", "y", "z"]), IDLE)).toBe("side");
    expect(threads.roleOf(subAgent(["x", "y", "z"]), LAPSED)).toBe("main");
  });

  it("is remembered among a few only", () => {
    const threads = answered(first, second);
    for (let at = 0; at < 100; at++) threads.answeredAside(subAgent([`Task ${at}`]), "end_turn");
    expect(threads.sides).toBe(16);
  });
});

describe("the main thread, in sequences that agents are known to send,", () => {
  const sonnet = { model: "claude-sonnet-5-5" };

  it("moves to another model in the second turn, a title before the first or not", () => {
    const next = says(["Shall we begin?", "Yes.", "Go on."], sonnet);
    expect(answered(first).roleOf(next, IDLE)).toBe("main");
    const threads = new Threads(title());
    threads.answeredMain(title(), "end_turn");
    threads.answeredMain(first, "end_turn");
    expect(threads.roleOf(next, IDLE)).toBe("main");
  });

  it("is not a sub-agent that begins after the main thread's prefix lapsed in a long tool wait", () => {
    expect(awaitingTool().roleOf(subAgent(["Search."]), LAPSED)).toBe("side");
  });

  it("moves to an agent without tools once its person speaks there", () => {
    const threads = answered(first, second);
    const plain = (said: string[]) => says(said, { tools: [], system: "You only talk." });
    threads.answeredAside(plain(["Shall we begin?", "Yes.", "Let us talk."]), "end_turn");
    const next = plain(["Shall we begin?", "Yes.", "Let us talk.", "Gladly.", "So?"]);
    expect(threads.roleOf(next, IDLE)).toBe("main");
    expect(threads.roleOf(next, LAPSED)).toBe("main");
  });

  it("is a compaction in the middle of a turn, not a sub-agent of the same make", () => {
    const threads = awaitingTool(third);
    expect(threads.roleOf(says(["Summary: half is done."]), IDLE)).toBe("main");
  });
});
