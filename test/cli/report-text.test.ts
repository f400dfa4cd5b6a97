import { describe, expect, it } from "vitest";
import { reportText } from "../../src/cli/report-text.ts";
import { type Figures, figures, reportOf } from "../../src/ledger/index.ts";

const OPUS = "claude-opus-5-5";

function row(
  day: string,
  name: string | null,
  some: Partial<Figures>,
  policy: string | null = "adaptive",
  model = OPUS,
) {
  const conversation = name === null ? 0 : [...name].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
  const buckets = [{ model, policy, figures: figures(some) }];
  return { name, row: { key: "", day, writer: "w", conversation, buckets } };
}

function text(rows: readonly ReturnType<typeof row>[], { tokens = false, width = 100 } = {}): string {
  const names = new Map(
    rows.flatMap(({ name, row: { day, conversation } }) =>
      name === null ? [] : [[`${day}:w:${conversation}`, name] as const],
    ),
  );
  const contents = { rows: rows.map((one) => one.row), merged: [], names };
  return reportText(reportOf(contents, { since: "2026-10-21", until: "2026-11-20" }), { tokens, width });
}

const GAIN = {
  requests: 40,
  requestsUsd: 12.5,
  first: 1,
  within: 33,
  rescued: 4,
  lapsed: 1,
  drifted: 1,
  warms: 20,
  hits: 19,
  colds: 1,
  coldReasons: { system_changed: 1 },
  spentUsd: 0.9,
  savedUsd: 4.2,
  spentWeight: 225_000,
  savedWeight: 1_050_000,
};

const LOSS = {
  requests: 6,
  requestsUsd: 1,
  within: 5,
  rescued: 1,
  warms: 30,
  hits: 29,
  cutOff: 1,
  spentUsd: 1.5,
  boundUsd: 0.25,
  savedUsd: 0.004,
  spentWeight: 375_000,
  savedWeight: 1_000,
};

describe("keepwarm report", () => {
  it("tells what was spent, saved and left, by day, conversation, model and policy", () => {
    const rows = [
      row("2026-11-20", "refactoring", GAIN),
      row("2026-11-19", "review", LOSS, "always", "claude-haiku-5-5"),
      row("2026-11-17", null, { requests: 3, requestsUsd: 0.5, lapsed: 2 }, null),
    ];
    expect(text(rows)).toMatchInlineSnapshot(`
      "2026-10-21 to 2026-11-20: warming saved $4.20 and cost $2.40: $1.80 less than without it.
        returns   5 rescued · 3 lapsed · 38 within the TTL · 1 drifted
        warms     48 hit · 1 cold · 1 cut off
        cold      1 its system prompt had changed
        requests  49, $14.00 at list price
        What was cut off is counted at the most it can have cost, $0.25.

        day         spent    saved     net  rescues
        2026-11-20  $0.90    $4.20  +$3.30        4  ████████████████████████
        2026-11-19  $1.50  $0.0040  −$1.50        1  ▒▒▒▒▒▒▒▒▒▒▒
        2026-11-17  $0.00    $0.00   $0.00        0

        conversation, since 2026-11-13  spent    saved     net  rescues
        review                          $1.50  $0.0040  −$1.50        1
        refactoring                     $0.90    $4.20  +$3.30        4

        model             spent    saved     net  rescues
        claude-haiku-5-5  $1.50  $0.0040  −$1.50        1
        claude-opus-5-5   $0.90    $4.20  +$3.30        4

        policy    spent    saved     net  rescues
        always    $1.50  $0.0040  −$1.50        1
        adaptive  $0.90    $4.20  +$3.30        4"
    `);
  });

  it("tells the same in tokens, weighed by their price", () => {
    expect(text([row("2026-11-20", "refactoring", GAIN)], { tokens: true })).toMatchInlineSnapshot(`
      "2026-10-21 to 2026-11-20: warming saved 1.05M tokens and cost 225K tokens: 825K tokens less than without it.
        returns   4 rescued · 1 lapsed · 33 within the TTL · 1 drifted
        warms     19 hit · 1 cold
        cold      1 its system prompt had changed
        requests  40, $12.50 at list price
        Tokens are weighed by their list price: an uncached token of input is 1, one read from the cache a tenth or less.

        day         spent  saved    net  rescues
        2026-11-20   225K  1.05M  +825K        4  ████████████████████████

        conversation, since 2026-11-13  spent  saved    net  rescues
        refactoring                      225K  1.05M  +825K        4

        model            spent  saved    net  rescues
        claude-opus-5-5   225K  1.05M  +825K        4"
    `);
  });

  it("says so where it was a loss", () => {
    const [verdict] = text([row("2026-11-20", "a", LOSS)]).split("\n");
    expect(verdict).toBe(
      "2026-10-21 to 2026-11-20: warming cost $1.50 and saved $0.0040: $1.50 more than without it.",
    );
    const [nothing] = text([row("2026-11-20", "a", { ...LOSS, rescued: 0, savedUsd: 0 })]).split("\n");
    expect(nothing).toBe("2026-10-21 to 2026-11-20: warming cost $1.50 and has saved nothing so far.");
    expect(text([row("2026-11-20", "a", LOSS)])).toMatch(/−\$1\.50 +1 +▒+$/m);
  });

  it("says so where nothing was warmed, or nothing passed at all", () => {
    expect(text([row("2026-11-20", null, { requests: 3, lapsed: 2 }, null)])).toMatch(
      /^.*: nothing was spent on warming\.\n {2}returns {3}2 lapsed\n/,
    );
    expect(text([])).toBe(
      "2026-10-21 to 2026-11-20: nothing was spent on warming.\n  A running gateway writes down what passes it: keepwarm start, then keepwarm on.",
    );
  });

  it("says what its dollars leave out, and what in them is only a bound", () => {
    const some = { ...LOSS, warmsUnpriced: 3, rescuesUnpriced: 1 };
    expect(text([row("2026-11-20", "a", some)])).toMatch(/counted at the most it can have cost, \$0\.25\./);
    expect(text([row("2026-11-20", "a", some)])).toMatch(/Of 4 warms and rescues no price is known/);
    expect(text([row("2026-11-20", "a", GAIN)])).not.toMatch(/at the most|no price/);
  });

  it("shows the last days of many, and how many more there are", () => {
    const days = Array.from({ length: 20 }, (_, index) =>
      row(`2026-11-${String(index + 1).padStart(2, "0")}`, "a", GAIN),
    );
    expect(text(days)).toMatch(/2026-11-07 .*\n {2}and 6 more: --json has them\n/);
  });

  it("shows nothing to the terminal that it would take as a command", () => {
    const evil = "\u001b[2Jgone\u0007\u202e";
    const some = { ...GAIN, coldReasons: { [evil]: 1 } };
    const said = text([row("2026-11-20", evil, some, evil, evil), row("2026-11-20", "b", GAIN)]);
    for (const character of ["\u001b", "\u0007", "\u202e"]) expect(said).not.toContain(character);
    expect(said).toContain("gone");
  });

  it("fits a narrow terminal", () => {
    const name = "a-conversation-with-a-rather-long-name-that-nobody-would-type";
    const lines = text([row("2026-11-20", name, GAIN)], { width: 60 }).split("\n");
    expect(Math.max(...lines.slice(lines.indexOf("")).map((line) => line.length))).toBeLessThanOrEqual(60);
  });
});
