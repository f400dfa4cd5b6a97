/** What programs with keepwarm inside them keep in the state directory. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "../host.ts";
import { CONVERSATION_GAPS_KEY, GAPS_KEY, POLICY_NAMESPACE, TIERS_KEY } from "../policy/index.ts";
import { createJsonFileStorage } from "../storage/index.ts";

const FOLDER = "hosts";

/** Settings, where the program has no better place, and what was learned of pauses. */
export function programFile(stateDirectory: string, name: string): string {
  return join(stateDirectory, FOLDER, `${name}.json`);
}

/** Also of programs that are not running, or not linked. Rejects when a file cannot be changed. */
export async function forgetPausesOfPrograms(
  stateDirectory: string,
  logger: Pick<Logger, "error">,
): Promise<void> {
  const files = (await readdir(join(stateDirectory, FOLDER)).catch(() => [])).filter((file) =>
    file.endsWith(".json"),
  );
  for (const file of files) {
    const storage = createJsonFileStorage({ file: join(stateDirectory, FOLDER, file), logger });
    const learned = storage.namespace(POLICY_NAMESPACE);
    for (const key of [GAPS_KEY, CONVERSATION_GAPS_KEY, TIERS_KEY]) await learned.delete(key);
  }
}
