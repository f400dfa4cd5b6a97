/** A policy as an arm: asked when a warm is due, with what is known then. */
import type { Activity, Plan, Policy, PolicyFacts } from "../facts.ts";
import { type Arm, endMs, isOver } from "./arm.ts";
import type { Span } from "./recording.ts";
import type { Terms } from "./terms.ts";

/** What conversation and person did until an instant (epoch ms) of a span. */
export type ActivityAt = (span: Span, at: number) => Activity | undefined;

/** A policy that asks again more often than this within one span is taken to have stopped. */
const MOST_QUESTIONS = 5_000;

/**
 * Asks as a warmer does: once the turn has settled and after each warm, to know when to ask again, and at
 * that moment, with what is known then. Never once the prefix has lapsed. Where last spans count as closed,
 * the conversation is known to be open until then. Recorded ends do not hold a warm back: some agents' contain
 * the tool that ran after the answer.
 */
export function policyArm(name: string, policy: Policy, activityAt: ActivityAt = () => undefined): Arm {
  return {
    name,
    warmsAt(span, terms, count) {
      if (isOver(span, count)) return [];
      const warmsAt: number[] = [];
      const known = count === "closed" ? { open: true } : {};
      let usedAt = 0;
      let now = 0;
      for (let asked = 0; asked < MOST_QUESTIONS; asked++) {
        const facts = { ...factsAt(span, terms, { now, usedAt, warms: warmsAt.length }), ...known };
        const ahead = policy(facts);
        const nextAt = askedAgainAt(ahead, span);
        if (nextAt === null) break;
        now = Math.max(now, nextAt);
        if (now >= endMs(span) || now > usedAt + terms.ttlMs) break;
        const activity = activityAt(span, span.call.startedAt + now);
        const due = { ...factsAt(span, terms, { now, usedAt, warms: warmsAt.length }), ...known };
        const plan = policy(activity === undefined ? due : { ...due, activity });
        const at = askedAgainAt(plan, span);
        if (at === null) break;
        if (plan.warmAt === undefined || at > now) {
          if (at <= now) break;
          now = at;
          continue;
        }
        warmsAt.push(now);
        usedAt = now;
      }
      return warmsAt;
    },
  };
}

/** Ms after the start of the span; null where the plan is to stop. */
function askedAgainAt(plan: Plan, { call }: Span): number | null {
  return plan.stop ? null : (plan.warmAt ?? plan.askAgainAt) - call.startedAt;
}

/** Ms after the start of the span. */
interface Moment {
  readonly now: number;
  /** When the prefix was last used. */
  readonly usedAt: number;
  readonly warms: number;
}

export function factsAt({ call }: Span, terms: Terms, { now, usedAt, warms }: Moment): PolicyFacts {
  const { inputUsd, read, write } = terms;
  return {
    now: call.startedAt + now,
    turnStartedAt: call.startedAt,
    settledAt: Math.min(call.endedAt, call.startedAt + now),
    ttlMs: terms.ttlMs,
    dueAt: call.startedAt + usedAt + terms.everyMs,
    everyMs: terms.everyMs,
    latestAt: call.startedAt + usedAt + terms.latestMs,
    prefixTokens: call.contextTokens,
    price: { inputUsd, read, write },
    warms,
    spentUsd: warms * call.contextTokens * read * inputUsd,
    stop: call.stop,
  };
}
