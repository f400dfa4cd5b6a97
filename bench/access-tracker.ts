/**
 * How many accesses a second `AccessTracker` records, beside a bare `Map` that only counts, in alternating rounds.
 * The limit is a million a second; with and without decay, on keys that come again and on ever new ones.
 */
import { AccessTracker } from "../src/prewarm/cache/index.ts";
import { median } from "./support/statistics.ts";

const LIMIT_PER_SECOND = 1_000_000;
const RECORDS = 1_000_000;
const ROUNDS = 7;
/** Fewer than `maxKeys`, so that only the last arm trims. */
const KEYS = Array.from({ length: 5_000 }, (_, index) => `prefix ${index}`);
const NEW_KEYS = Array.from({ length: RECORDS }, (_, index) => `prefix ${index}`);

const clock = { now: 1_790_000_000_000 };
const now = () => clock.now++;

function bareMap(keys: readonly string[]): (count: number) => void {
  const counts = new Map<string, number>();
  return (count) => {
    const key = keys[count % keys.length] as string;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  };
}

function tracked(keys: readonly string[], halfLifeMs?: number): (count: number) => void {
  const tracker = new AccessTracker<string>({ now, ...(halfLifeMs === undefined ? {} : { halfLifeMs }) });
  return (count) => tracker.record(keys[count % keys.length] as string);
}

const BARE = "bare Map, counting";
const arms: readonly [string, () => (count: number) => void][] = [
  [BARE, () => bareMap(KEYS)],
  ["tracker", () => tracked(KEYS)],
  ["tracker, decaying", () => tracked(KEYS, 86_400_000)],
  ["bare Map, ever new keys", () => bareMap(NEW_KEYS)],
  ["tracker, ever new keys, trimming", () => tracked(NEW_KEYS)],
];

const rates = new Map(arms.map(([name]) => [name, [] as number[]]));
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, create] of arms) {
    const record = create();
    const startMs = performance.now();
    for (let count = 0; count < RECORDS; count++) record(count);
    rates.get(name)?.push(RECORDS / ((performance.now() - startMs) / 1_000));
  }
}
const rateOf = (name: string) => median(rates.get(name) ?? []);
console.table(
  Object.fromEntries(
    arms.map(([name]) => [
      name,
      {
        "million a second": Number((rateOf(name) / 1e6).toFixed(1)),
        "of the bare Map": Number((rateOf(name) / rateOf(BARE)).toFixed(2)),
        "of the limit": `${(rateOf(name) / LIMIT_PER_SECOND).toFixed(1)} times`,
      },
    ]),
  ),
);
