import { describe, expect, it } from "vitest";
import { Clock, gate, MINUTE_MS, numbered, request, rig, text, user } from "./harness.ts";

const HOUR_MS = 60 * MINUTE_MS;

describe("an entry's lifetime", () => {
  it("1.15: is at least five minutes, and no more by default", async () => {
    const { bill, clock } = await rig();
    await bill(numbered(3, 3));
    clock.advance(5 * MINUTE_MS);
    expect(await bill(numbered(3, 3))).toEqual([30, 0, 0, 0]);
    clock.advance(5 * MINUTE_MS + 1);
    expect(await bill(numbered(3, 3))).toEqual([0, 30, 0, 0]);
  });

  it("1.15: may be made to linger, as deletion is not immediate", async () => {
    const { bill, clock } = await rig({ readings: { lingerMs: MINUTE_MS } });
    await bill(numbered(3, 3));
    clock.advance(6 * MINUTE_MS);
    expect(await bill(numbered(3, 3))).toEqual([30, 0, 0, 0]);
  });

  it("1.15: is an hour for a 1h marker", async () => {
    const { bill, clock } = await rig();
    const hour = request({ system: [text("s", 30, "1h")] });
    await bill(hour);
    clock.advance(HOUR_MS);
    expect(await bill(hour)).toEqual([30, 0, 0, 1]);
    clock.advance(HOUR_MS + 1);
    expect(await bill(hour)).toEqual([0, 0, 30, 1]);
  });

  it("scales with the options", async () => {
    const { bill, clock } = await rig({ ttl5mMs: 6_000, ttl1hMs: 72_000 });
    await bill(numbered(3, 3));
    await bill(request({ system: [text("s", 30, "1h")] }));
    clock.advance(6_001);
    expect(await bill(numbered(3, 3))).toEqual([0, 30, 0, 0]);
    expect(await bill(request({ system: [text("s", 30, "1h")] }))).toEqual([30, 0, 0, 1]);
  });

  it("1.13: counts from the start of the request, so a slow answer uses it up", async () => {
    // The documented case: four minutes of streaming leave about one minute for the follow-up.
    const clock = new Clock();
    const sleep = async (ms: number) => clock.advance(ms);
    const slow = (id: string) =>
      request({
        messages: [user(text(id, 20, "5m"), { type: "text", text: "[[tokens:5]][[pace:240000ms]]" })],
      });
    const quick = (id: string) => request({ messages: [user(text(id, 20, "5m"))] });
    const { bill } = await rig({ now: clock.now, sleep });
    await bill(slow("in time"));
    clock.advance(MINUTE_MS);
    expect(await bill(quick("in time"))).toEqual([20, 0, 0, 0]);
    await bill(slow("too late"));
    clock.advance(MINUTE_MS + 1);
    expect(await bill(quick("too late"))).toEqual([0, 20, 0, 0]);
  });

  it("1.14: starts anew with every read, for no more than the read", async () => {
    const { bill, clock } = await rig();
    await bill(numbered(3, 3));
    for (let ping = 0; ping < 10; ping += 1) {
      clock.advance(4 * MINUTE_MS);
      expect(await bill(numbered(3, 3))).toEqual([30, 0, 0, 0]);
    }
    clock.advance(5 * MINUTE_MS + 1);
    expect(await bill(numbered(3, 3))).toEqual([0, 30, 0, 0]);
  });

  it("1.14: is refreshed through a later breakpoint too", async () => {
    const { bill, clock } = await rig();
    await bill(numbered(3, 3));
    clock.advance(4 * MINUTE_MS);
    expect(await bill(numbered(5, 5))).toEqual([30, 20, 0, 0]);
    clock.advance(4 * MINUTE_MS);
    expect(await bill(numbered(3, 3))).toEqual([30, 0, 0, 0]);
  });

  it("4: survives as the published keep-alive does: ping at 240 s, read at 482 s; no ping, no read", async () => {
    const { bill, clock } = await rig();
    const ping = { ...numbered(3, 3), max_tokens: 1, stream: false };
    await bill(numbered(3, 3));
    clock.advance(240_000);
    await bill(ping);
    clock.advance(242_000);
    expect(await bill(numbered(3, 3))).toEqual([30, 0, 0, 0]);
    clock.advance(482_000);
    expect(await bill(numbered(3, 3))).toEqual([0, 30, 0, 0]);
  });

  it("1.12: begins when the response does, so parallel requests all pay the write", async () => {
    const answers = gate();
    const { post, emulator, bill } = await rig({ firstTokenDelayMs: 1, sleep: () => answers.opened });
    const together = [1, 2, 3].map(() => post(numbered(3, 3)));
    await expect.poll(() => emulator.requests.filter((one) => one.model !== null).length).toBe(3);
    expect(emulator.entries()).toEqual([]);
    answers.open();
    for (const reply of await Promise.all(together)) {
      expect(reply.body.usage.cache_creation_input_tokens).toBe(30);
    }
    expect(await bill(numbered(3, 3))).toEqual([30, 0, 0, 0]);
  });

  it("1.12: does not wait for the end of the response", async () => {
    const atFirstDelta = gate();
    const answers = gate();
    const sleep = () => {
      atFirstDelta.open();
      return answers.opened;
    };
    const { post, bill } = await rig({ sleep });
    const prompt = [text("prompt", 20, "5m")];
    const streaming = post(request({ messages: [user(...prompt, { type: "text", text: "[[pace:1ms]]" })] }));
    await atFirstDelta.opened;
    expect(await bill(request({ messages: [user(...prompt)] }))).toEqual([20, 0, 0, 0]);
    answers.open();
    await streaming;
  });

  it("leaves no trace of a request whose client left before the response began", async () => {
    const { url, emulator } = await rig({
      sleep: (_, signal) => new Promise((resolve) => signal.addEventListener("abort", () => resolve())),
      firstTokenDelayMs: 1,
    });
    const leaving = new AbortController();
    const sent = fetch(`${url}/v1/messages`, {
      method: "POST",
      headers: { "x-api-key": "k" },
      body: JSON.stringify(numbered(3, 3)),
      signal: leaving.signal,
    });
    await expect.poll(() => emulator.requests.at(0)?.model).toBe("claude-opus-5");
    leaving.abort();
    await expect(sent).rejects.toThrow();
    await expect.poll(() => emulator.requests.at(0)?.aborted).toBe(true);
    expect(emulator.entries()).toEqual([]);
    expect(emulator.requests.at(0)).toMatchObject({ status: 0, usage: null });
  });
});

describe("open questions about refreshing", () => {
  const both = request({ system: [text("system", 50, "5m")], messages: [user(text("turn", 10, "5m"))] });
  const systemOnly = request({ system: [text("system", 50, "5m")], messages: [user(text("else", 10))] });

  it("1c: the strict reading refreshes only the entry that was hit", async () => {
    const { bill, clock } = await rig();
    await bill(both);
    clock.advance(4 * MINUTE_MS);
    expect(await bill(both)).toEqual([60, 0, 0, 0]);
    clock.advance(4 * MINUTE_MS);
    expect(await bill(systemOnly)).toEqual([0, 50, 0, 10]);
  });

  it("1c: the kind reading refreshes every entry on the prefix that was read", async () => {
    const { bill, clock } = await rig({ readings: { refreshes: "prefix" } });
    await bill(both);
    clock.advance(4 * MINUTE_MS);
    await bill(both);
    clock.advance(4 * MINUTE_MS);
    expect(await bill(systemOnly)).toEqual([50, 0, 0, 10]);
  });

  it("1c: an hour's entry read through a 5m breakpoint keeps its hour", async () => {
    const { bill, clock } = await rig();
    await bill(request({ system: [text("s", 30, "1h")] }));
    expect(await bill(request({ system: [text("s", 30, "5m")] }))).toEqual([30, 0, 0, 1]);
    clock.advance(50 * MINUTE_MS);
    expect(await bill(request({ system: [text("s", 30, "5m")] }))).toEqual([30, 0, 0, 1]);
  });

  it("1b: a 1h marker on a prefix hit through a 5m entry writes nothing and does not prolong it", async () => {
    const { bill, clock } = await rig();
    await bill(request({ system: [text("s", 30, "5m")] }));
    expect(await bill(request({ system: [text("s", 30, "1h")] }))).toEqual([30, 0, 0, 1]);
    clock.advance(6 * MINUTE_MS);
    expect(await bill(request({ system: [text("s", 30, "1h")] }))).toEqual([0, 0, 30, 1]);
  });

  it("1c: the other reading gives the entry the TTL of the breakpoint it was read through", async () => {
    const { bill, clock } = await rig({ readings: { refreshTtl: "breakpoint" } });
    await bill(request({ system: [text("s", 30, "5m")] }));
    await bill(request({ system: [text("s", 30, "1h")] }));
    clock.advance(50 * MINUTE_MS);
    expect(await bill(request({ system: [text("s", 30, "5m")] }))).toEqual([30, 0, 0, 1]);
    clock.advance(6 * MINUTE_MS);
    expect(await bill(request({ system: [text("s", 30, "5m")] }))).toEqual([0, 30, 0, 1]);
  });
});
