/**
 * pg-boss jobs that do nothing but come again: fetched, completed and inserted anew, as many at once as there are. Forked
 * with a database's URL, how many to take at once and after how many ms each is due again; tells how late each began.
 */
import { PgBoss } from "pg-boss";
import { openPostgres } from "../../src/fleet/index.ts";
import { bareOptions, type Lateness, QUEUE } from "./bare-queue.ts";

const [url = "", batch = "16", everyMs = "60000"] = process.argv.slice(2);
const database = await openPostgres({ url, name: "bare", connections: 6 });
const boss = new PgBoss({ ...bareOptions, db: database.db });
boss.on("error", console.error);
await boss.start();
process.once("disconnect", () => process.exit());
process.send?.("ready");
for (;;) {
  const jobs = await boss.fetch<{ dueAt: number }>(QUEUE, { batchSize: Number(batch) });
  if (jobs.length === 0) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    continue;
  }
  const now = Date.now();
  const dueAt = now + Number(everyMs);
  const again = jobs.map(({ data }) => ({ data: { ...data, dueAt }, startAfter: new Date(dueAt) }));
  await database.transaction(async (tx) => {
    await boss.complete(
      QUEUE,
      jobs.map(({ id }) => id),
      null,
      { db: tx.db },
    );
    if (Number(everyMs) > 0) await boss.insert(QUEUE, again, { db: tx.db });
  });
  const begun: Lateness[] = jobs.map(({ data }) => ({ dueAt: data.dueAt, at: now }));
  process.send?.(begun);
}
