import { describe, expect, it } from "vitest";
import { netUsd } from "../../src/ledger/index.ts";
import { aLedger, HOUR_MS, ID, listPrice, MINUTE_MS, RATES, usage } from "./book.ts";

const PREMIUM = RATES.write5m - RATES.read;

describe("a saving", () => {
  it("is credited to the return that read what a warm kept", () => {
    const { turn, warm, figures } = aLedger();
    turn(0, usage(0, 1_000));
    warm(4 * MINUTE_MS, usage(1_000, 0));
    turn(4 * MINUTE_MS, usage(1_000, 200));
    expect(figures()).toMatchObject({ rescued: 1, rescuedTokens: 1_000, spentUsd: 100 });
    expect(figures().savedUsd).toBeCloseTo(1_000 * PREMIUM);
    expect(netUsd(figures())).toBeCloseTo(1_000 * PREMIUM - 100);
  });

  it("is credited once, and not to the turns after the return", () => {
    const { turn, warm, figures } = aLedger();
    turn(0, usage(0, 1_000));
    warm(4 * MINUTE_MS, usage(1_000, 0));
    turn(4 * MINUTE_MS, usage(1_000, 200));
    for (let next = 0; next < 5; next++) turn(MINUTE_MS, usage(1_200 + next * 10, 10));
    expect(figures()).toMatchObject({ rescued: 1, rescuedTokens: 1_000, within: 5 });
  });

  it("is credited once where a return is two requests at the same time", () => {
    const { turn, warm, figures, now } = aLedger();
    turn(0, usage(0, 1_000));
    warm(4 * MINUTE_MS, usage(1_000, 0));
    turn(4 * MINUTE_MS, usage(1_000, 10));
    turn(0, usage(1_000, 20), { startedAt: now() - 1 });
    turn(0, usage(1_000, 30), { startedAt: now() });
    expect(figures()).toMatchObject({ rescued: 1, within: 2, rescuedTokens: 1_000 });
  });

  it("has its gap counted from the request that went out last, whichever was answered last", () => {
    const { turn, warm, figures, now } = aLedger();
    turn(0, usage(0, 1_000));
    turn(1_000, usage(1_000, 0));
    turn(0, usage(1_000, 0), { startedAt: now() - 500 });
    warm(4 * MINUTE_MS, usage(1_000, 0));
    turn(MINUTE_MS, usage(1_000, 0));
    expect(figures()).toMatchObject({ within: 3, rescued: 0 });
  });

  it("is credited again after another absence, for another warm alone", () => {
    const { turn, warm, figures } = aLedger();
    turn(0, usage(0, 1_000));
    warm(4 * MINUTE_MS, usage(1_000, 0));
    turn(4 * MINUTE_MS, usage(1_000, 0));
    turn(6 * MINUTE_MS, usage(1_000, 0));
    expect(figures()).toMatchObject({ rescued: 1, survived: 1 });
    warm(4 * MINUTE_MS, usage(1_000, 0));
    turn(4 * MINUTE_MS, usage(1_000, 0));
    expect(figures()).toMatchObject({ rescued: 2, rescuedTokens: 2_000 });
  });

  it("needs a warm before it: what was read without one is luck, or another's doing", () => {
    const { turn, figures } = aLedger();
    turn(0, usage(0, 1_000));
    turn(20 * MINUTE_MS, usage(1_000, 200));
    expect(figures()).toMatchObject({ survived: 1, rescued: 0, savedUsd: 0 });
  });

  it("needs a warm that still covered the return", () => {
    const { turn, warm, figures } = aLedger();
    turn(0, usage(0, 1_000));
    warm(4 * MINUTE_MS, usage(1_000, 0));
    turn(5 * MINUTE_MS + 1, usage(1_000, 200));
    expect(figures()).toMatchObject({ survived: 1, rescued: 0, savedUsd: 0 });
  });

  it("needs a warm that went out before the return, not one that it overtook", () => {
    const { turn, warm, figures, now } = aLedger();
    turn(0, usage(0, 1_000));
    turn(6 * MINUTE_MS, usage(0, 1_000));
    warm(1_000, usage(1_000, 0), { startedAt: now() - 2_000 });
    turn(5 * MINUTE_MS, usage(1_000, 0));
    expect(figures()).toMatchObject({ lapsed: 1, survived: 1, rescued: 0, warms: 1 });
    expect(figures().spentUsd).toBeCloseTo(100);
  });

  it("needs a warm that went out before the return, though it was answered before it", () => {
    const { turn, warm, figures, now } = aLedger();
    turn(0, usage(0, 1_000));
    warm(6 * MINUTE_MS, usage(1_000, 0));
    turn(0, usage(1_000, 0), { startedAt: now() - 1_000 });
    expect(figures()).toMatchObject({ survived: 1, rescued: 0, savedUsd: 0, warms: 1 });
  });

  it("is credited to the last warm, whichever was answered last", () => {
    const { turn, warm, figures, now } = aLedger();
    turn(0, usage(0, 1_000));
    warm(4 * MINUTE_MS, usage(1_000, 0));
    warm(4 * MINUTE_MS, usage(1_000, 0));
    warm(0, usage(1_000, 0), { startedAt: now() - 3 * MINUTE_MS });
    turn(4 * MINUTE_MS, usage(1_000, 0));
    expect(figures()).toMatchObject({ rescued: 1, warms: 3 });
  });

  it("needs a gap longer than the TTL, from request start to request start", () => {
    const { turn, warm, figures } = aLedger();
    turn(0, usage(0, 1_000));
    warm(4 * MINUTE_MS, usage(1_000, 0));
    turn(MINUTE_MS, usage(1_000, 200));
    expect(figures()).toMatchObject({ within: 1, rescued: 0, savedUsd: 0 });
    expect(figures().spentUsd).toBeCloseTo(100);
  });

  it("needs the read in the usage: a return that wrote it all again was not rescued", () => {
    const { turn, warm, figures } = aLedger();
    turn(0, usage(0, 1_000));
    warm(4 * MINUTE_MS, usage(1_000, 0));
    turn(4 * MINUTE_MS, usage(0, 1_200));
    expect(figures()).toMatchObject({ drifted: 1, rescued: 0, savedUsd: 0 });
  });

  it("is not credited where the usage of the return is not known", () => {
    const { turn, warm, figures } = aLedger();
    turn(0, usage(0, 1_000));
    warm(4 * MINUTE_MS, usage(1_000, 0));
    turn(4 * MINUTE_MS, undefined);
    turn(1_000, usage(1_000, 0));
    expect(figures()).toMatchObject({ unseen: 1, within: 1, rescued: 0, savedUsd: 0 });
  });

  it("is for no more than the warm refreshed, however much the return read", () => {
    const { turn, warm, figures } = aLedger();
    turn(0, usage(0, 1_000));
    warm(4 * MINUTE_MS, usage(400, 0));
    turn(4 * MINUTE_MS, usage(9_000, 0));
    expect(figures()).toMatchObject({ rescued: 1, rescuedTokens: 400 });
  });

  it("is for no more than the return read", () => {
    const { turn, warm, figures } = aLedger();
    turn(0, usage(0, 1_000));
    warm(4 * MINUTE_MS, usage(1_000, 0));
    turn(4 * MINUTE_MS, usage(700, 500));
    expect(figures()).toMatchObject({ rescued: 1, rescuedTokens: 700 });
  });

  it("is none on another model: its cache is another", () => {
    const { turn, warm, figures } = aLedger();
    turn(0, usage(0, 1_000));
    warm(4 * MINUTE_MS, usage(1_000, 0));
    turn(4 * MINUTE_MS, usage(1_000, 0), { modelName: "claude-haiku-5" });
    expect(figures()).toMatchObject({ replaced: 1, rescued: 0, savedUsd: 0 });
  });

  it("is none for a warm on another model, which kept another cache", () => {
    const { turn, warm, figures } = aLedger();
    turn(0, usage(0, 1_000));
    warm(4 * MINUTE_MS, usage(1_000, 0), { modelName: "claude-haiku-5" });
    turn(4 * MINUTE_MS, usage(1_000, 0));
    expect(figures()).toMatchObject({ survived: 1, rescued: 0, savedUsd: 0, warms: 1 });
  });

  it("is none where the thread was replaced, though its tools and system were read", () => {
    const { turn, warm, figures } = aLedger();
    turn(0, usage(0, 1_000));
    warm(4 * MINUTE_MS, usage(1_000, 0));
    turn(4 * MINUTE_MS, usage(900, 400), { replaced: true });
    expect(figures()).toMatchObject({ replaced: 1, rescued: 0, savedUsd: 0 });
  });

  it("is none for a side thread, which may read the prefix too", () => {
    const { turn, warm, figures } = aLedger();
    turn(0, usage(0, 1_000));
    warm(4 * MINUTE_MS, usage(1_000, 0));
    turn(2 * MINUTE_MS, usage(1_000, 0), { aside: true });
    expect(figures()).toMatchObject({ requests: 2, rescued: 0, within: 0 });
    turn(2 * MINUTE_MS, usage(1_000, 0));
    expect(figures()).toMatchObject({ requests: 3, rescued: 1 });
  });

  it("is credited though the return adds more than it reads", () => {
    const { turn, warm, figures } = aLedger();
    turn(0, usage(0, 1_000));
    warm(4 * MINUTE_MS, usage(1_000, 0));
    turn(4 * MINUTE_MS, usage(1_000, 8_000));
    expect(figures()).toMatchObject({ rescued: 1, rescuedTokens: 1_000 });
  });

  it("is another's where another's warm kept the prefix", () => {
    const { turn, warm, figures } = aLedger();
    turn(0, usage(0, 1_000));
    warm(4 * MINUTE_MS, usage(1_000, 0), { foreign: true, warmId: "another's" });
    warm(MINUTE_MS, usage(1_000, 0), { foreign: true, warmId: "another's" });
    turn(4 * MINUTE_MS, usage(1_000, 0));
    expect(figures()).toMatchObject({ survived: 1, rescued: 0, warms: 0, spentUsd: 0, requests: 4 });
    expect(figures().requestsUsd).toBeCloseTo(1_250 + 300);
  });

  it("is none after a warm whose answer never came", () => {
    const { turn, figures, ledger } = aLedger();
    turn(0, usage(0, 1_000));
    ledger.warmAborted({ conversationId: ID, usage: usage(0, 1_000) });
    turn(8 * MINUTE_MS, usage(1_000, 0));
    expect(figures()).toMatchObject({ survived: 1, rescued: 0, savedUsd: 0, cutOff: 1 });
  });

  it("is none where nothing is known of the last use, as after a restart", () => {
    const { turn, warm, figures } = aLedger();
    warm(0, usage(1_000, 0));
    turn(4 * MINUTE_MS, usage(1_000, 0));
    expect(figures()).toMatchObject({ first: 1, rescued: 0, savedUsd: 0, warms: 1 });
  });

  it("goes on from a request that the host remembers from before a restart, which is not counted again", () => {
    const { turn, warm, figures, ledger, now } = aLedger();
    ledger.remember({ conversationId: ID, startedAt: now(), ttlMs: 300_000, usage: usage(0, 1_000) });
    warm(4 * MINUTE_MS, usage(1_000, 0));
    turn(4 * MINUTE_MS, usage(1_000, 0));
    expect(figures()).toMatchObject({ rescued: 1, requests: 1 });
  });

  it("waits for an hour where the TTL is not known, so that none is claimed for an hour's entry", () => {
    const { turn, warm, figures } = aLedger();
    const unknown = { ttlMs: undefined } as object;
    turn(0, usage(0, 1_000), unknown);
    warm(4 * MINUTE_MS, usage(1_000, 0));
    turn(4 * MINUTE_MS, usage(1_000, 0), unknown);
    expect(figures()).toMatchObject({ within: 1, rescued: 0 });
    for (let warmed = 0; warmed < 20; warmed++) warm(4 * MINUTE_MS, usage(1_000, 0));
    turn(4 * MINUTE_MS, usage(1_000, 0), unknown);
    expect(figures()).toMatchObject({ rescued: 1 });
  });
});

describe("a saving on the one-hour tier", () => {
  const hour = { ttlMs: HOUR_MS };

  it("is what writing for an hour would have cost", () => {
    const { turn, warm, figures } = aLedger();
    turn(0, usage(0, 1_000, { hour: 1_000 }), hour);
    turn(20 * MINUTE_MS, usage(1_000, 0), hour);
    expect(figures()).toMatchObject({ within: 1 });
    warm(58 * MINUTE_MS, usage(1_000, 0));
    turn(30 * MINUTE_MS, usage(1_000, 100, { hour: 100 }), hour);
    expect(figures()).toMatchObject({ rescued: 1, rescuedTokens: 1_000 });
    expect(figures().savedUsd).toBeCloseTo(1_000 * (RATES.write1h - RATES.read));
  });

  const mixed = { ttlMs: 300_000, longestTtlMs: HOUR_MS };

  it("is none for the part of a mixed prefix that lives an hour anyway", () => {
    const { turn, warm, figures } = aLedger();
    turn(0, usage(0, 1_000, { hour: 600 }), mixed);
    warm(4 * MINUTE_MS, usage(1_000, 0));
    turn(4 * MINUTE_MS, usage(1_000, 0), mixed);
    expect(figures()).toMatchObject({ rescued: 1, rescuedTokens: 400 });
    expect(figures().savedUsd).toBeCloseTo(400 * PREMIUM);
  });

  it("is for both parts once the hour is over as well, each at its own price", () => {
    const { turn, warm, figures } = aLedger();
    turn(0, usage(0, 1_000, { hour: 600 }), mixed);
    for (let warmed = 0; warmed < 16; warmed++) warm(4 * MINUTE_MS, usage(1_000, 0));
    turn(4 * MINUTE_MS, usage(1_000, 0), mixed);
    expect(figures().savedUsd).toBeCloseTo(400 * PREMIUM + 600 * (RATES.write1h - RATES.read));
  });

  it("is no rescue where only the hour's part was read", () => {
    const { turn, warm, figures } = aLedger();
    turn(0, usage(0, 1_000, { hour: 600 }), mixed);
    turn(8 * MINUTE_MS, usage(600, 400), mixed);
    expect(figures()).toMatchObject({ lapsed: 1 });
    warm(4 * MINUTE_MS, usage(1_000, 0));
    turn(4 * MINUTE_MS, usage(600, 400), mixed);
    expect(figures()).toMatchObject({ drifted: 1, rescued: 0, savedUsd: 0 });
  });

  it("is the smaller one for both parts where it is not known how much is which", () => {
    const { turn, warm, figures } = aLedger();
    turn(0, usage(1_000, 0), mixed);
    for (let warmed = 0; warmed < 16; warmed++) warm(4 * MINUTE_MS, usage(1_000, 0));
    turn(4 * MINUTE_MS, usage(1_000, 0), mixed);
    expect(figures().savedUsd).toBeCloseTo(1_000 * PREMIUM);
  });

  it("is none where it is not known how much of a mixed prefix lives an hour", () => {
    const { turn, warm, figures } = aLedger();
    turn(0, usage(1_000, 0), mixed);
    warm(4 * MINUTE_MS, usage(1_000, 0));
    turn(4 * MINUTE_MS, usage(1_000, 0), mixed);
    expect(figures()).toMatchObject({ within: 1, rescued: 0 });
  });
});

describe("what was spent", () => {
  it("is every warm at list price, those that helped nobody as well", () => {
    const { turn, warm, figures } = aLedger();
    turn(0, usage(0, 1_000));
    const found = [usage(1_000, 0, { uncached: 30, output: 1 }), usage(600, 400), usage(0, 1_000)];
    for (const one of found) warm(4 * MINUTE_MS, one);
    expect(figures()).toMatchObject({ warms: 3, hits: 1, partials: 1, colds: 1, savedUsd: 0 });
    expect(figures().spentUsd).toBeCloseTo(found.map(listPrice).reduce((a, b) => a + b));
  });

  it("counts a warm once, however often it is reported", () => {
    const { turn, warm, figures } = aLedger();
    turn(0, usage(0, 1_000));
    for (let told = 0; told < 3; told++) warm(0, usage(1_000, 0), { warmId: "w1" });
    warm(4 * MINUTE_MS, usage(1_000, 0), { warmId: "w2" });
    expect(figures()).toMatchObject({ warms: 2 });
  });

  it("has an aborted warm at the most that it can have cost, and says how much of it that is", () => {
    const { turn, figures, ledger } = aLedger();
    turn(0, usage(0, 1_000));
    ledger.warmAborted({ conversationId: ID, usage: usage(0, 1_000, { output: 1 }) });
    expect(figures()).toMatchObject({ warms: 1, cutOff: 1, spentUsd: 1_255, boundUsd: 1_255 });
  });

  it("is what the host says it is, where it knows better", () => {
    const { turn, warm, figures } = aLedger();
    turn(0, usage(0, 1_000), { costUsd: 7 });
    warm(MINUTE_MS, usage(1_000, 0), { costUsd: 3 });
    expect(figures()).toMatchObject({ requestsUsd: 7, spentUsd: 3 });
  });

  it("is not claimed to be nothing where no price is known", () => {
    const { turn, warm, figures } = aLedger();
    const modelName = "someone-elses";
    turn(0, usage(0, 1_000), { modelName });
    warm(4 * MINUTE_MS, usage(1_000, 0), { modelName });
    turn(4 * MINUTE_MS, usage(1_000, 0), { modelName });
    expect(figures()).toMatchObject({
      warmsUnpriced: 1,
      requestsUnpriced: 2,
      rescuesUnpriced: 1,
      rescued: 1,
      rescuedTokens: 1_000,
      warmsReadTokens: 1_000,
    });
  });

  it("pays in advance where a cold warm wrote the prefix: the return saves less than that", () => {
    const { turn, warm, figures } = aLedger();
    turn(0, usage(0, 1_000));
    warm(4 * MINUTE_MS, usage(0, 1_000), { missReason: "previous_message_not_found" });
    turn(4 * MINUTE_MS, usage(1_000, 0));
    expect(figures()).toMatchObject({ colds: 1, coldReasons: { previous_message_not_found: 1 }, rescued: 1 });
    expect(netUsd(figures())).toBeCloseTo(-1_000 * RATES.read);
  });

  it("is told in tokens as well, each at its weight: a read is a tenth of a token, a write one and a quarter", () => {
    const { turn, warm, figures } = aLedger();
    turn(0, usage(0, 1_000));
    warm(4 * MINUTE_MS, usage(1_000, 0));
    turn(4 * MINUTE_MS, usage(1_000, 0));
    expect(figures().spentWeight).toBeCloseTo(100);
    expect(figures().savedWeight).toBeCloseTo(1_150);
  });

  it("is not thrown off by a report without its figures", () => {
    const { turn, warm, figures } = aLedger();
    turn(0, usage(0, 1_000));
    warm(0, { inputTokens: Number.NaN } as never);
    warm(0, undefined as never);
    expect(figures()).toMatchObject({ warms: 2, warmsUnpriced: 2, spentUsd: 0, hits: 0, colds: 0 });
  });
});

describe("why a warm was cold", () => {
  const COLD = usage(0, 1_000);
  const reasonsOf = (tell: (world: ReturnType<typeof aLedger>) => void) => {
    const world = aLedger();
    world.turn(0, COLD);
    tell(world);
    return world.figures().coldReasons;
  };

  it("is what the API said, where it said something", () => {
    const missReason = "system_changed";
    expect(reasonsOf(({ warm }) => warm(4 * MINUTE_MS, COLD, { missReason }))).toEqual({ system_changed: 1 });
  });

  it("is that it came too late, after the last request or warm that had read the prefix", () => {
    expect(reasonsOf(({ warm }) => warm(5 * MINUTE_MS + 1, COLD))).toEqual({ expired: 1 });
    expect(
      reasonsOf(({ warm }) => {
        warm(4 * MINUTE_MS, usage(1_000, 0));
        warm(4 * MINUTE_MS, COLD);
        warm(6 * MINUTE_MS, COLD);
      }),
    ).toEqual({ gone_early: 1, expired: 1 });
  });

  it("is that the entry was gone before its time, or all but its beginning was", () => {
    expect(reasonsOf(({ warm }) => warm(4 * MINUTE_MS, COLD))).toEqual({ gone_early: 1 });
    expect(reasonsOf(({ warm }) => warm(4 * MINUTE_MS, usage(300, 700)))).toEqual({ found_in_part: 1 });
  });

  it("is that nothing was cached at all, where nothing was read and nothing was written", () => {
    expect(reasonsOf(({ warm }) => warm(4 * MINUTE_MS, usage(0, 0, { uncached: 900 })))).toEqual({
      not_cached: 1,
    });
  });

  it("is not guessed where it is not known when the prefix was last used, or for how long it lives", () => {
    const world = aLedger();
    world.warm(0, COLD);
    world.turn(MINUTE_MS, COLD, { ttlMs: undefined } as object);
    world.warm(4 * MINUTE_MS, COLD);
    expect(world.figures().coldReasons).toEqual({ not_told: 2 });
  });
});

describe("a return", () => {
  it("within the TTL that wrote its prefix again has drifted: something in it changed", () => {
    const { turn, figures } = aLedger();
    turn(0, usage(0, 1_000));
    turn(MINUTE_MS, usage(100, 1_000));
    expect(figures()).toMatchObject({ first: 1, drifted: 1 });
  });

  it("has lapsed where its prefix outlived its TTL and was written again, a shared beginning aside", () => {
    const { turn, figures } = aLedger();
    turn(0, usage(0, 1_000));
    turn(6 * MINUTE_MS, usage(200, 900));
    expect(figures()).toMatchObject({ lapsed: 1 });
  });

  it("is the first where the request before it cached nothing", () => {
    const { turn, figures } = aLedger();
    turn(0, usage(0, 0, { uncached: 500 }));
    turn(6 * MINUTE_MS, usage(0, 900));
    expect(figures()).toMatchObject({ first: 2 });
  });
});
