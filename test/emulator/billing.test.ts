import { describe, expect, it } from "vitest";
import { billInput } from "../../src/emulator/billing.ts";
import { MINUTE_MS, request, rig, text, user } from "./harness.ts";

describe("1b: mixed TTLs are billed at three positions", () => {
  // A = the highest hit, B = the highest 1h breakpoint after A, C = the last breakpoint.
  const hour = { tokens: 100, ttl: "1h" } as const;
  const five = { tokens: 150, ttl: "5m" } as const;

  it.each([
    ["no hit: B at the hour, C at the five minutes", 0, [hour, five], [0, 100, 50, 30]],
    ["a hit before B: the hour is written from A on", 60, [hour, five], [60, 40, 50, 30]],
    ["a hit at B: no hour is written", 100, [hour, five], [100, 0, 50, 30]],
    ["a hit between B and C: B moves up to A", 120, [hour, five], [120, 0, 30, 30]],
    ["a hit at C: nothing is written", 150, [hour, five], [150, 0, 0, 30]],
    ["only an hour", 0, [hour], [0, 100, 0, 80]],
    ["no breakpoint", 0, [], [0, 0, 0, 180]],
  ] as const)("%s", (_, hit, breakpoints, expected) => {
    const bill = billInput(180, hit, breakpoints);
    expect([bill.readTokens, bill.write1hTokens, bill.write5mTokens, bill.baseTokens]).toEqual(expected);
  });

  it("splits a first request, a second turn, and a return after the five minutes", async () => {
    const { bill, clock } = await rig();
    const system = [text("system", 100, "1h")];
    const turn = (...blocks: Record<string, unknown>[]) => request({ system, messages: [user(...blocks)] });
    expect(await bill(turn(text("one", 50, "5m"), text("tail", 5)))).toEqual([0, 50, 100, 5]);
    expect(await bill(turn(text("one", 50), text("two", 20, "5m")))).toEqual([150, 20, 0, 0]);
    clock.advance(6 * MINUTE_MS);
    expect(await bill(turn(text("one", 50), text("two", 20, "5m")))).toEqual([100, 70, 0, 0]);
  });

  it("5: sums both TTLs in cache_creation_input_tokens, as in the documented 148 + 100 = 248", async () => {
    const { bill, post } = await rig();
    const system = [text("read", 1_800, "1h")];
    await bill(request({ system }));
    const body = request({
      system: [...system, text("hour", 100, "1h")],
      messages: [user(text("five", 148, "5m"), text("base", 2_048))],
    });
    expect((await post(body)).body.usage).toMatchObject({
      input_tokens: 2_048,
      cache_read_input_tokens: 1_800,
      cache_creation_input_tokens: 248,
      cache_creation: { ephemeral_5m_input_tokens: 148, ephemeral_1h_input_tokens: 100 },
    });
  });

  it("5: counts as input only what follows the last breakpoint: 100,000 read, 50 new", async () => {
    const { bill } = await rig();
    const body = request({
      system: [text("document", 100_000, "5m")],
      messages: [user(text("question", 50))],
    });
    await bill(body);
    expect(await bill(body)).toEqual([100_000, 0, 0, 50]);
  });
});
