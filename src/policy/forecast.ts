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
  /** When warms go out until the policy stops, in epoch ms: those of a day, and at most {@link MOST_WARMS}. */
  readonly warms: readonly number[];
  /** Warms a day, where they go on after those; null: those are all. */
  readonly warmsADay: number | null;
  /** What each of them costs in USD. */
  readonly warmUsd: number;
}

/** More than a 5-minute entry takes in a day. */
const MOST_WARMS = 330;
/** A policy that does nothing but ask to be asked again. */
const MOST_QUESTIONS = 8 * MOST_WARMS;
const DAY_MS = 86_400_000;

/** From half a minute to a day, each a quarter later than the one before: a person's pauses are of every size. */
const AFTER_MS: readonly number[] = (() => {
  const all = [0];
  for (let afterMs = 30_000; afterMs < DAY_MS; afterMs *= 1.25) all.push(Math.round(afterMs));
  return [...all, DAY_MS];
})();

export function forecast(policy: Policy, facts: PolicyFacts, caps: Caps = {}): Forecast {
  const decide = capped(policy, caps);
  const { idleAt } = outlookOf(facts);
  return {
    plan: decide(facts),
    curve: AFTER_MS.map((afterMs) => ({ afterMs, returned: 1 - idleAt(facts.now + afterMs) })),
    ...warmsAhead(decide, facts),
    warmUsd: warmUsd(facts),
  };
}

function warmsAhead(decide: Policy, told: PolicyFacts): Pick<Forecast, "warms" | "warmsADay"> {
  const eachUsd = warmUsd(told);
  const warms: number[] = [];
  let facts = told;
  for (let asked = 0; asked < MOST_QUESTIONS; asked++) {
    const { warmAt, askAgainAt } = decide(facts);
    const at = warmAt ?? askAgainAt ?? facts.now;
    const isBeyond = at > told.now + DAY_MS || warms.length === MOST_WARMS;
    if (warmAt !== undefined && isBeyond) return { warms, warmsADay: DAY_MS / facts.everyMs };
    if (isBeyond) break;
    // Asked again when its time has come, as a warmer does.
    if (at > facts.now) facts = { ...facts, now: at };
    else if (warmAt === undefined) break;
    else {
      warms.push(facts.now);
      facts = afterWarm(facts, facts.now, eachUsd);
    }
  }
  return { warms, warmsADay: null };
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
