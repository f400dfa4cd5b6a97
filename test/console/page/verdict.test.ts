import { describe, expect, it, vi } from "vitest";
import { caveats, verdict } from "../../../src/console/page/totals/verdict.ts";
import { NO_CONTENTS, reportOf } from "../../../src/ledger/index.ts";

// Whatever the language of the machine that tests.
vi.hoisted(() => vi.stubGlobal("navigator", { languages: ["en-US@posix", "en-US"] }));

const empty = reportOf(NO_CONTENTS, { since: null, until: "2026-11-20" });
const total = (amounts: Partial<typeof empty.total>) => ({ ...empty, total: { ...empty.total, ...amounts } });

describe("the verdict", () => {
  it("says what was saved, and that it was a loss where it was one", () => {
    expect(verdict(empty)).toBe("Nothing was spent on warming.");
    expect(verdict(total({ warms: 3, spentUsd: 0.3 }))).toBe(
      "Warming cost $0.30 and has saved nothing so far.",
    );
    expect(verdict(total({ warms: 3, rescued: 1, spentUsd: 0.3, savedUsd: 0.2, netUsd: -0.1 }))).toBe(
      "Warming cost $0.30 and saved $0.20: $0.10 more than without it.",
    );
    expect(verdict(total({ warms: 3, rescued: 1, spentUsd: 0.3, savedUsd: 2, netUsd: 1.7 }))).toBe(
      "Warming saved $2.00 and cost $0.30: $1.70 less than without it.",
    );
  });

  it("names the days that were a loss, what was cut off, and what has no price", () => {
    const day = (day: string, netUsd: number) => ({ ...empty.total, day, netUsd });
    const said = caveats({
      ...total({ cutOff: 1, boundUsd: 0.5, warmsUnpriced: 2 }),
      days: [day("2026-11-20", -0.2), day("2026-11-19", 1), day("2026-11-18", -0.4)],
    });
    expect(said.slice(0, 3)).toEqual([
      "On 2 days of 3 it was a loss, at most $0.40 (Wed, Nov 18): warms that nobody came back for.",
      "1 warm was cut off and is counted at the most it can have cost, $0.50.",
      "Of 2 warms and rescues no price is known: they are left out.",
    ]);
    expect(caveats(empty)).toHaveLength(1);
  });
});
