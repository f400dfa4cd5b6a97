import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { CapturedConversation, LastRequest } from "../../src/capture/captured-conversation.ts";
import { HeldRequest } from "../../src/capture/held-request.ts";
import { createShelf } from "../../src/capture/shelf.ts";
import { createVirtualClock } from "../support/virtual-clock.ts";

const KB = 1_000;

function conversation(id: string, body: Uint8Array): CapturedConversation {
  const last: Pick<LastRequest, "request"> = { request: new HeldRequest({ url: "", headers: [], body }) };
  const turns: CapturedConversation["turns"] = new Set();
  return { id, last, turns, warming: false } as CapturedConversation;
}

const prose = (bytes: number) => new TextEncoder().encode("word ".repeat(bytes / 5));

function setUp(maxBytes: number, conversations: CapturedConversation[], wanted: readonly string[] = []) {
  const clock = createVirtualClock();
  const letGoOf: string[] = [];
  const shelf = createShelf({
    timers: clock.timers,
    maxBytes,
    conversations: () => conversations,
    isWanted: ({ id }) => wanted.includes(id),
    letGo(conversation, why) {
      letGoOf.push(conversation.id);
      expect(why).toMatch(/more than \d+ MB$/);
      conversation.last = null;
    },
  });
  return { clock, shelf, letGoOf };
}

describe("bodies on the shelf", () => {
  it("are compressed once their conversation has been quiet for a moment", async () => {
    const one = conversation("a", prose(500 * KB));
    const { clock, shelf } = setUp(1e9, [one]);
    shelf.shelve(one);
    expect(shelf.heldBytes()).toBe(500 * KB);
    await clock.pass(2_000);
    await expect.poll(() => shelf.heldBytes()).toBeLessThan(50 * KB);
  });

  it("stay as they are between the requests of a tool loop", async () => {
    const one = conversation("a", prose(500 * KB));
    const { clock, shelf } = setUp(1e9, [one]);
    for (let step = 0; step < 5; step++) {
      shelf.shelve(one);
      await clock.pass(1_900);
    }
    one.turns.add({} as never);
    await clock.pass(10_000);
    expect(one.last?.request.isPacked).toBe(false);
  });

  it("are let go of when there are too many: those used longest ago first, those kept warm last", async () => {
    const all = ["wanted", "oldest", "old", "new"].map((id) => conversation(id, randomBytes(300 * KB)));
    const { shelf, letGoOf } = setUp(700 * KB, all, ["wanted"]);
    for (const one of all) shelf.shelve(one);
    await expect.poll(() => shelf.heldBytes()).toBeLessThanOrEqual(700 * KB);
    expect(letGoOf).toEqual(["oldest", "old"]);
  });

  it("are compressed before any is let go of", async () => {
    const all = ["a", "b", "c", "d"].map((id) => conversation(id, prose(300 * KB)));
    const { shelf, letGoOf } = setUp(700 * KB, all);
    for (const one of all) shelf.shelve(one);
    await expect.poll(() => shelf.heldBytes()).toBeLessThan(100 * KB);
    expect(letGoOf).toEqual([]);
  });

  it("have an end at once when they are twice too many", () => {
    const all = Array.from({ length: 10 }, (_, at) => conversation(String(at), randomBytes(300 * KB)));
    const { shelf } = setUp(700 * KB, all);
    for (const one of all) shelf.shelve(one);
    expect(shelf.heldBytes()).toBeLessThanOrEqual(1_400 * KB);
  });

  it("are never those of a turn under way or a warm", async () => {
    const all = ["generating", "warming", "idle"].map((id) => conversation(id, randomBytes(300 * KB)));
    all[0]?.turns.add({ request: null } as never);
    if (all[1]) all[1].warming = true;
    const { shelf, letGoOf } = setUp(100 * KB, all);
    for (const one of all) shelf.shelve(one);
    await expect.poll(() => letGoOf).toEqual(["idle"]);
  });
});
