/**
 * How long one decision takes: the adaptive policy at settle, on every read price and both tiers, with a full
 * history of the person. The limit is 50 µs, a thousandth of what a warm's own request takes.
 */
import { adaptive, GapHistory, type PolicyFacts, plan, STOP_KINDS } from "../src/policy/index.ts";

const LIMIT_US = 50;
const DECISIONS = 20_000;
const ROUNDS = 7;

const history = new GapHistory();
for (let count = 0; count < 3_000; count++) {
  history.returned(STOP_KINDS[count % STOP_KINDS.length] ?? "other", 1_000 * 1.01 ** (count % 1_200));
  if (count % 10 === 0) history.ended("end_turn");
}
const summary = history.summary();
const now = Date.UTC(2026, 10, 20, 9);

const facts: PolicyFacts[] = [];
for (const [ttlMs, write] of [
  [300_000, 1.25],
  [3_600_000, 2],
] as const) {
  for (const read of [0.1, 0.05, 0.025]) {
    for (const stop of STOP_KINDS) {
      facts.push({
        now: now + 10_000,
        turnStartedAt: now,
        settledAt: now + 10_000,
        ttlMs,
        everyMs: ttlMs - 20_000,
        dueAt: now + ttlMs - 20_000,
        latestAt: now + ttlMs - 10_000,
        prefixTokens: 120_000,
        price: { inputUsd: 5e-6, read, write },
        warms: 0,
        spentUsd: 0,
        stop,
        activity: {
          person: summary,
          conversation: summary,
          grownTokens: 4_000,
          othersActive: 1,
          othersBegun: 0,
        },
      });
    }
  }
}

const policies: readonly [string, (facts: PolicyFacts) => unknown][] = [
  ["adaptive", adaptive],
  [
    "auto, capped",
    (told) => plan({ kind: "auto" }, told, { spanUsd: 1, dayUsd: 10, minPrefixTokens: 2_000 }),
  ],
  ["always", (told) => plan({ kind: "always" }, told)],
];

const times = new Map(policies.map(([name]) => [name, [] as number[]]));
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, decide] of policies) {
    const startMs = performance.now();
    for (let count = 0; count < DECISIONS; count++) decide(facts[count % facts.length] as PolicyFacts);
    times.get(name)?.push(((performance.now() - startMs) / DECISIONS) * 1_000);
  }
}
console.table(
  Object.fromEntries(
    [...times].map(([name, rounds]) => {
      const median = rounds.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? Number.NaN;
      return [
        name,
        {
          "µs a decision": Number(median.toFixed(1)),
          "of the limit": `${((median / LIMIT_US) * 100).toFixed(0)} %`,
        },
      ];
    }),
  ),
);
