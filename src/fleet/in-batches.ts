/** Many small requests as few large ones: what comes while one is under way goes with the next. */
import { setTimeout as sleep } from "node:timers/promises";

export interface Gathering {
  /** How long others are waited for, in ms. */
  readonly forMs: number;
  /** How many there can be: with as many as that nobody is waited for. */
  readonly most: () => number;
}

export function inBatches<Item, Answer>(
  run: (items: readonly Item[]) => Promise<ReadonlyMap<Item, Answer>>,
  { forMs, most }: Gathering = { forMs: 0, most: () => 0 },
): (item: Item) => Promise<Answer | undefined> {
  let waiting: { item: Item; resolve(answer: Answer | undefined): void; reject(error: unknown): void }[] = [];
  let underway = false;
  let complete: AbortController | null = null;

  async function gather(): Promise<void> {
    if (waiting.length >= most()) return;
    complete = new AbortController();
    await sleep(forMs, undefined, { signal: complete.signal }).catch(() => {});
    complete = null;
  }

  async function go(): Promise<void> {
    underway = true;
    while (waiting.length > 0) {
      await gather();
      const batch = waiting;
      waiting = [];
      try {
        const answers = await run(batch.map(({ item }) => item));
        for (const { item, resolve } of batch) resolve(answers.get(item));
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    underway = false;
  }

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (!underway) void go();
      else if (waiting.length >= most()) complete?.abort();
    });
}
