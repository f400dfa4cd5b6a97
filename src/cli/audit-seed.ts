/** Teaches `auto` how a person pauses, from what an audit has read. */
import { join } from "node:path";
import type { Conversation } from "../audit/index.ts";

/**
 * Whatever is learned already stays, and what both know counts once. A gateway that runs takes it in with its next
 * turn.
 *
 * @returns how many pauses were learned from
 * @throws what the store throws
 */
export async function seed(conversations: readonly Conversation[], now: number): Promise<number> {
  const [{ gapHistoryOf, longPauses, recordingOf }, { GAPS_KEY, GapHistory, POLICY_NAMESPACE }] =
    await Promise.all([import("../audit/index.ts"), import("../policy/index.ts")]);
  const found = gapHistoryOf(conversations.map(recordingOf), now);
  const pauses = longPauses(conversations);
  if (pauses === 0) return 0;
  const [{ openSqliteStorage }, { stateDirectory }] = await Promise.all([
    import("../storage/sqlite.ts"),
    import("../storage/index.ts"),
  ]);
  const database = openSqliteStorage({ file: join(stateDirectory(), "keepwarm.sqlite") });
  try {
    const learned = database.namespace(POLICY_NAMESPACE);
    const gaps = GapHistory.parse(await learned.get(GAPS_KEY));
    gaps.include(found);
    await learned.set(GAPS_KEY, gaps.toString());
  } finally {
    database.close();
  }
  return pauses;
}
