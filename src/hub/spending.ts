/** What the warms of all of a person's programs cost in the last day, so that they share its limit. */
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Logger, StorageNamespace } from "../host.ts";
import { createJsonFileStorage } from "../storage/index.ts";

export const SPENDING_FILE = "spending.json";
/** Beside it: of each program that cannot lock that file a file of its own, named by its key. */
export const SPENDING_FOLDER = "spending";
export const SPENDING_NAMESPACE = "spending";

export function sharedSpending(stateDirectory: string, logger: Pick<Logger, "error">): StorageNamespace {
  const file = join(stateDirectory, SPENDING_FILE);
  const shared = createJsonFileStorage({ file, logger }).namespace(SPENDING_NAMESPACE);
  const folder = join(stateDirectory, SPENDING_FOLDER);
  const fileOf = (key: string) => join(folder, encodeURIComponent(key));
  return {
    ...shared,
    get: async (key) => (await shared.get(key)) ?? ifThere(() => readFileSync(fileOf(key), "utf8"), null),
    async keys(prefix = "") {
      const apart = ifThere(() => readdirSync(folder), []).map(decodeURIComponent);
      return [...(await shared.keys(prefix)), ...apart.filter((key) => key.startsWith(prefix))];
    },
    async delete(key) {
      await shared.delete(key);
      rmSync(fileOf(key), { force: true });
    },
  };
}

function ifThere<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
