/** Node's raw headers (names and values in turn) as pairs. */
export function headerPairsOf(raw: readonly string[]): [name: string, value: string][] {
  return Array.from({ length: raw.length >> 1 }, (_, at) => [raw[2 * at] ?? "", raw[2 * at + 1] ?? ""]);
}
