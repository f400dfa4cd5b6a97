import { describe, expect, it } from "vitest";
import { KNOWN_MODELS, modelOrDefault } from "../../src/emulator/models.ts";
import { request, rig, text } from "./harness.ts";

const MINIMUMS: Readonly<Record<string, readonly string[]>> = {
  512: [
    "claude-opus-5-5",
    "claude-opus-5",
    "claude-sonnet-5-5",
    "claude-haiku-5-5",
    "claude-fable-5-1",
    "claude-mythos-5-1",
    "claude-fable-5",
    "claude-mythos-5",
    "claude-fable-5-2",
    "claude-mythos-5-2",
  ],
  1024: [
    "claude-opus-4-8",
    "claude-sonnet-5",
    "claude-sonnet-4-6",
    "claude-sonnet-4-5",
    "claude-opus-4-1",
    "claude-opus-4-0",
    "claude-sonnet-4-0",
  ],
  2048: ["claude-opus-4-7", "claude-mythos-preview", "claude-3-5-haiku"],
  4096: ["claude-opus-4-6", "claude-opus-4-5", "claude-haiku-4-5"],
};
const ROWS = Object.entries(MINIMUMS).flatMap(([tokens, models]) =>
  models.map((model) => [model, Number(tokens)] as const),
);

describe("the minimum cacheable prefix", () => {
  it.each(ROWS)("2: %s caches from %d tokens on", async (model, tokens) => {
    const { bill } = await rig({ minimumTokens: null });
    const prompt = (length: number) => request({ model, system: [text("s", length, "5m")] });
    expect(await bill(prompt(tokens - 1))).toEqual([0, 0, 0, tokens]);
    expect(await bill(prompt(tokens))).toEqual([0, tokens, 0, 1]);
  });

  it("2: is stated for every model of the table", () => {
    expect(KNOWN_MODELS.toSorted()).toEqual(ROWS.map(([model]) => model).sort());
  });

  it("2: is found by dated ids and aliases", () => {
    expect(modelOrDefault("claude-opus-4-5-20251101").minimumTokens).toBe(4096);
    expect(modelOrDefault("claude-3-5-haiku-latest").minimumTokens).toBe(2048);
    expect(modelOrDefault("claude-opus-4-20250514").id).toBe("claude-opus-4-0");
  });

  it("1.25: is no error to miss: both counters are 0, however often it is sent", async () => {
    const { bill } = await rig({ minimumTokens: null });
    const short = request({ system: [text("s", 500, "5m")] });
    expect(await bill(short)).toEqual([0, 0, 0, 501]);
    expect(await bill(short)).toEqual([0, 0, 0, 501]);
  });

  it("1.25: is measured from the beginning of the prompt, for each breakpoint", async () => {
    const { bill, emulator } = await rig({ minimumTokens: null });
    const system = [text("short", 400, "1h"), text("long", 200, "5m")];
    expect(await bill(request({ system }))).toEqual([0, 600, 0, 1]);
    expect(emulator.entries().map((entry) => entry.tokens)).toEqual([600]);
  });
});
