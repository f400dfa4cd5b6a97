export function median(values: readonly number[]): number {
  return percentile(values, 50);
}

/** @param percent 0–100 */
export function percentile(values: readonly number[], percent: number): number {
  const inOrder = values.toSorted((a, b) => a - b);
  return inOrder[Math.min(inOrder.length - 1, Math.floor((inOrder.length * percent) / 100))] ?? Number.NaN;
}
