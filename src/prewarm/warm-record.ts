/** What pre-warms have left warm, kept so that a restart repeats nothing that still is. */
import { createHmac } from "node:crypto";
import * as z from "zod";
import type { StorageNamespace } from "../host.ts";
import { marginMs } from "../pure.ts";

const schema = z.object({
  /** Epoch ms at which the pre-warm went out: its entries live from here. */
  startedAt: z.number(),
  ttlMs: z.number().positive(),
  /** Read and written. */
  tokens: z.number().nonnegative(),
});

export type WarmRecord = z.output<typeof schema>;

export interface WarmRecords {
  /** What is known of a prefix; null: nothing, or it is long since. */
  of(id: string): WarmRecord | null;
  /** Whether it is warm, and will be for a while: one that is about to lapse is not. */
  isWarm(id: string, now: number): boolean;
  /** Resolves once it is stored. */
  put(id: string, record: WarmRecord): Promise<void>;
  /** Reads what was stored before. Rejects when the storage does. */
  load(now: number): Promise<void>;
}

const PREFIX = "warm:";
/** Tokens are worth knowing for longer than the entry lives. */
const KEPT_MS = 7 * 86_400_000;

export function createWarmRecords(storage: StorageNamespace): WarmRecords {
  const records = new Map<string, WarmRecord>();
  return {
    of: (id) => records.get(id) ?? null,
    isWarm(id, now) {
      const record = records.get(id);
      if (record === undefined) return false;
      // A clock that was set back proves nothing.
      const ageMs = now - record.startedAt;
      return ageMs >= 0 && ageMs < record.ttlMs - marginMs(record.ttlMs);
    },
    async put(id, record) {
      records.set(id, record);
      await storage.set(PREFIX + id, JSON.stringify(record));
    },
    async load(now) {
      for (const key of await storage.keys(PREFIX)) {
        const record = parsed(await storage.get(key));
        if (record === null || now - record.startedAt > KEPT_MS) await storage.delete(key);
        else records.set(key.slice(PREFIX.length), record);
      }
    },
  };
}

/**
 * A name for what is sent where and with whose key, from which none of it can be read: another body, place or key is
 * another cache entry.
 */
export function sentName(
  key: string,
  {
    url,
    credential,
    betas,
    body,
  }: { url: string; credential: string; betas: readonly string[]; body: Uint8Array },
): string {
  return createHmac("sha256", key)
    .update(JSON.stringify([url, credential, betas]))
    .update(body)
    .digest("base64url")
    .slice(0, 22);
}

function parsed(raw: string | null): WarmRecord | null {
  try {
    return schema.parse(JSON.parse(raw ?? ""));
  } catch {
    return null;
  }
}
