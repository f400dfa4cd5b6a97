import { EventEmitter } from "eventemitter3";
import { describe, expect, it } from "vitest";
import type { HostEvents, TurnSettled } from "../../src/host.ts";
import { listen } from "../../src/ledger/index.ts";
import { aLedger, ID, MINUTE_MS, MODEL, START, TTL_MS, usage } from "./book.ts";

function aHost() {
  const events = new EventEmitter<HostEvents>();
  const world = aLedger();
  const end = listen(events, world.ledger);
  const settle = (minute: number, found: ReturnType<typeof usage>, more: Partial<TurnSettled> = {}) =>
    events.emit("turnSettled", {
      conversationId: ID,
      requestStartedAt: START + minute * MINUTE_MS,
      usage: found,
      modelName: MODEL,
      ttlMs: TTL_MS,
      ...more,
    });
  const warm = (minute: number) =>
    events.emit("warmCompleted", {
      conversationId: ID,
      startedAt: START + minute * MINUTE_MS,
      usage: usage(1_000, 0),
    });
  return { ...world, events, end, settle, warm };
}

describe("a host that tells of turns alone", () => {
  it("is credited what a turn of one request found", () => {
    const { settle, warm, figures } = aHost();
    settle(0, usage(0, 1_000), { requests: 1 });
    warm(4);
    settle(8, usage(1_000, 0), { requests: 1 });
    expect(figures()).toMatchObject({ rescued: 1, rescuedTokens: 1_000 });
  });

  it("is credited nothing where the turn may have made more: its last request reads what its first one wrote", () => {
    const { settle, warm, figures } = aHost();
    for (const requests of [{}, { requests: 3 }]) {
      settle(0, usage(0, 1_000), requests);
      warm(4);
      settle(8, usage(1_000, 0), requests);
    }
    expect(figures()).toMatchObject({ unseen: 4, rescued: 0, savedUsd: 0, warms: 2 });
    expect(figures().spentUsd).toBeCloseTo(200);
  });

  it("is credited nothing after its prefix was invalidated", () => {
    const { settle, warm, figures, events } = aHost();
    settle(0, usage(0, 1_000), { requests: 1 });
    warm(4);
    events.emit("conversationChanged", { conversationId: ID, invalidated: "it was compacted" });
    settle(8, usage(1_000, 0), { requests: 1 });
    expect(figures()).toMatchObject({ replaced: 1, rescued: 0 });
  });

  it("has nothing booked of a turn that does not tell when its request went out", () => {
    const { events, ledger } = aHost();
    events.emit("turnSettled", { conversationId: ID, usage: usage(0, 1_000) });
    expect(ledger.figuresOf(ID)).toBeNull();
  });
});

describe("a host that tells of each request", () => {
  it("has none of them counted twice for their turn", () => {
    const { settle, events, figures } = aHost();
    const request = { conversationId: ID, startedAt: START, usage: usage(0, 1_000), modelName: MODEL };
    events.emit("requestAnswered", request);
    settle(0, usage(0, 1_000), { requests: 1 });
    expect(figures()).toMatchObject({ requests: 1 });
  });
});

it("hears nothing any more once it has ended", () => {
  const { end, events } = aHost();
  end();
  expect(events.eventNames()).toEqual([]);
});
