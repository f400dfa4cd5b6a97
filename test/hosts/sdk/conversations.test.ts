import { describe, expect, it } from "vitest";
import { Conversations } from "../../../src/hosts/sdk/conversations.ts";

describe("a program's conversations", () => {
  it("may be very many, and it is still told when there is something to sweep", () => {
    const now = { wallMs: 0, monotonicMs: 0 };
    const conversations = new Conversations(1_000_000);
    for (let at = 0; at < 200_000; at++) {
      conversations.place(`conversation-${at}`, { realm: "", base: "base", chain: ["first"], bytes: 1 }, now);
    }
    expect(conversations.nextSweepMs(now)).toBe(Number.POSITIVE_INFINITY);
  });
});
