/** What keepwarm keeps of a conversation in pi's own session file: the person's choice, and one finding. */
import * as z from "zod/mini";
import type { StorageNamespace } from "../../host.ts";
import { settingsKey } from "../../pure.ts";
import type { Pi, PiSession } from "./pi-api.ts";

/** The type of our entries, which the model never sees. */
export const ENTRY_TYPE = "keepwarm";

const keptSchema = z.looseObject({
  /** As the warmer stores it. */
  settings: z.optional(z.record(z.string(), z.unknown())),
  /** A warm with the whole conversation found nothing of what was sent as a message thread. */
  threads: z.optional(z.literal("cold")),
});
export type Kept = z.infer<typeof keptSchema>;

const entrySchema = z.object({
  type: z.literal("custom"),
  customType: z.literal(ENTRY_TYPE),
  data: keptSchema,
});

export interface SessionEntries {
  readonly storage: StorageNamespace;
  kept(): Kept;
  /** Throws when pi takes no entry. */
  keep(change: Kept): void;
}

/**
 * @param handedOn what the session had that this one was forked from: the file has only what was chosen up to the
 * place of the fork
 */
export function createSessionEntries(pi: Pi, session: PiSession, handedOn: Kept | null): SessionEntries {
  const ownKey = settingsKey(session.getSessionId());
  const others = new Map<string, string>();
  const found = lastKept(session) ?? {};
  let kept = handedOn ?? found;
  if (JSON.stringify(kept) !== JSON.stringify(found)) append();

  function append(): void {
    pi.appendEntry(ENTRY_TYPE, kept);
  }

  function keep(change: Kept): void {
    const before = kept;
    kept = { ...kept, ...change };
    try {
      if (JSON.stringify(kept) !== JSON.stringify(before)) append();
    } catch (error) {
      kept = before;
      throw error;
    }
  }

  const read = (key: string): string | null => {
    if (key !== ownKey) return others.get(key) ?? null;
    return kept.settings === undefined ? null : JSON.stringify(kept.settings);
  };

  return {
    kept: () => kept,
    keep,
    storage: {
      get: async (key) => read(key),
      has: async (key) => read(key) !== null,
      async set(key, value) {
        if (key === ownKey) keep({ settings: JSON.parse(value) });
        else others.set(key, value);
      },
      async delete(key) {
        if (key === ownKey) keep({ settings: undefined });
        else others.delete(key);
      },
      async keys(prefix = "") {
        const all = [...(read(ownKey) === null ? [] : [ownKey]), ...others.keys()];
        return all.filter((key) => key.startsWith(prefix));
      },
    },
  };
}

/** Of the whole file, not of the branch: a choice is the conversation's, wherever its person goes on from. */
function lastKept(session: PiSession): Kept | null {
  for (const entry of session.getEntries().toReversed()) {
    const read = entrySchema.safeParse(entry);
    if (read.success) return read.data.data;
  }
  return null;
}
