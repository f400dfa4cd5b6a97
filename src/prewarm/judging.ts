/** Entries named and judged once each, however often they are looked at: long ones take their time. */
import type { PrefixEntry } from "./catalogue-file.ts";
import { type Judgement, type JudgeOptions, judge } from "./judge.ts";
import { sentName, type WarmRecords } from "./warm-record.ts";

export interface JudgingDeps extends JudgedAs {
  /** Of the Messages endpoint, whole. */
  readonly url: string;
  /** Names what was sent, in the records. */
  readonly nameKey: string;
  readonly records: Pick<WarmRecords, "of">;
}

export interface Judging {
  /** What it is called in the records, sent with this key. */
  nameOf(entry: PrefixEntry, apiKey: string): string;
  /** @param apiKey left out: nothing is known of how it was answered before */
  judge(entry: PrefixEntry, apiKey?: string): Judgement;
}

export type JudgedAs = Pick<JudgeOptions, "prices" | "ttl5mMs" | "ttl1hMs" | "warmTokens">;

/** Judges each entry once, until it is known otherwise how many tokens it has. */
export function createJudge({
  prices,
  ttl5mMs,
  ttl1hMs,
  warmTokens,
}: { readonly [Key in keyof JudgedAs]: JudgedAs[Key] | undefined }) {
  const judgements = new WeakMap<
    PrefixEntry,
    { readonly knownTokens: number | undefined; readonly judgement: Judgement }
  >();
  const options: JudgeOptions = {
    ...(ttl5mMs === undefined ? {} : { ttl5mMs }),
    ...(ttl1hMs === undefined ? {} : { ttl1hMs }),
    ...(warmTokens === undefined ? {} : { warmTokens }),
    ...(prices === undefined ? {} : { prices }),
  };

  return (entry: PrefixEntry, knownTokens: number | undefined): Judgement => {
    const before = judgements.get(entry);
    if (before !== undefined && before.knownTokens === knownTokens) return before.judgement;
    const judgement = judge(entry, { ...options, knownTokens });
    judgements.set(entry, { knownTokens, judgement });
    return judgement;
  };
}

export function createJudging({ url, nameKey, records, ...given }: JudgingDeps): Judging {
  const names = new WeakMap<PrefixEntry, { readonly apiKey: string; readonly name: string }>();
  const { prices, ttl5mMs, ttl1hMs, warmTokens } = given;
  const judged = createJudge({ prices, ttl5mMs, ttl1hMs, warmTokens });

  function nameOf(entry: PrefixEntry, apiKey: string): string {
    const before = names.get(entry);
    if (before?.apiKey === apiKey) return before.name;
    const name = sentName(nameKey, { url, credential: apiKey, betas: entry.betas, body: entry.body });
    names.set(entry, { apiKey, name });
    return name;
  }

  return {
    nameOf,
    judge: (entry, apiKey) =>
      judged(entry, apiKey === undefined ? undefined : records.of(nameOf(entry, apiKey))?.tokens),
  };
}
