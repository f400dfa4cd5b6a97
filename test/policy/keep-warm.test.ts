import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatKeepWarm, type KeepWarm, parseKeepWarm } from "../../src/policy/index.ts";

describe("the choice of how long to keep warm", () => {
  it("is told as a person would say it", () => {
    expect(parseKeepWarm("auto")).toEqual({ kind: "auto" });
    expect(parseKeepWarm(" Always ")).toEqual({ kind: "always" });
    expect(parseKeepWarm("30m")).toEqual({ kind: "until", durationMs: 1_800_000 });
    expect(parseKeepWarm("1.5h")).toEqual({ kind: "until", durationMs: 5_400_000 });
    expect(parseKeepWarm("3 pings")).toEqual({ kind: "fixed", warms: 3 });
    expect(parseKeepWarm("1 ping")).toEqual({ kind: "fixed", warms: 1 });
    expect(parseKeepWarm("0 pings")).toEqual({ kind: "fixed", warms: 0 });
    expect(parseKeepWarm("break-even")).toEqual({ kind: "break-even" });
  });

  it.each(["", "3", "forever", "-1 pings", "30", "0m", "1e3m", "NaNh", "400d", "constructor", "3 pings 2h"])(
    "is not %j",
    (text) => {
      expect(parseKeepWarm(text)).toBeNull();
    },
  );

  it("reads what it writes", () => {
    const anyChoice: fc.Arbitrary<KeepWarm> = fc.oneof(
      fc.constantFrom<KeepWarm>({ kind: "auto" }, { kind: "always" }, { kind: "break-even" }),
      fc.nat(1_000_000).map((warms): KeepWarm => ({ kind: "fixed", warms })),
      fc
        .integer({ min: 1_000, max: 86_400_000 })
        .map((durationMs): KeepWarm => ({ kind: "until", durationMs })),
    );
    fc.assert(
      fc.property(anyChoice, (choice) => {
        expect(parseKeepWarm(formatKeepWarm(choice))).toEqual(choice);
      }),
    );
  });
});
