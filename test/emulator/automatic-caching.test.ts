import { describe, expect, it } from "vitest";
import { assistant, marker, numbered, request, rig, text, user } from "./harness.ts";

const AUTOMATIC = marker();
const AUTOMATIC_1H = marker("1h");

describe("automatic caching", () => {
  it("1.3: moves its breakpoint forward as the conversation grows", async () => {
    // The documented table of three requests.
    const { bill } = await rig();
    const system = [text("system", 100)];
    const turns = [user(text("user 1", 10)), assistant(text("assistant 1", 10)), user(text("user 2", 10))];
    const first = request({ ...AUTOMATIC, system, messages: turns });
    expect(await bill(first)).toEqual([0, 130, 0, 0]);
    turns.push(assistant(text("assistant 2", 20)), user(text("user 3", 10)));
    expect(await bill({ ...first, messages: turns })).toEqual([130, 30, 0, 0]);
    turns.push(assistant(text("assistant 3", 5)), user(text("user 4", 10)));
    expect(await bill({ ...first, messages: turns })).toEqual([160, 15, 0, 0]);
  });

  it("1.3: writes for an hour when asked to", async () => {
    const { bill } = await rig();
    expect(await bill(request({ ...AUTOMATIC_1H, messages: [user(text("hello", 10))] }))).toEqual([
      0, 0, 10, 0,
    ]);
  });

  it("1.3: walks back from a block that cannot carry a breakpoint", async () => {
    const { bill } = await rig();
    const messages = [
      user(text("question", 10)),
      assistant({ type: "thinking", thinking: "h".repeat(40), signature: "s" }),
    ];
    expect(await bill(request({ ...AUTOMATIC, messages }))).toEqual([0, 10, 0, 10]);
  });

  it("1.3, 1.20: walks back from a system message that clears itself", async () => {
    const { bill } = await rig();
    const note = { role: "system", clear_at: "next_user_message", content: [text("note", 5)] };
    expect(await bill(request({ ...AUTOMATIC, messages: [user(text("q", 10)), note] }))).toEqual([
      0, 10, 0, 5,
    ]);
  });

  it("1.3: silently caches nothing when no block is eligible", async () => {
    const { bill } = await rig();
    const thinking = assistant({ type: "thinking", thinking: "h".repeat(40), signature: "s" });
    expect(await bill(request({ ...AUTOMATIC, messages: [thinking] }))).toEqual([0, 0, 0, 10]);
  });

  it("1.4: does nothing where the last block is marked with the same TTL", async () => {
    const { bill, emulator } = await rig();
    expect(await bill({ ...numbered(3, 3), ...AUTOMATIC })).toEqual([0, 30, 0, 0]);
    expect(emulator.entries()).toHaveLength(1);
  });

  it("1.4: refuses a different TTL on the last block", async () => {
    const { refusal } = await rig();
    expect(await refusal({ ...numbered(3, 3), ...AUTOMATIC_1H })).toMatch(/ttl='5m'.*ttl='1h'/);
  });

  it("1.4: refuses when four explicit markers leave no slot", async () => {
    const { refusal, bill } = await rig();
    expect(await refusal({ ...numbered(6, 1, 2, 3, 4), ...AUTOMATIC })).toMatch(/No slot is left/);
    expect(await bill({ ...numbered(6, 1, 2, 3), ...AUTOMATIC })).toEqual([0, 60, 0, 0]);
  });

  it("1.4: needs no slot where the fourth marker already is the automatic one", async () => {
    const { bill } = await rig();
    expect(await bill({ ...numbered(6, 1, 2, 3, 6), ...AUTOMATIC })).toEqual([0, 60, 0, 0]);
  });

  it("1.4: combines with an explicit breakpoint on the system prompt", async () => {
    const { bill, emulator } = await rig();
    await bill(
      request({ ...AUTOMATIC, system: [text("system", 50, "5m")], messages: [user(text("hi", 5))] }),
    );
    expect(emulator.entries().map((entry) => entry.tokens)).toEqual([50, 55]);
  });

  it("1b: refuses an automatic hour behind an explicit five minutes", async () => {
    const { refusal } = await rig();
    expect(await refusal({ ...numbered(3, 1), ...AUTOMATIC_1H })).toMatch(/must not come after/);
  });
});
