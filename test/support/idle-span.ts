/** An idle span as a warmer lives it: asks the policy, sends what it plans, and asks again. */
import type { Plan, Policy, PolicyFacts } from "../../src/policy/index.ts";
import { warmUsd } from "../../src/policy/index.ts";

const START = Date.UTC(2026, 10, 20, 9);

/** Facts at the settle of a turn, 10 s after its request went out. */
export function factsWith(changes: Partial<PolicyFacts> = {}): PolicyFacts {
  const ttlMs = changes.ttlMs ?? 300_000;
  const everyMs = changes.everyMs ?? ttlMs - 20_000;
  const turnStartedAt = changes.turnStartedAt ?? START;
  return {
    now: turnStartedAt + 10_000,
    turnStartedAt,
    settledAt: turnStartedAt + 10_000,
    ttlMs,
    everyMs,
    dueAt: turnStartedAt + everyMs,
    prefixTokens: 100_000,
    price: { inputUsd: 5e-6, read: 0.1, write: 1.25 },
    warms: 0,
    spentUsd: 0,
    stop: "end_turn",
    ...changes,
  };
}

export interface LivedSpan {
  readonly warmsAt: readonly number[];
  readonly spentUsd: number;
  readonly plans: readonly Plan[];
}

/** Lives through a span that nobody returns from, for at most `hours`. */
export function liveThrough(policy: Policy, settled: PolicyFacts, hours = 48): LivedSpan {
  const endsAt = settled.turnStartedAt + hours * 3_600_000;
  const warmsAt: number[] = [];
  const plans: Plan[] = [];
  let facts = settled;
  for (;;) {
    const plan = policy(facts);
    plans.push(plan);
    if (plan.stop !== undefined) break;
    const at = plan.warmAt ?? plan.askAgainAt;
    if (at > endsAt) break;
    if (plan.warmAt === undefined || facts.now < at) {
      // At fire time the policy is asked again.
      if (at <= facts.now) throw new Error("a policy that asks to be asked at once never ends");
      facts = { ...facts, now: at };
      continue;
    }
    warmsAt.push(at);
    facts = {
      ...facts,
      now: at,
      warms: facts.warms + 1,
      spentUsd: facts.spentUsd + warmUsd(facts),
      dueAt: at + facts.everyMs,
    };
  }
  return { warmsAt, spentUsd: facts.spentUsd, plans };
}
