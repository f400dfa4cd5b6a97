/**
 * How long gaps were, and how they ended, as decayed counts in bins: no times, no content. One for the
 * person, one for each conversation. Own warms are no gaps' ends and must never be told to it.
 */
import { perStop, STOP_KINDS, type StopKind } from "./facts.ts";

/** Upper edges of the bins in seconds; the last bin is open. */
export const BIN_EDGES_S: readonly number[] = [
  60, 280, 420, 600, 900, 1_350, 2_000, 3_000, 4_500, 7_200, 14_400, 28_800, 86_400,
];

/** Counts of one kind of stop. */
export interface KindCounts {
  /** Gaps that ended with a return, one count a bin. */
  readonly returned: readonly number[];
  /** Conversations that ended in such a gap. */
  readonly ended: number;
}

export type GapSummary = Readonly<Record<StopKind, KindCounts>>;

/** Older gaps fade: each new one that outlives a 5-minute entry takes this share off the counts of its kind. */
const FADES = 1 / 400;
/** First bin of such gaps. */
export const LONG_BIN = 2;
const BINS = BIN_EDGES_S.length + 1;
const VERSION = "g1";
/** Digits kept of a count, as its hundredths. */
const SCALE = 100;

export class GapHistory {
  #counts = new Map<StopKind, { returned: number[]; ended: number }>();
  #summary: GapSummary | null = null;

  /** A real turn came `gapMs` after the start of the one before it, which had stopped so. */
  returned(stop: StopKind, gapMs: number): void {
    if (!(gapMs >= 0)) return;
    const bin = binOf(gapMs);
    const counts = bin < LONG_BIN ? this.#of(stop) : this.#fade(stop);
    counts.returned[bin] = (counts.returned[bin] ?? 0) + 1;
  }

  /** The conversation ended after a turn that had stopped so. */
  ended(stop: StopKind): void {
    this.#fade(stop).ended += 1;
  }

  /** What the policy is told; it does not change afterwards. */
  summary(): GapSummary {
    this.#summary ??= perStop((kind) => {
      const { returned, ended } = this.#counts.get(kind) ?? NONE;
      return { returned: [...returned], ended };
    });
    return this.#summary;
  }

  /** Adds what another history counted, of other pauses than these. */
  merge(other: GapHistory): void {
    for (const [kind, { returned, ended }] of other.#counts) {
      const counts = this.#of(kind);
      for (const [bin, count] of returned.entries())
        counts.returned[bin] = (counts.returned[bin] ?? 0) + count;
      counts.ended += ended;
    }
  }

  /**
   * Counts at least as much as another history did, such as one that an audit found in transcripts: pauses that
   * both have seen count once, however often it is done.
   */
  include(other: GapHistory): void {
    for (const [kind, { returned, ended }] of other.#counts) {
      const counts = this.#of(kind);
      for (const [bin, count] of returned.entries())
        counts.returned[bin] = Math.max(counts.returned[bin] ?? 0, count);
      counts.ended = Math.max(counts.ended, ended);
    }
  }

  /** A short line of text that {@link GapHistory.parse} reads. */
  toString(): string {
    const kinds = STOP_KINDS.map((kind) => {
      const { returned, ended } = this.#counts.get(kind) ?? NONE;
      const numbers = [ended, ...returned].map((count) => Math.round(count * SCALE).toString(36));
      while (numbers.at(-1) === "0") numbers.pop();
      return numbers.join(",");
    });
    return [VERSION, ...kinds].join(";");
  }

  /** Never throws: what makes no sense reads as nothing counted yet. */
  static parse(text: string | null): GapHistory {
    const history = new GapHistory();
    const [version, ...kinds] = (text ?? "").split(";");
    if (version !== VERSION || kinds.length !== STOP_KINDS.length) return history;
    for (const [index, kind] of STOP_KINDS.entries()) {
      const numbers = (kinds[index] ?? "").split(",").map((digits) => parseInt36(digits) / SCALE);
      if (numbers.length > BINS + 1 || numbers.some((count) => !(count >= 0 && count < 1e9))) continue;
      const [ended = 0, ...returned] = numbers;
      const counts = history.#of(kind);
      counts.ended = ended;
      for (const [bin, count] of returned.entries()) counts.returned[bin] = count;
    }
    return history;
  }

  #fade(stop: StopKind): { returned: number[]; ended: number } {
    const counts = this.#of(stop);
    for (let bin = 0; bin < BINS; bin++) counts.returned[bin] = (counts.returned[bin] ?? 0) * (1 - FADES);
    counts.ended *= 1 - FADES;
    return counts;
  }

  #of(stop: StopKind): { returned: number[]; ended: number } {
    this.#summary = null;
    const known = this.#counts.get(stop);
    if (known !== undefined) return known;
    const fresh = { returned: new Array<number>(BINS).fill(0), ended: 0 };
    this.#counts.set(stop, fresh);
    return fresh;
  }
}

/** NaN for what is not one of our own numbers. */
function parseInt36(digits: string): number {
  return /^[0-9a-z]{0,7}$/.test(digits) ? Number.parseInt(digits || "0", 36) : Number.NaN;
}

const NONE = { returned: new Array<number>(BINS).fill(0), ended: 0 };

export function binOf(gapMs: number): number {
  const seconds = gapMs / 1_000;
  let bin = 0;
  while (bin < BIN_EDGES_S.length && seconds > (BIN_EDGES_S[bin] ?? 0)) bin += 1;
  return bin;
}
