/** As long as it is worth its price: by the chance of a return in each window to come. */
import { putOff } from "./due.ts";
import { premiumUsd, warmsWithinPremium, warmUsd } from "./economics.ts";
import type { Plan, PolicyFacts } from "./facts.ts";
import { type Outlook, outlookOf } from "./outlook.ts";
import type { Prior } from "./prior.ts";
import { howLong, percent, usd } from "./wording.ts";

/** Never more than one rewrite premium in a span, whatever the outlook says. */
export function adaptive(told: PolicyFacts, prior?: Prior): Plan {
  const facts = putOff(told);
  const outlook = outlookOf(facts, prior);
  if (facts.open === false) return stop("No client has this conversation open.", outlook);
  const more = warmsWithinPremium(facts);
  if (more < 1) {
    return stop(`Keeping it warm has cost as much as a rewrite would (${usd(premiumUsd(facts))}).`, outlook);
  }
  const expectedNetUsd = worth(facts, outlook, more);
  const chance = `${percent(outlook.pReturn)} chance of a return within ${howLong(windowMs(facts))}`;
  const price = `a warm costs ${usd(warmUsd(facts))}, a rewrite ${usd(premiumUsd(facts))} more than a read`;
  if (expectedNetUsd > 0) {
    return {
      warmAt: facts.dueAt,
      reason: `Worth a warm: ${chance}, and ${price}.`,
      expectedNetUsd,
      pReturn: outlook.pReturn,
    };
  }
  const reason = `Not worth a warm: ${chance}, and ${price}.`;
  if (facts.now < facts.dueAt) {
    return { askAgainAt: facts.dueAt, reason, expectedNetUsd: 0, pReturn: outlook.pReturn };
  }
  return stop(reason, outlook);
}

/** From now until the prefix would lapse after the next warm. */
function windowMs(facts: PolicyFacts): number {
  return Math.max(0, facts.dueAt + facts.ttlMs - facts.now);
}

/**
 * What the next warm is worth with the option of those after it, by dynamic programming: each window is
 * worth its chance of a return times the premium, less the warm, plus the window after it where that is
 * worth more than nothing.
 */
function worth(facts: PolicyFacts, outlook: Outlook, most: number): number {
  const costUsd = warmUsd(facts);
  const savedUsd = premiumUsd(facts);
  const windows = Math.min(most, MOST_WINDOWS);
  const livesUntil = facts.dueAt - facts.everyMs + facts.ttlMs;
  let value = 0;
  let idleAfter = outlook.idleAt(livesUntil + windows * facts.everyMs);
  for (let window = windows - 1; window >= 0; window--) {
    const later = window * facts.everyMs;
    const idle = outlook.idleAt(facts.dueAt + later);
    const idleBefore = outlook.idleAt(livesUntil + later);
    if (idle > 0) value = Math.max(0, (idleBefore - idleAfter) * savedUsd - idle * costUsd + value);
    idleAfter = idleBefore;
  }
  return value;
}

const MOST_WINDOWS = 60;

function stop(reason: string, outlook: Outlook): Plan {
  return { stop: true, reason, expectedNetUsd: 0, pReturn: outlook.pReturn };
}
