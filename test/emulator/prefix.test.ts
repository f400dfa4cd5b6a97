import { describe, expect, it } from "vitest";
import { assistant, marker, numbered, request, rig, text, user } from "./harness.ts";

describe("the prefix", () => {
  it("1.2: caches nothing without a marker", async () => {
    const { bill } = await rig();
    const plain = request({ system: [text("rules", 100)] });
    expect(await bill(plain)).toEqual([0, 0, 0, 101]);
    expect(await bill(plain)).toEqual([0, 0, 0, 101]);
  });

  it("1.7: runs tools, system, messages, whatever the order of the body's fields", async () => {
    const { bill } = await rig();
    const tool = { name: "look", description: "d".repeat(300), input_schema: { type: "object" } };
    const [, written] = await bill(request({ tools: [{ ...tool, ...marker() }] }));
    const whole = { system: [text("rules", 50, "5m")], tools: [tool] };
    expect(await bill(request(whole))).toEqual([written, 50, 0, 1]);
  });

  it("1.7: is cumulative, so a change in front of the marker loses what follows", async () => {
    const { bill } = await rig();
    const system = (name: string) => [text(name, 50, "5m"), text("shared", 50, "5m")];
    expect(await bill(request({ system: system("one") }))).toEqual([0, 100, 0, 1]);
    expect(await bill(request({ system: system("two") }))).toEqual([0, 100, 0, 1]);
  });

  it("1.8: is written at the marked block and at no earlier one", async () => {
    const { bill, emulator } = await rig();
    await bill(numbered(10, 10));
    expect(emulator.entries().map((entry) => entry.tokens)).toEqual([100]);
    expect(await bill(numbered(5, 5))).toEqual([0, 50, 0, 0]);
  });

  it("1.8: never hits when the marked block changes with every request", async () => {
    // Documented mistake: five static blocks, then a timestamp and the message under the marker.
    const { bill } = await rig();
    const turn = (time: string) => {
      const blocks = [1, 2, 3, 4, 5].map((index) => text(`static ${index}`, 20));
      return request({ messages: [user(...blocks, text(time, 10, "5m"))] });
    };
    expect(await bill(turn("09:00"))).toEqual([0, 110, 0, 0]);
    expect(await bill(turn("09:01"))).toEqual([0, 110, 0, 0]);
  });

  it("1.8: hits every time once the marker is moved to the last static block", async () => {
    const { bill } = await rig();
    const turn = (time: string) => {
      const blocks = [1, 2, 3, 4].map((index) => text(`static ${index}`, 20));
      return request({ messages: [user(...blocks, text("static 5", 20, "5m"), text(time, 10))] });
    };
    expect(await bill(turn("09:00"))).toEqual([0, 100, 0, 10]);
    expect(await bill(turn("09:01"))).toEqual([100, 0, 0, 10]);
  });

  it("1.11: does not contain the markers, so a moved marker still hits", async () => {
    const { bill } = await rig();
    await bill(numbered(10, 10));
    expect(await bill(numbered(12, 12))).toEqual([100, 20, 0, 0]);
    expect(await bill(numbered(12, 3, 12))).toEqual([120, 0, 0, 0]);
  });

  it("1.19: keeps the key order of a tool's input, but not that of the block's own fields", async () => {
    const { bill } = await rig();
    const call = (input: object, flipped = false) =>
      flipped
        ? { input, name: "look", id: "t1", type: "tool_use" }
        : { type: "tool_use", id: "t1", name: "look", input };
    const turn = (use: object) =>
      request({ messages: [user(text("go", 10)), assistant({ ...use, ...marker() })] });
    const [, written = 0] = await bill(turn(call({ a: 1, b: 2 })));
    expect(await bill(turn(call({ a: 1, b: 2 }, true)))).toEqual([written, 0, 0, 0]);
    expect((await bill(turn(call({ b: 2, a: 1 }))))[0]).toBe(0);
  });

  it("5: takes a string for one text block and consecutive messages of one role for one turn", async () => {
    const { bill } = await rig();
    await bill(request({ messages: [user(text("one", 10), text("two", 10, "5m"))] }));
    const split = [user(text("one", 10)), user(text("two", 10, "5m"))];
    expect(await bill(request({ messages: split }))).toEqual([20, 0, 0, 0]);
    const asString = [{ role: "user", content: text("one", 10).text }, user(text("two", 10, "5m"))];
    expect(await bill(request({ messages: asString }))).toEqual([20, 0, 0, 0]);
  });
});

describe("the look-back", () => {
  it("1.9: reads the last write of a growing conversation", async () => {
    // The documented turns: a write at 10, then 15 blocks with the breakpoint on 15.
    const { bill } = await rig();
    expect(await bill(numbered(10, 10))).toEqual([0, 100, 0, 0]);
    expect(await bill(numbered(15, 15))).toEqual([100, 50, 0, 0]);
  });

  it("1.9: write at 15, next breakpoint at 35 checks 35…16 and misses by one", async () => {
    const { bill } = await rig();
    await bill(numbered(15, 15));
    expect(await bill(numbered(35, 35))).toEqual([0, 350, 0, 0]);
  });

  it("1.9: counts the breakpoint as the first of 20 positions, so 34 still reaches 15", async () => {
    const { bill } = await rig();
    await bill(numbered(15, 15));
    expect(await bill(numbered(34, 34))).toEqual([150, 190, 0, 0]);
  });

  it("1.9: resumes from the earlier breakpoint, which opens a second window", async () => {
    const { bill } = await rig();
    await bill(numbered(15, 15));
    expect(await bill(numbered(35, 15, 35))).toEqual([150, 200, 0, 0]);
  });

  it("1.9: lets the second window reach back 20 positions of its own", async () => {
    const { bill } = await rig();
    await bill(numbered(10, 10));
    expect(await bill(numbered(60, 29, 60))).toEqual([100, 500, 0, 0]);
    const fresh = await rig();
    await fresh.bill(numbered(10, 10));
    expect(await fresh.bill(numbered(60, 30, 60))).toEqual([0, 600, 0, 0]);
  });

  it("1.9: walks from messages into system and tools", async () => {
    const { bill } = await rig();
    const system = [text("rules", 100, "5m")];
    await bill(request({ system }));
    const later = request({ system: [text("rules", 100)], messages: [user(text("other", 10, "5m"))] });
    expect(await bill(later)).toEqual([100, 10, 0, 0]);
  });

  it("1.9: takes the highest of several entries", async () => {
    const { bill } = await rig();
    await bill(numbered(5, 5));
    await bill(numbered(8, 8));
    expect(await bill(numbered(10, 10))).toEqual([80, 20, 0, 0]);
  });

  describe("1.10, 11.5: over runs of tool blocks", () => {
    const uses = Array.from({ length: 15 }, (_, index) => ({
      type: "tool_use",
      id: `t${index}`,
      name: "look",
      input: { index },
    }));
    const results = uses.map(({ id }) => ({ type: "tool_result", tool_use_id: id, content: "found" }));
    const opening = user(text("go", 10, "5m"));
    const afterwards = [
      user(text("go", 10)),
      assistant(...uses),
      user(...results.with(-1, { ...results[14], ...marker() } as never)),
    ];

    it("counts every block by default", async () => {
      const { bill } = await rig();
      await bill(request({ messages: [opening] }));
      expect((await bill(request({ messages: afterwards })))[0]).toBe(0);
    });

    it("counts a run as one position in the reading of the skill", async () => {
      const { bill } = await rig({ readings: { lookBackUnit: "tool-runs" } });
      await bill(request({ messages: [opening] }));
      expect((await bill(request({ messages: afterwards })))[0]).toBe(10);
    });
  });
});
