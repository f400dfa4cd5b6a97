/** What the database takes back because others were at the same rows: nothing of it has happened, so it is done again. */
import { setTimeout as sleep } from "node:timers/promises";

/** Serialization failure, which CockroachDB answers with where PostgreSQL would wait, and deadlock. */
const TAKEN_BACK = new Set(["40001", "40P01"]);

/** A second in all, about: who asked has a way of his own to ask again later. */
const MOST_TRIES = 8;
const FIRST_PAUSE_MS = 10;

export function wasTakenBack(error: unknown): boolean {
  return error instanceof Error && "code" in error && TAKEN_BACK.has(String(error.code));
}

/** @param act a statement, or a whole transaction, that may be done again from its beginning */
export async function againOnConflict<Result>(act: () => Promise<Result>): Promise<Result> {
  for (let tried = 1; ; tried++) {
    try {
      return await act();
    } catch (error) {
      if (!wasTakenBack(error) || tried === MOST_TRIES) throw error;
    }
    // Each for another while, or they would meet again.
    await sleep(FIRST_PAUSE_MS * 2 ** (tried - 1) * Math.random());
  }
}
