/** The chance that a person comes back, over time, from what is known now. */
import { aliveAt, type PolicyFacts, stopOf } from "./facts.ts";
import { featuresOf } from "./features.ts";
import { BIN_EDGES_S, LONG_BIN } from "./gap-history.ts";
import { type Prior, SHIPPED_PRIOR, weightsOf } from "./prior.ts";

/** What the next windows promise. A window is what one warm adds to the prefix's life. */
export interface Outlook {
  /** Chance, 0–1, of a return before the prefix would lapse after the next warm. */
  readonly pReturn: number;
  /** Chance, 0–1, of still being idle at an instant (epoch ms), given idle now. */
  idleAt(at: number): number;
  /** Expected USD of sending up to `warms` more warms, whatever is learned meanwhile. */
  expectedNetUsd(warms: number, warmUsd: number, premiumUsd: number): number;
}

/** Windows looked ahead. */
const MOST_WINDOWS = 60;

/** Where a client is known to have the conversation open, so much of the chance remains that it is over. */
const OVER_THOUGH_OPEN = 0.1;

export function outlookOf(facts: PolicyFacts, prior: Prior = SHIPPED_PRIOR): Outlook {
  const idleAt = survivalOf(facts, prior);
  // The prefix lives to the end of the window before the one that the next warm adds.
  const livesUntil = facts.dueAt - facts.everyMs + facts.ttlMs;
  return {
    pReturn: 1 - idleAt(livesUntil + facts.everyMs),
    idleAt,
    expectedNetUsd(warms, warmUsd, premiumUsd) {
      let net = 0;
      let idle = idleAt(livesUntil);
      for (let window = 0; window < Math.min(warms, MOST_WINDOWS); window++) {
        const from = window * facts.everyMs;
        const idleAfter = idleAt(livesUntil + from + facts.everyMs);
        net += (idle - idleAfter) * premiumUsd - idleAt(facts.dueAt + from) * warmUsd;
        idle = idleAfter;
      }
      return net;
    },
  };
}

/** A conversation is over, or its person comes back after a gap like those before. */
function survivalOf(facts: PolicyFacts, prior: Prior): (at: number) => number {
  const over = overChance(facts, prior);
  const absent = absence(facts, prior);
  const goneAt = aliveAt(facts);
  const absentNow = absent(facts.now - goneAt);
  return (at) => {
    if (at <= facts.now) return 1;
    return over + ((1 - over) * absent(at - goneAt)) / absentNow;
  };
}

/** Chance, 0–1, that nobody returns at all. */
export function overChance(facts: PolicyFacts, prior: Prior): number {
  if (facts.open === false) return 1;
  const weights = weightsOf(prior);
  const logOdds = featuresOf(facts).reduce(
    (sum, value, index) => sum + value * (weights[index] ?? 0),
    prior.ended.constant,
  );
  const chance = 1 / (1 + Math.exp(-logOdds));
  return facts.open === true ? chance * OVER_THOUGH_OPEN : chance;
}

/** Half of those still absent after the last edge return within so many ms. */
const LAST_HALF_MS = 86_400_000;

/**
 * Share of the gaps that last longer than `ms`, among those that end with a return: the prior's, as if it
 * were `strength` long gaps of this person, and the person's own.
 */
function absence(facts: PolicyFacts, prior: Prior): (ms: number) => number {
  const stop = stopOf(facts);
  const typical = prior.returned[stop];
  const own = facts.activity?.person?.[stop].returned;
  let tail = 0;
  for (let bin = LONG_BIN; bin < typical.length; bin++) tail += typical[bin] ?? 0;
  const scale = prior.strength / tail;
  const bins = typical.length;
  // Longer than the lower edge of each bin.
  const longer = new Float64Array(bins + 1);
  for (let bin = bins - 1; bin >= 0; bin--) {
    longer[bin] = (longer[bin + 1] ?? 0) + (typical[bin] ?? 0) * scale + (own?.[bin] ?? 0);
  }
  return (ms) => {
    const seconds = Math.max(0, ms / 1_000);
    let bin = 0;
    while (bin < bins - 1 && seconds >= (BIN_EDGES_S[bin] ?? 0)) bin += 1;
    const from = bin === 0 ? 0 : (BIN_EDGES_S[bin - 1] ?? 0);
    const atFrom = longer[bin] ?? 0;
    if (bin === bins - 1) return atFrom * 0.5 ** ((seconds - from) / (LAST_HALF_MS / 1_000));
    const share = (seconds - from) / ((BIN_EDGES_S[bin] ?? 0) - from);
    // A constant rate of return within a bin.
    return atFrom * ((longer[bin + 1] ?? 0) / atFrom) ** share;
  };
}
