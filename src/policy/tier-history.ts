/** Which lifetime suits a person, learned from what each would have cost. No times, no content. */
import type { CacheTier } from "./facts.ts";
import { type Prior, SHIPPED_PRIOR } from "./prior.ts";
import { perOption, TIER_OPTIONS, type TierCosts, type TierOption } from "./tier-costs.ts";

export interface TierAdvice {
  /** The lifetime to write with. */
  readonly tier: CacheTier;
  readonly option: TierOption;
  /** Expected cost of each option, relative to that of 5 minutes without warms. */
  readonly relativeCost: TierCosts;
  /** Input tokens' worth of past cost that this rests on; little means that it is mostly the prior. */
  readonly evidenceTokens: number;
}

/** Past cost that weighs as much as what is expected of anybody, in input tokens. */
export const STRENGTH_TOKENS = 4_000_000;
/** How much more a conversation's own past says of it than that of the person's others. */
const OWN_WEIGHT = 2;
/** Sums fade so that the last so many input tokens' worth count most. */
const REMEMBERED_TOKENS = 100_000_000;

const VERSION = "t1";

/** A person's past costs, by read price; for each conversation keep one more, to be passed to `advise`. */
export class TierHistory {
  #sums = new Map<number, Record<TierOption, number>>();

  /** @param read price of a read token in input tokens */
  add(read: number, costs: TierCosts): void {
    const sums = this.#sums.get(read) ?? { ...NONE };
    const fade = 1 - Math.min(1, costs["5m alone"] / REMEMBERED_TOKENS);
    for (const option of TIER_OPTIONS) sums[option] = sums[option] * fade + costs[option];
    this.#sums.set(read, sums);
  }

  /**
   * What to write the next prefix with. Only to be followed where the whole prefix is written anyway.
   * @param own the past of the conversation itself
   */
  advise(read: number, own: TierHistory = new TierHistory(), prior: Prior = SHIPPED_PRIOR): TierAdvice {
    const expected = expectedCosts(read, prior);
    const past = this.#sums.get(read) ?? NONE;
    const here = own.#sums.get(read) ?? NONE;
    const costs = perOption(
      (option) => past[option] + OWN_WEIGHT * here[option] + STRENGTH_TOKENS * expected[option],
    );
    const base = costs["5m alone"];
    const option = TIER_OPTIONS.reduce((best, other) => (costs[other] < costs[best] ? other : best));
    return {
      tier: option.startsWith("1h") ? "1h" : "5m",
      option,
      relativeCost: perOption((name) => costs[name] / base),
      evidenceTokens: past["5m alone"],
    };
  }

  /** A short line of text that {@link TierHistory.parse} reads. */
  toString(): string {
    const sums = [...this.#sums].map(([read, costs]) =>
      [read, ...TIER_OPTIONS.map((option) => Math.round(costs[option]).toString(36))].join(","),
    );
    return [VERSION, ...sums].join(";");
  }

  /** Never throws: what makes no sense reads as nothing counted yet. */
  static parse(text: string | null): TierHistory {
    const history = new TierHistory();
    const [version, ...lines] = (text ?? "").split(";");
    if (version !== VERSION) return history;
    for (const line of lines) {
      const [read = "", ...digits] = line.split(",");
      const costs = digits.map((digit) => Number.parseInt(digit, 36));
      if (
        !(Number(read) >= 0) ||
        costs.length !== TIER_OPTIONS.length ||
        costs.some((cost) => !(cost >= 0))
      ) {
        continue;
      }
      history.#sums.set(
        Number(read),
        perOption((option) => costs[TIER_OPTIONS.indexOf(option)] ?? 0),
      );
    }
    return history;
  }
}

/** What each option costs a person nobody has seen yet, relative to 5 minutes without warms. */
function expectedCosts(read: number, { tiers }: Prior): TierCosts {
  const nearest = tiers.reduce((best, row) =>
    Math.abs(Math.log(row.read / read)) < Math.abs(Math.log(best.read / read)) ? row : best,
  );
  return nearest.costs;
}

const NONE: TierCosts = perOption(() => 0);
