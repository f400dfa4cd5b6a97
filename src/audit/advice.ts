/** What a person's own past advises: which policy on which tier, and whether it is worth anything at all. */
import type { CacheTier } from "../policy/index.ts";
import type { Option, PolicyName, WhatIf } from "./what-if.ts";
import { countText, shareText, usdText } from "./wording.ts";

export interface Advice {
  /** `keep-warm`: warm. `tier-alone`: only write for another lifetime. `nothing`: leave it as it is. */
  readonly kind: "keep-warm" | "tier-alone" | "nothing" | "unknown";
  /** Null where nothing is advised. */
  readonly policy: PolicyName | null;
  /** The lifetime to write with; `chosen` where keepwarm is to choose it for each conversation. */
  readonly tier: CacheTier | "chosen" | null;
  /** The command that does it; null where nothing is advised. */
  readonly command: string | null;
  /** What it would have saved, in USD and as a share of what was replayed; 0 where nothing is advised. */
  readonly savedUsd: number;
  readonly savedShare: number;
  /** For people: what to do first, then what it rests on. */
  readonly sentences: readonly string[];
}

/** Less than this share of the bill is no reason to change anything. */
const WORTH_IT = 0.01;
/** Fewer pauses say little about the next ones. */
const FEW_PAUSES = 20;
/** What knowing that a conversation is over adds is worth a sentence from this share on. */
const WORTH_SAYING = 0.1;

const LIVES = { "5m": "5 minutes", "1h": "an hour" } as const;

export function adviceFrom(result: WhatIf, pauses: number): Advice {
  const { conversations, presentUsd, options } = result;
  if (conversations === 0 || presentUsd === 0) {
    return { ...NOTHING, kind: "unknown", sentences: [NO_PRICES] };
  }
  const best = bestOf(options);
  const savedUsd = presentUsd - best.outcome.open.billUsd;
  const few =
    pauses < FEW_PAUSES
      ? [`That rests on ${countText(pauses)} ${pauses === 1 ? "pause" : "pauses"}: too few to be sure of.`]
      : [];
  if (savedUsd < WORTH_IT * presentUsd) {
    return { ...NOTHING, sentences: [LEAVE_IT, ...few] };
  }
  return {
    kind: best.policy === "never" ? "tier-alone" : "keep-warm",
    policy: best.policy,
    tier: best.tier,
    command: commandFor(best, result),
    savedUsd,
    savedShare: savedUsd / presentUsd,
    sentences: [
      `${whatToDo(best)}: that would have saved ${usdText(savedUsd)} of ${usdText(presentUsd)} (${shareText(savedUsd, presentUsd)}).`,
      ...whenClosed(best, presentUsd, savedUsd),
      ...writtenNow(best, result),
      ...few,
    ],
  };
}

const NOTHING: Advice = {
  kind: "nothing",
  policy: null,
  tier: null,
  command: null,
  savedUsd: 0,
  savedShare: 0,
  sentences: [],
};
const NO_PRICES =
  "No price is known of these models, so nothing can be advised. --prices takes a file of prices.";
const LEAVE_IT = "Leave it as it is: nothing here would have saved a hundredth of what these prompts cost.";

function whatToDo({ policy, tier }: Option): string {
  const lives = tier === "chosen" ? "5 minutes or an hour, whichever is cheaper" : LIVES[tier];
  if (policy === "never") return `Have cache entries live for ${lives} and send no warms`;
  return `Keep conversations warm ${HOW_LONG[policy] ?? policy}, on entries of ${lives}`;
}

const HOW_LONG: Readonly<Partial<Record<PolicyName, string>>> = {
  auto: "for as long as it is worth it (auto)",
  "2 pings": "with 2 pings after each turn",
  "30m": "for 30 minutes after each turn",
  always: "until they are closed",
  "break-even": "until that has cost as much as a rewrite (break-even)",
};

/** A last pause is counted as one that nobody came back from, which is the worst that it can be. */
function whenClosed({ outcome }: Option, presentUsd: number, savedUsd: number): string[] {
  const closedUsd = presentUsd - outcome.closed.billUsd;
  if (closedUsd < (1 + WORTH_SAYING) * savedUsd) return [];
  return [`Up to ${usdText(closedUsd)}, where keepwarm is told that a conversation is over.`];
}

function writtenNow({ tier }: Option, { tiers }: WhatIf): string[] {
  if (isAsWritten(tier, tiers)) return [];
  const most = tiers["1h"] > tiers["5m"] ? "1h" : "5m";
  const all = tiers["5m"] + tiers["1h"];
  const which = tiers[most] === all ? "All" : `${countText(tiers[most])} of ${countText(all)}`;
  return [`${which} conversations were written for ${LIVES[most]}.`];
}

/** What is written so already need not be asked for. */
function isAsWritten(tier: Option["tier"], tiers: WhatIf["tiers"]): boolean {
  return tier !== "chosen" && tiers[tier === "5m" ? "1h" : "5m"] === 0;
}

/** As `keepwarm start --help` has it. */
function commandFor({ policy, tier }: Option, { tiers }: WhatIf): string {
  const choice = policy.includes(" ") ? `"${policy}"` : policy;
  return [
    "keepwarm start",
    ...(policy === "never" ? [] : ["--enable-new"]),
    ...(policy === "never" || policy === "auto" ? [] : [`--keep-warm ${choice}`]),
    ...(isAsWritten(tier, tiers) ? [] : [`--tier ${tier === "chosen" ? "auto" : tier}`]),
  ].join(" ");
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
