import { describe, expect, it } from "vitest";
import { NOTHING_SEEN, type Picture, seen } from "../../../src/cli/watch/picture.ts";
import type { ConsoleEvent, ConversationView, HistoryEntry } from "../../../src/hub/index.ts";
import { aSnapshot } from "../../support/console-events.ts";
import { aConversation } from "../../support/controlled-in-memory.ts";

const told = (...conversations: ConversationView[]): ConsoleEvent => ({
  type: "conversations",
  id: null,
  data: { conversations },
});
const live: ConsoleEvent = { type: "live", id: "1", data: { now: 0 } };
const heard = (...events: ConsoleEvent[]) => events.reduce(seen, NOTHING_SEEN);
const ids = ({ conversations }: Picture) => [...conversations.keys()];

const [a, b, c] = ["a", "b", "c"].map((id) => aConversation({ id })) as [
  ConversationView,
  ConversationView,
  ConversationView,
];

describe("the picture of a gateway", () => {
  it("is what its snapshot tells", () => {
    const snapshot = aSnapshot();
    const picture = heard(snapshot, told(a), told(b, c), live);
    expect(picture).toMatchObject({
      gateway: snapshot.data.gateway,
      totals: snapshot.data.totals,
      untold: null,
    });
    expect(ids(picture)).toEqual(["a", "b", "c"]);
  });

  it("changes with what is told later, and what has gone is gone", () => {
    const changed = { ...b, lastPct: 98 };
    const gone: ConsoleEvent = { type: "gone", id: "3", data: { conversationIds: ["a", "never there"] } };
    const picture = heard(aSnapshot(), told(a, b), live, told(changed, c), gone);
    expect([...picture.conversations.values()]).toEqual([changed, c]);
  });

  it("keeps through another snapshot what that tells again, and nothing else once it is complete", () => {
    const before = heard(aSnapshot(), told(a, b), live);
    const halfway = [aSnapshot(), told(b)].reduce(seen, before);
    expect([ids(halfway), [...(halfway.untold ?? [])]]).toEqual([["a", "b"], ["a"]]);
    expect(ids(seen(seen(halfway, told(c)), live))).toEqual(["b", "c"]);
  });

  it("remembers what happened lately, and no more than that", () => {
    const entry: HistoryEntry = { kind: "switch", seq: 1, at: 0, enabled: true };
    const history = (...names: string[]): ConsoleEvent => ({
      type: "history",
      id: null,
      data: { entries: names.map((conversationId) => ({ conversationId, entry })) },
    });
    const picture = heard(history("a", "b"), history("c"));
    expect(picture.lately.map(({ conversationId }) => conversationId)).toEqual(["a", "b", "c"]);
    expect(heard(history(...Array<string>(60).fill("a"))).lately).toHaveLength(50);
  });
});
