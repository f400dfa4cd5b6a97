/** Many small requests as few large ones: what comes while one is under way goes with the next. */
export function inBatches<Item, Answer>(
  run: (items: readonly Item[]) => Promise<ReadonlyMap<Item, Answer>>,
): (item: Item) => Promise<Answer | undefined> {
  let waiting: { item: Item; resolve(answer: Answer | undefined): void; reject(error: unknown): void }[] = [];
  let underway = false;

  async function go(): Promise<void> {
    underway = true;
    while (waiting.length > 0) {
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
    });
}
