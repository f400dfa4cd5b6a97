/**
 * Conversations' settings in OpenCode's own storage: in the session's `metadata`, under `keepwarm`. They go where the
 * session goes: into its export, its forks, and with it when it is deleted.
 */
import * as z from "zod/mini";
import type { StorageNamespace } from "../../host.ts";
import type { ServerClient } from "./opencode-api.ts";

const PREFIX = "settings:";
const NAME = "keepwarm";

const sessionSchema = z.looseObject({
  metadata: z.optional(z.nullable(z.record(z.string(), z.unknown()))),
});

export function sessionSettings({ session }: Pick<ServerClient, "session">): StorageNamespace {
  const seen = new Set<string>();

  /** Null: there is no such session, or not any more. */
  async function metadataOf(id: string): Promise<Record<string, unknown> | null> {
    const { data } = await session.get({ path: { id } });
    const found = sessionSchema.safeParse(data);
    return found.success ? (found.data.metadata ?? {}) : null;
  }

  async function replace(id: string, metadata: Record<string, unknown>): Promise<void> {
    const { error } = await session.update({ path: { id }, body: { metadata } });
    if (error !== undefined) throw new Error("OpenCode did not store the setting");
  }

  const storage: StorageNamespace = {
    async get(key) {
      const metadata = await metadataOf(idOf(key));
      const value = metadata?.[NAME];
      if (value === undefined || value === null) return null;
      seen.add(key);
      return JSON.stringify(value);
    },
    async set(key, value) {
      const id = idOf(key);
      const metadata = await metadataOf(id);
      // One that was deleted needs no setting any more.
      if (metadata === null) return;
      await replace(id, { ...metadata, [NAME]: JSON.parse(value) });
      seen.add(key);
    },
    async delete(key) {
      const id = idOf(key);
      const { [NAME]: ours, ...others } = (await metadataOf(id)) ?? {};
      if (ours !== undefined) await replace(id, others);
      seen.delete(key);
    },
    has: async (key) => (await storage.get(key)) !== null,
    // Those of this process: OpenCode is not asked for all sessions that it ever had.
    keys: async (prefix = "") => [...seen].filter((key) => key.startsWith(prefix)),
  };
  return storage;
}

function idOf(key: string): string {
  return key.slice(PREFIX.length);
}
