/** How sure a figure is: intervals over people, who are the independent draws here; their calls are not. */

export interface Interval {
  readonly value: number;
  /** 2.5th percentile. */
  readonly low: number;
  /** 97.5th percentile. */
  readonly high: number;
}

const RESAMPLES = 2_000;

/** The ratio of two sums over people, with its 95 % interval; the same figures give the same interval. */
export function ratioInterval(parts: readonly { readonly over: number; readonly under: number }[]): Interval {
  const random = seeded(parts.length);
  const ratios = Array.from({ length: RESAMPLES }, () => {
    let over = 0;
    let under = 0;
    for (let draw = 0; draw < parts.length; draw++) {
      const part = parts[Math.floor(random() * parts.length)];
      over += part?.over ?? 0;
      under += part?.under ?? 0;
    }
    return under === 0 ? 0 : over / under;
  }).toSorted((a, b) => a - b);
  const at = (share: number) => ratios[Math.min(RESAMPLES - 1, Math.floor(share * RESAMPLES))] ?? 0;
  const sum = (pick: "over" | "under") => parts.reduce((total, part) => total + part[pick], 0);
  const under = sum("under");
  return { value: under === 0 ? 0 : sum("over") / under, low: at(0.025), high: at(0.975) };
}

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
