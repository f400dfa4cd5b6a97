/** The policies that follow a rule the person can say in a sentence. */
import { premiumUsd, warmsWithinPremium, warmUsd } from "./economics.ts";
import type { Plan, Policy, PolicyFacts } from "./facts.ts";
import { outlookOf } from "./outlook.ts";
import { counted, howLong, usd } from "./wording.ts";

/** At most `warms` warms after each turn. */
export function fixed(warms: number): Policy {
  return (facts) => {
    if (facts.warms < warms) {
      const left = counted(warms - facts.warms, "warm");
      return going(facts, warms - facts.warms, `Kept warm for ${left} more, as you chose.`);
    }
    if (warms === 0) return stopped("No warms, as you chose.", facts);
    const are = warms === 1 ? "is" : "are";
    return stopped(`The ${counted(warms, "warm")} that you chose ${are} used up.`, facts);
  };
}

/** For `durationMs` after each turn settled. */
export function until(durationMs: number): Policy {
  return (facts) => {
    const endsAt = (facts.settledAt ?? facts.turnStartedAt) + durationMs;
    if (facts.dueAt <= endsAt) {
      const more = Math.floor((endsAt - facts.dueAt) / facts.everyMs) + 1;
      return going(facts, more, `Kept warm for ${howLong(durationMs)} after each turn, as you chose.`);
    }
    return stopped(`The ${howLong(durationMs)} that you chose are over.`, facts);
  };
}

/** Until the conversation is closed. */
export const always: Policy = (facts) =>
  going(facts, Number.POSITIVE_INFINITY, "Kept warm until you close it, as you chose.");

/** Until what was spent since the last real turn reaches the rewrite premium: never more than one is wasted. */
export const breakEven: Policy = (facts) => {
  const premium = premiumUsd(facts);
  const more = warmsWithinPremium(facts);
  if (more >= 1) {
    return going(facts, more, `Kept warm until that has cost as much as a rewrite (${usd(premium)}).`);
  }
  return stopped(`Keeping it warm has cost as much as a rewrite would (${usd(premium)}).`, facts);
};

/**
 * A warm when it is due; `more` is how many the rule would send from here on. What is expected of it is worked out when it
 * is asked for: a forecast asks the rule about hundreds of warms and not once for that.
 */
function going(facts: PolicyFacts, more: number, reason: string): Plan {
  return {
    warmAt: facts.dueAt,
    reason,
    get expectedNetUsd() {
      const warms = Math.min(more, LONGEST_OUTLOOK);
      return outlookOf(facts).expectedNetUsd(warms, warmUsd(facts), premiumUsd(facts));
    },
    get pReturn() {
      return outlookOf(facts).pReturn;
    },
  };
}

/** Beyond, the chance of a return is negligible and so is its share of the expected value. */
const LONGEST_OUTLOOK = 600;

function stopped(reason: string, facts: PolicyFacts): Plan {
  return { stop: true, reason, expectedNetUsd: 0, pReturn: outlookOf(facts).pReturn };
}
