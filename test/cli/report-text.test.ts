import { describe, expect, it } from "vitest";
import { type ReportTextOptions, reportText } from "../../src/cli/report-text.ts";
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

function text(
  rows: readonly ReturnType<typeof row>[],
  options: ReportTextOptions = {},
  since = "2026-10-21",
): string {
  const names = new Map(
    rows.flatMap(({ name, row: { day, conversation } }) =>
      name === null ? [] : [[`${day}:w:${conversation}`, name] as const],
    ),
  );
  const contents = { rows: rows.map((one) => one.row), merged: [], names };
  return reportText(reportOf(contents, { since, until: "2026-11-20" }), { width: 100, ...options });
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
  requestsReadTokens: 40_000_000,
  requestsWrittenTokens: 1_000_000,
  requestsUncachedTokens: 900,
  requestsOutputTokens: 50_000,
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
      "Warming saved $4.20 and cost $2.40: $1.80 less than without it.
        2026-10-21 to 2026-11-20
        returns   5 rescued · 3 lapsed · 38 within the TTL · 1 drifted
        warms     48 hit · 1 cold · 1 cut off
        cold      1 because the system prompt had changed
        requests  49, $14.00 at list price
        What was cut off is counted at the most it can have cost, $0.25.

        day         spent    saved     net  rescues
        2026-11-20  $0.90  $4.20    +$3.30        4  ████████████████████████
        2026-11-19  $1.50  $0.0040  −$1.50        1  ▒▒▒▒▒▒▒▒▒▒▒
        2026-11-17  $0.00  $0.00     $0.00        0

        conversation, since 2026-11-13  spent    saved     net  rescues
        review                          $1.50  $0.0040  −$1.50        1
        refactoring                     $0.90  $4.20    +$3.30        4
        Conversations are told apart for a week; the days, models and policies go back further.

        model             spent    saved     net  rescues
        claude-haiku-5-5  $1.50  $0.0040  −$1.50        1
        claude-opus-5-5   $0.90  $4.20    +$3.30        4

        policy    spent    saved     net  rescues
        always    $1.50  $0.0040  −$1.50        1
        adaptive  $0.90  $4.20    +$3.30        4"
    `);
  });

  it("tells the same in tokens, weighed by their price", () => {
    expect(text([row("2026-11-20", "refactoring", GAIN)], { measure: "tokens" })).toMatchInlineSnapshot(`
      "Warming saved 1.05M tokens and cost 225K tokens: 825K tokens less than without it.
        2026-10-21 to 2026-11-20
        returns   4 rescued · 1 lapsed · 33 within the TTL · 1 drifted
        warms     19 hit · 1 cold
        cold      1 because the system prompt had changed
        requests  40; tokens: 40M read · 1M written · 900 uncached · 50000 answered
        Tokens are weighed by their list price: an uncached token of input is 1, one read from the cache a
        tenth or less.

        day         spent  saved    net  rescues
        2026-11-20   225K  1.05M  +825K        4  ████████████████████████

        conversation, since 2026-11-13  spent  saved    net  rescues
        refactoring                      225K  1.05M  +825K        4
        Conversations are told apart for a week; the days, models and policies go back further.

        model            spent  saved    net  rescues
        claude-opus-5-5   225K  1.05M  +825K        4"
    `);
  });

  it("says so where it was a loss", () => {
    const [verdict] = text([row("2026-11-20", "a", LOSS)]).split("\n");
    expect(verdict).toBe("Warming cost $1.50 and saved $0.0040: $1.50 more than without it.");
    const [nothing] = text([row("2026-11-20", "a", { ...LOSS, rescued: 0, savedUsd: 0 })]).split("\n");
    expect(nothing).toBe("Warming cost $1.50 and has saved nothing so far.");
    expect(text([row("2026-11-20", "a", LOSS)])).toMatch(/−\$1\.50 +1 +▒+$/m);
  });

  it("shows a net that is what it shows as saved less what it shows as spent", () => {
    const some = { ...GAIN, savedUsd: 1.5449, spentUsd: 0.2151 };
    expect(text([row("2026-11-20", "a", some)])).toMatch(
      /^Warming saved \$1\.54 and cost \$0\.22: \$1\.32 less than without it\.\n/,
    );
    const close = { ...GAIN, savedUsd: 0.134, spentUsd: 0.2151 };
    expect(text([row("2026-11-20", "a", close)])).toMatch(/ \$0\.22 +\$0\.13 +−\$0\.09 /);
  });

  it("says so where nothing was warmed, and how to begin", () => {
    const said = text([row("2026-11-20", null, { requests: 3, requestsUsd: 1, lapsed: 2 }, null)]);
    expect(said).toMatch(/^Nothing was spent on warming\.\n.*\n {2}returns {3}2 lapsed\n/);
    expect(said).toContain("No warm was sent: nothing was switched on (keepwarm on does), or none was due");
    expect(text([row("2026-11-20", "a", GAIN)])).not.toContain("keepwarm on");
  });

  it("tells what was on and never worth a warm from what was off", () => {
    const passed = [row("2026-11-20", null, { requests: 3 }, null)];
    const said = (...enabled: boolean[]) =>
      text(passed, { open: enabled.map((on, at) => ({ id: `c${at}`, folder: null, enabled: on })) });
    expect(said(false)).toContain("No conversation is switched on: keepwarm on switches the open one on.");
    expect(said(true, false)).toContain(
      "One conversation is on, and no warm was due and worth its price so far",
    );
    expect(said(true, true)).toContain("2 conversations are on, and no warm was due");
    expect(said(true)).not.toContain("keepwarm on ");
  });

  it("calls a saving and a cost that differ by less than it shows about even", () => {
    const even = { ...GAIN, savedUsd: 0.58, spentUsd: 0.580186 };
    expect(text([row("2026-11-20", "a", even)])).toMatch(
      /^Warming saved \$0\.58 and cost \$0\.58: about even\.\n/,
    );
  });

  it("calls conversations as status does, by folder where they are open and else by a short id", () => {
    const [one, other] = ["c625cb6d", "9f00aa11"].map(
      (start) => `keepwarm-thread-${start}-0000-4000-8000-000000000000`,
    );
    const rows = [row("2026-11-20", one ?? "", GAIN), row("2026-11-20", other ?? "", LOSS)];
    const said = text(rows, { open: [{ id: one ?? "", folder: "cathedral", enabled: true }] });
    expect(said).toMatch(/^ {2}cathedral +\$0\.90 /m);
    expect(said).toMatch(/^ {2}9f00aa11 +\$1\.50 /m);
  });

  it("says why conversations are told of fewer days than the rest", () => {
    const rows = [row("2026-11-20", "a", GAIN)];
    expect(text(rows)).toContain("Conversations are told apart for a week;");
    expect(text(rows, {}, "2026-11-18")).not.toContain("for a week");
  });

  it("says where nothing passed at all what would make something pass, or when something did", () => {
    const none = "Nothing was spent on warming.\n  2026-10-21 to 2026-11-20\n  ";
    expect(text([])).toBe(
      `${none}No gateway has written anything down yet: keepwarm run -- claude, or keepwarm start.`,
    );
    expect(text([], { gatewayUrl: "http://127.0.0.1:4777" })).toBe(
      `${none}Nothing has passed the gateway yet: keepwarm run -- claude, or\n  ANTHROPIC_BASE_URL=http://127.0.0.1:4777`,
    );
    expect(text([row("2026-09-01", "a", GAIN)])).toBe(
      `${none}Nothing passed in this time. What came before began on 2026-09-01: --since 80d`,
    );
  });

  it("says why warms were cold, the most frequent reason first", () => {
    const coldReasons = { expired: 2, "of a newer gateway": 1, not_told: 3 };
    expect(text([row("2026-11-20", "a", { ...GAIN, colds: 6, coldReasons })])).toContain(
      "  cold      3 for an unknown reason · 2 sent after the entry had expired · 1 of a newer gateway\n",
    );
  });

  it("says what its dollars leave out, and what in them is only a bound", () => {
    const some = { ...LOSS, warmsUnpriced: 3, rescuesUnpriced: 1 };
    expect(text([row("2026-11-20", "a", some)])).toMatch(/counted at the most it can have cost, \$0\.25\./);
    expect(text([row("2026-11-20", "a", some)])).toMatch(/Of 4 warms and rescues no price is known/);
    expect(text([row("2026-11-20", "a", some)], { measure: "tokens" })).toMatch(/most it can have cost\.$/m);
    expect(text([row("2026-11-20", "a", GAIN)])).not.toMatch(/at the most|no price/);
  });

  it("tells it in tokens by itself where a subscription paid for all warms, unless asked for dollars", () => {
    const subscribed = { ...GAIN, warmsBySubscription: GAIN.warms };
    expect(text([row("2026-11-20", "a", subscribed)])).toMatch(
      /^Warming saved 1\.05M tokens(.|\n)*A subscription paid for these warms(.|\n)*--dollars/,
    );
    expect(text([row("2026-11-20", "a", subscribed)], { measure: "dollars" })).toMatch(
      /^Warming saved \$4\.20(.|\n)*A subscription paid for these warms: at list price here, --tokens/,
    );
    const partly = { ...GAIN, warmsBySubscription: 5 };
    expect(text([row("2026-11-20", "a", partly)])).toMatch(
      /^Warming saved \$4\.20(.|\n)*A subscription paid for 5 of the warms/,
    );
    expect(text([row("2026-11-20", "a", GAIN)])).not.toContain("subscription");
  });

  it("says which lifetime of cache entries would cost least, and which is in force where a gateway runs", () => {
    const relativeCost = { "5m alone": 1, "5m + warms": 0.79, "1h alone": 0.9, "1h + warms": 0.95 };
    const tier = { modelName: OPUS, cheapest: "5m + warms", relativeCost, isOwn: true };
    const said = (options: ReportTextOptions) =>
      text([row("2026-11-20", "a", GAIN)], { width: 200, ...options })
        .split("\n")
        .find((one) => one.includes("cache lifetime"));
    const advice = "cheapest for claude-opus-5-5: 5m + warms, 21 % less than 5m alone (by your own pauses)";
    expect(said({ tier })).toBe(`  cache lifetime ${advice}`);
    expect(said({ tier: { ...tier, set: null } })).toBe(`  cache lifetime as sent · ${advice}`);
    expect(said({})).toBeUndefined();
  });

  it("tells what warming cost that has no name of its own, so that the conversations add up", () => {
    const said = text([row("2026-11-20", "a", GAIN), row("2026-11-20", null, LOSS)]);
    expect(said).toMatch(/^ {2}others +\$1\.50 /m);
    expect(text([row("2026-11-20", null, { requests: 1 }, null), row("2026-11-20", "a", GAIN)])).not.toMatch(
      /others/,
    );
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

  it.each([60, 80, 120])("fits a terminal of %d columns", (width) => {
    const name = "a-conversation-with-a-rather-long-name-that-nobody-would-type";
    const all = { ...GAIN, ...LOSS, survived: 12, unseen: 3, replaced: 4, lapsed: 2, colds: 1, partials: 9 };
    const some = {
      ...all,
      warmsUnpriced: 3,
      warmsBySubscription: 5,
      coldReasons: { expired: 1, not_told: 3 },
    };
    for (const measure of ["dollars", "tokens"] as const) {
      const lines = text([row("2026-11-20", name, some), row("2026-11-19", "b", GAIN)], {
        width,
        measure,
      }).split("\n");
      expect(Math.max(...lines.map((line) => line.length)), lines.join("\n")).toBeLessThanOrEqual(width);
    }
  });
});
