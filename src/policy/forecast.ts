/** What is to come if nobody comes back: the chance that somebody does, over time, and the warms until a stop. */
import { type Caps, capped } from "./caps.ts";
import { warmUsd } from "./economics.ts";
import type { Plan, Policy, PolicyFacts } from "./facts.ts";
import { outlookOf } from "./outlook.ts";

export interface Forecast {
  /** What the policy says now. */
  readonly plan: Plan;
  /** Chance, 0–1, that the person is back so long from now; it rises. */
  readonly curve: readonly { readonly afterMs: number; readonly returned: number }[];
  /** When warms go out until the policy stops, in epoch ms; the first {@link MOST_WARMS}. */
  readonly warms: readonly number[];
  /** What each of them costs in USD. */
  readonly warmUsd: number;
}

const MOST_WARMS = 48;
/** A policy that does nothing but ask to be asked again. */
const MOST_QUESTIONS = 8 * MOST_WARMS;

/** From half a minute to a day, each a quarter later than the one before: a person's pauses are of every size. */
const AFTER_MS: readonly number[] = (() => {
  const all = [0];
  for (let afterMs = 30_000; afterMs < 86_400_000; afterMs *= 1.25) all.push(Math.round(afterMs));
  return [...all, 86_400_000];
})();

export function forecast(policy: Policy, facts: PolicyFacts, caps: Caps = {}): Forecast {
  const decide = capped(policy, caps);
  const { idleAt } = outlookOf(facts);
  return {
    plan: decide(facts),
    curve: AFTER_MS.map((afterMs) => ({ afterMs, returned: 1 - idleAt(facts.now + afterMs) })),
    warms: warmsAhead(decide, facts),
    warmUsd: warmUsd(facts),
  };
}

function warmsAhead(decide: Policy, told: PolicyFacts): number[] {
  const eachUsd = warmUsd(told);
  const warms: number[] = [];
  let facts = told;
  for (let asked = 0; asked < MOST_QUESTIONS && warms.length < MOST_WARMS; asked++) {
    const { warmAt, askAgainAt } = decide(facts);
    const at = warmAt ?? askAgainAt ?? facts.now;
    // Asked again when its time has come, as a warmer does.
    if (at > facts.now) facts = { ...facts, now: at };
    else if (warmAt === undefined) break;
    else {
      warms.push(facts.now);
      facts = afterWarm(facts, facts.now, eachUsd);
    }
  }
  return warms;
}

function afterWarm(facts: PolicyFacts, warmAt: number, usd: number): PolicyFacts {
  const { dueAt, latestAt = dueAt, everyMs, warms, spentUsd, spentUsd24h } = facts;
  const nextDueAt = warmAt + everyMs;
  return {
    ...facts,
    now: warmAt,
    dueAt: nextDueAt,
    latestAt: nextDueAt + (latestAt - dueAt),
    warms: warms + 1,
    spentUsd: spentUsd + usd,
    ...(spentUsd24h === undefined ? {} : { spentUsd24h: spentUsd24h + usd }),
  };
}
