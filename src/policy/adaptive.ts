/** As long as it is worth its price: by the chance of a return in each window to come. */
import { putOff } from "./due.ts";
import { premiumUsd, warmsWithinPremium, warmUsd } from "./economics.ts";
import type { Plan, PolicyFacts } from "./facts.ts";
import { type Outlook, outlookOf } from "./outlook.ts";
import type { Prior } from "./prior.ts";
import { between, finePercent, usd } from "./wording.ts";

/** Never more than one rewrite premium in a span, whatever the outlook says. */
export function adaptive(told: PolicyFacts, prior?: Prior): Plan {
  const facts = putOff(told);
  const outlook = outlookOf(facts, prior);
  if (facts.open === false) return stop("No client has this conversation open.", outlook);
  const more = warmsWithinPremium(facts);
  if (more < 1) {
    return stop(`Keeping it warm has cost as much as a rewrite would (${usd(premiumUsd(facts))}).`, outlook);
  }
  const { netUsd: expectedNetUsd, windows } = worth(facts, outlook, more);
  const why = reckoning(facts, outlook, windows);
  if (expectedNetUsd > 0) {
    return {
      warmAt: facts.dueAt,
      reason: `Worth a warm: ${why}`,
      expectedNetUsd,
      pReturn: outlook.pReturn,
    };
  }
  const reason = `Not worth a warm: ${why}`;
  if (facts.now < facts.dueAt) {
    return { askAgainAt: facts.dueAt, reason, expectedNetUsd: 0, pReturn: outlook.pReturn };
  }
  return stop(reason, outlook);
}

/**
 * What speaks for the next warm or against it: the chance of a return in the time that it adds, by one who is still
 * away when it is due, beside its price and what it would save.
 *
 * @param windows so many warms, each with the time that it adds, decide: one, where one alone is worth its price
 */
function reckoning(facts: PolicyFacts, outlook: Outlook, windows: number): string {
  const from = livesUntil(facts);
  const to = from + windows * facts.everyMs;
  const stillAway = outlook.idleAt(facts.dueAt);
  const chance = stillAway > 0 ? (outlook.idleAt(from) - outlook.idleAt(to)) / stillAway : 0;
  const when = between(Math.max(0, from - facts.now), Math.max(0, to - facts.now));
  const costUsd = windows * warmUsd(facts);
  const price =
    windows === 1 ? `a warm costs ${usd(costUsd)}` : `${windows} warms cost ${usd(costUsd)} at most`;
  return `${finePercent(chance)} chance of a return ${when} from now, if not sooner; ${price}, a rewrite ${usd(premiumUsd(facts))} more than a read.`;
}

/** Epoch ms at which the prefix lapses without the next warm. */
function livesUntil({ dueAt, everyMs, ttlMs }: PolicyFacts): number {
  return dueAt - everyMs + ttlMs;
}

interface Worth {
  readonly netUsd: number;
  /** The fewest warms that together are worth their price; one where none are. */
  readonly windows: number;
}

/**
 * What the next warm is worth with the option of those after it, by dynamic programming: each window is
 * worth its chance of a return times the premium, less the warm, plus the window after it where that is
 * worth more than nothing.
 */
function worth(facts: PolicyFacts, outlook: Outlook, most: number): Worth {
  const costUsd = warmUsd(facts);
  const savedUsd = premiumUsd(facts);
  const windows = Math.min(most, MOST_WINDOWS);
  const lapsesAt = livesUntil(facts);
  const nets: number[] = [];
  let value = 0;
  let idleAfter = outlook.idleAt(lapsesAt + windows * facts.everyMs);
  for (let window = windows - 1; window >= 0; window--) {
    const later = window * facts.everyMs;
    const idle = outlook.idleAt(facts.dueAt + later);
    const idleBefore = outlook.idleAt(lapsesAt + later);
    const net = idle > 0 ? (idleBefore - idleAfter) * savedUsd - idle * costUsd : 0;
    if (idle > 0) value = Math.max(0, net + value);
    nets[window] = net;
    idleAfter = idleBefore;
  }
  let sum = 0;
  const enough = nets.findIndex((net) => {
    sum += net;
    return sum > 0;
  });
  return { netUsd: value, windows: value > 0 && enough > 0 ? enough + 1 : 1 };
}

const MOST_WINDOWS = 60;

function stop(reason: string, outlook: Outlook): Plan {
  return { stop: true, reason, expectedNetUsd: 0, pReturn: outlook.pReturn };
}
