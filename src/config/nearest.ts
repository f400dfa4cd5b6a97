import { distance } from "fastest-levenshtein";

/** The known word that the person most likely meant, or null when none is close. */
export function nearest(word: string, known: readonly string[]): string | null {
  const distances = known.map((other) => ({ other, far: distance(word.toLowerCase(), other.toLowerCase()) }));
  const [best] = distances.toSorted((a, b) => a.far - b.far);
  if (best === undefined) return null;
  // Two letters in the wrong order count as two changes: `prot` is as far from `port` as half of it.
  return best.far <= Math.max(word.length, best.other.length) / 2 ? best.other : null;
}

/** ` Did you mean port?`, or nothing. */
export function didYouMean(word: string, known: readonly string[]): string {
  const meant = nearest(word, known);
  return meant === null ? "" : ` Did you mean ${meant}?`;
}
