/** What the same past would have cost under each policy and on each tier. */
import { adaptive, breakEven, type CacheTier, SHIPPED_PRIOR, until } from "../policy/index.ts";
import {
  type Arm,
  type AutoSetting,
  autoTally,
  type Count,
  clairvoyant,
  evaluate,
  fixedArm,
  indexActivities,
  neverWarmUsd,
  policyArm,
  type Recording,
  type Span,
  spansOf,
  type Tally,
  type Terms,
  termsOf,
  total,
} from "../policy/lab/index.ts";
import type { PriceClass, Pricing } from "./prices.ts";

/** As `keepwarm` spells them, but for the first and the last. */
export const POLICIES = [
  "never",
  "2 pings",
  "30m",
  "always",
  "break-even",
  "auto",
  "perfect foresight",
] as const;
export type PolicyName = (typeof POLICIES)[number];

/** What an option would have come to. */
export interface OptionOutcome {
  /** Of all prompts, warms included. */
  readonly billUsd: number;
  /** Against what was: −0.1 is a tenth less. */
  readonly change: number;
  readonly warms: number;
  readonly rescues: number;
  readonly spentUsd: number;
  readonly savedUsd: number;
}

export interface Option {
  readonly policy: PolicyName;
  /** `chosen`: for each conversation anew, by what is known until then. */
  readonly tier: CacheTier | "chosen";
  /** `open`: nobody comes back after a conversation's last call. `closed`: it is known to be over then. */
  readonly outcome: Readonly<Record<Count, OptionOutcome>>;
}

export interface WhatIf {
  /** Conversations whose model has a known price. */
  readonly conversations: number;
  /** How many of them were written on which tier. */
  readonly tiers: Readonly<Record<CacheTier, number>>;
  /** Their prompts without any warm, on the tiers they were written on. */
  readonly presentUsd: number;
  readonly options: readonly Option[];
}

/** Conversations of one price, whose spans are replayed together. */
interface Group {
  readonly price: PriceClass;
  readonly conversations: readonly (readonly Span[])[];
}

const TIERS: readonly CacheTier[] = ["5m", "1h"];
const MINUTE_MS = 60_000;
const ME = "me";

export interface WhatIfOptions {
  /** Told before each option, which may take seconds. */
  readonly onProgress?: (done: number, inAll: number) => void | Promise<void>;
}

export async function whatIf(
  recordings: readonly Recording[],
  pricing: Pricing,
  { onProgress }: WhatIfOptions = {},
): Promise<WhatIf> {
  const groups = groupsOf(recordings, pricing);
  const spans = groups.flatMap(({ conversations }) => conversations.flat());
  const tierOf = new Map(
    groups.flatMap(({ conversations }) => conversations.map((one) => [one, recordedTier(one)])),
  );
  const activityAt = indexActivities(
    recordings,
    spans,
    groups.flatMap(({ price }) => TIERS.map((tier) => terms(tier, price))),
  );
  const ours = unhurried(policyArm("auto", (facts) => adaptive(facts), activityAt));
  const arms: readonly (readonly [PolicyName, Arm])[] = [
    ["never", { name: "never", warmsAt: () => [] }],
    ["2 pings", unhurried(fixedArm(2))],
    ["30m", unhurried(policyArm("30m", until(30 * MINUTE_MS)))],
    // Hundreds of warms a span: the policy itself would reckon what each of them is worth, and send it anyway.
    ["always", unhurried(fixedArm(Number.POSITIVE_INFINITY))],
    ["break-even", unhurried(policyArm("break-even", breakEven))],
    ["auto", ours],
    ["perfect foresight", clairvoyant],
  ];
  const presentUsd = groups.reduce(
    (sum, { price, conversations }) =>
      sum +
      conversations.reduce((usd, one) => usd + neverWarmUsd(one, terms(tierOf.get(one) ?? "5m", price)), 0),
    0,
  );
  const inAll = arms.length * TIERS.length + 1;
  let done = 0;
  const options: Option[] = [];
  const put = (policy: PolicyName, tier: Option["tier"], tallies: Readonly<Record<Count, Tally>>) => {
    const outcome = (count: Count) => outcomeOf(tallies[count], presentUsd);
    options.push({ policy, tier, outcome: { open: outcome("open"), closed: outcome("closed") } });
  };
  for (const tier of TIERS) {
    for (const [policy, arm] of arms) {
      await onProgress?.(done++, inAll);
      const parts = groups.map(({ price, conversations }) =>
        evaluate(arm, [{ id: ME, conversations }], terms(tier, price)),
      );
      put(
        policy,
        tier,
        perCount((count) => total(parts.flatMap((tallies) => [...tallies[count].values()]))),
      );
    }
  }
  await onProgress?.(done, inAll);
  put(
    "auto",
    "chosen",
    perCount((count) =>
      total(
        groups.map(({ price, conversations }) => {
          const setting: AutoSetting = {
            terms: { "5m": terms("5m", price), "1h": terms("1h", price) },
            adaptive: ours,
            prior: SHIPPED_PRIOR,
            activityAt,
          };
          return autoTally(conversations, count, setting);
        }),
      ),
    ),
  );
  const tiers = [...tierOf.values()];
  return {
    conversations: tiers.length,
    tiers: {
      "5m": tiers.filter((tier) => tier === "5m").length,
      "1h": tiers.filter((tier) => tier === "1h").length,
    },
    presentUsd,
    options: options.toSorted((a, b) => POLICIES.indexOf(a.policy) - POLICIES.indexOf(b.policy)),
  };
}

function terms(tier: CacheTier, { read, inputUsd }: PriceClass): Terms {
  return termsOf(tier, read, inputUsd);
}

/** Not asked of gaps that end before the first warm is due, which nearly all do. */
function unhurried(arm: Arm): Arm {
  return {
    name: arm.name,
    warmsAt: (span, terms, count) => (span.gapMs <= terms.everyMs ? NONE : arm.warmsAt(span, terms, count)),
  };
}

const NONE: readonly number[] = [];

/** By the price at which most of a conversation's tokens went; those without a price are left out. */
function groupsOf(recordings: readonly Recording[], pricing: Pricing): Group[] {
  const priced = recordings.flatMap((recording) => {
    const price = usualPrice(recording, pricing);
    return price === null ? [] : [{ price, spans: spansOf(recording) }];
  });
  return [...Map.groupBy(priced, ({ price }) => keyOf(price)).values()].map((members) => ({
    price: members[0]?.price ?? { inputUsd: 0, read: 0 },
    conversations: members.map(({ spans }) => spans),
  }));
}

/** One without a known price is one of them: what most of a conversation cost is then not known. */
function usualPrice({ calls }: Recording, pricing: Pricing): PriceClass | null {
  const byPrice = new Map<string, { readonly price: PriceClass | null; tokens: number }>();
  for (const { model, contextTokens } of calls) {
    const price = pricing.classOf(model, contextTokens);
    const sum = byPrice.get(keyOf(price)) ?? { price, tokens: 0 };
    sum.tokens += contextTokens;
    byPrice.set(keyOf(price), sum);
  }
  return [...byPrice.values()].toSorted((a, b) => b.tokens - a.tokens)[0]?.price ?? null;
}

function keyOf(price: PriceClass | null): string {
  return price === null ? "" : `${price.inputUsd}:${price.read}`;
}

/** That of its first call whose tier is known; 5 minutes, the API's default, where none is. */
function recordedTier(spans: readonly Span[]): CacheTier {
  return spans.find(({ call }) => call.tier !== undefined)?.call.tier ?? "5m";
}

function outcomeOf(
  { billUsd, warms, rescues, spentUsd, savedUsd }: Tally,
  presentUsd: number,
): OptionOutcome {
  const change = presentUsd === 0 ? 0 : billUsd / presentUsd - 1;
  return { billUsd, change, warms, rescues, spentUsd, savedUsd };
}

function perCount<Value>(make: (count: Count) => Value): Record<Count, Value> {
  return { open: make("open"), closed: make("closed") };
}
