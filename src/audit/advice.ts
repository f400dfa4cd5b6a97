/** What a person's own past advises: which policy on which tier, and whether it is worth anything at all. */
import type { CacheTier } from "../policy/index.ts";
import type { Option, PolicyName, WhatIf } from "./what-if.ts";
import { shareText, usdText } from "./wording.ts";

export interface Advice {
  /** `keep-warm`: warm, with `auto`. `tier-alone`: only write for another lifetime. `nothing`: leave it as it is. */
  readonly kind: "keep-warm" | "tier-alone" | "nothing" | "unknown";
  /** Null where nothing is advised. */
  readonly policy: PolicyName | null;
  /** The lifetime to write with; `chosen` where keepwarm is to choose it for each conversation. */
  readonly tier: CacheTier | "chosen" | null;
  /** What it would have saved, in USD and as a share of what the prompts cost; 0 where nothing is advised. */
  readonly savedUsd: number;
  readonly savedShare: number;
  /** For people, a sentence each. */
  readonly sentences: readonly string[];
}

/** Less than this share of the bill is no reason to change anything. */
const WORTH_IT = 0.01;
/** Fewer pauses say little about the next ones. */
const FEW_PAUSES = 20;

const NAMES = {
  "5m": "5 minutes",
  "1h": "an hour",
  chosen: "5 minutes or an hour, whichever is cheaper",
} as const;

export function adviceFrom(result: WhatIf, pauses: number): Advice {
  const { conversations, presentUsd, tiers } = result;
  if (conversations === 0 || presentUsd === 0) {
    return { kind: "unknown", policy: null, tier: null, savedUsd: 0, savedShare: 0, sentences: [NO_PRICES] };
  }
  const present: CacheTier = tiers["1h"] > tiers["5m"] ? "1h" : "5m";
  const best = bestOf(result.options);
  const savedUsd = presentUsd - best.outcome.open.billUsd;
  const savedShare = savedUsd / presentUsd;
  const { tier } = best;
  const few = pauses < FEW_PAUSES ? [`That rests on ${pauses} pauses: too few to be sure of.`] : [];
  if (savedShare < WORTH_IT) {
    return {
      kind: "nothing",
      policy: null,
      tier: null,
      savedUsd: 0,
      savedShare: 0,
      sentences: [
        "Leave it as it is: nothing here would have saved a hundredth of what the prompts cost.",
        ...few,
      ],
    };
  }
  const by = `${usdText(savedUsd)}, ${shareText(savedUsd, presentUsd)} of what the prompts cost`;
  return {
    kind: best.policy === "never" ? "tier-alone" : "keep-warm",
    policy: best.policy,
    tier,
    savedUsd,
    savedShare,
    sentences: [whatToDo(best, by), howTo(best, present), ...few],
  };
}

function whatToDo({ policy, tier }: Option, by: string): string {
  const would = `that would have saved ${by}`;
  if (policy === "never") return `Write the cache for ${NAMES[tier]} and send no warms: ${would}.`;
  const howLong = policy === "auto" ? "for as long as it is worth it (auto)" : `by ${policy}`;
  return `Keep conversations warm ${howLong}, on entries of ${NAMES[tier]}: ${would}.`;
}

/** Another policy must be better than `auto`, which learns, by this share of the bill. */
const WORTH_ANOTHER = 0.01;
/** A tier that is chosen must be better by this than one that stays. */
const WORTH_CHOOSING = 0.005;

function bestOf(options: readonly Option[]): Option {
  const best = (candidates: readonly Option[]) =>
    candidates.reduce((a, b) => (changeOf(b) < changeOf(a) ? b : a));
  const ours = options.filter(({ policy }) => policy !== "perfect foresight");
  const auto = ours.filter(({ policy }) => policy === "auto");
  const any = best(ours);
  // Where nothing is to be sent, that is the plainest.
  if (any.policy === "never" || changeOf(any) < changeOf(best(auto)) - WORTH_ANOTHER) return any;
  const fixed = best(auto.filter(({ tier }) => tier !== "chosen"));
  return changeOf(fixed) - changeOf(best(auto)) < WORTH_CHOOSING ? fixed : best(auto);
}

function changeOf({ outcome }: Option): number {
  // A last pause counts as one that nobody came back from: what is saved is not overstated.
  return outcome.open.change;
}

const NO_PRICES = "Of none of these models a price is known, so nothing can be advised.";

function howTo({ policy, tier }: Option, present: CacheTier): string {
  const flags = [
    ...(policy === "never" ? [] : ["--enable-new"]),
    ...(policy === "never" || policy === "auto" ? [] : [`--keep-warm "${policy}"`]),
    ...(tier === present ? [] : [`--tier ${tier === "chosen" ? "auto" : tier}`]),
  ];
  const written = tier === present ? "" : ` Most of yours were written for ${NAMES[present]}.`;
  return `keepwarm start ${flags.join(" ")} does that.${written}`;
}
