/** Where artifacts are kept: a table that gateways and workers share, or a folder. */
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { deflate, inflate } from "node:zlib";
import * as z from "zod/mini";
import type { Queryable } from "./database.ts";
import type { ArtifactOrder } from "./job.ts";
import { type Keyring, KeyringError } from "./keyring.ts";
import type { LoadedArtifact } from "./loaders.ts";
import { SCHEMA } from "./schema.ts";

export interface ArtifactStore {
  put(order: ArtifactOrder, artifact: LoadedArtifact): Promise<void>;
  /** Null: it has not been made. */
  get(order: ArtifactOrder): Promise<LoadedArtifact | null>;
}

function parametersOf({ parameters = {} }: ArtifactOrder): string {
  return JSON.stringify(Object.entries(parameters).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** What its bytes belong to: those of another cannot take their place. */
function boundTo(order: ArtifactOrder, revision: string): string {
  return JSON.stringify([order.repository, order.branch, order.type, parametersOf(order), revision]);
}

/** Shared context is part of prompts: its content is kept compressed and encrypted, as they are. */
export function artifactTable(database: Queryable, keyring: Keyring): ArtifactStore {
  return {
    async put(order, { revision, content }) {
      const { keyId, bytes } = keyring.seal(await promisify(deflate)(content), boundTo(order, revision));
      const sealed = `${keyId}:${Buffer.from(bytes).toString("base64")}`;
      await database.query(
        `insert into ${SCHEMA}.artifact (repository, branch, type, parameters, revision, content)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (repository, branch, type, parameters) do update set revision = excluded.revision,
           content = excluded.content, made_at = clock_timestamp()`,
        [order.repository, order.branch, order.type, parametersOf(order), revision, sealed],
      );
    },
    async get(order) {
      const [row] = await database.query<LoadedArtifact>(
        `select revision, content from ${SCHEMA}.artifact
         where repository = $1 and branch = $2 and type = $3 and parameters = $4`,
        [order.repository, order.branch, order.type, parametersOf(order)],
      );
      if (row === undefined) return null;
      const [keyId = "", base64 = ""] = row.content.split(":");
      try {
        const bytes = keyring.open(
          { keyId, bytes: Buffer.from(base64, "base64") },
          boundTo(order, row.revision),
        );
        return { revision: row.revision, content: (await promisify(inflate)(bytes)).toString() };
      } catch (error) {
        // Of a key that has gone since: it can be made again.
        if (error instanceof KeyringError) return null;
        throw error;
      }
    },
  };
}

/** The folder where one is named, which workers and gateways share; else the database. */
export function artifactStoreOf(
  folder: string | undefined,
  database: Queryable,
  keyring: Keyring,
): ArtifactStore {
  return folder === undefined ? artifactTable(database, keyring) : artifactFolder(folder);
}

const kept = z.object({ revision: z.string(), content: z.string() });

export function artifactFolder(folder: string): ArtifactStore {
  const fileOf = (order: ArtifactOrder) => {
    const { repository, branch, type } = order;
    const name = createHash("sha256").update(JSON.stringify([repository, branch, type, parametersOf(order)]));
    return join(folder, `${type.replace(/\W+/g, "-")}-${name.digest("hex").slice(0, 32)}.json`);
  };
  return {
    async put(order, { revision, content }) {
      const file = fileOf(order);
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      // Whole or not at all: a reader may come at any moment.
      const aside = `${file}.${process.pid}`;
      await writeFile(aside, JSON.stringify({ revision, content }), { mode: 0o600 });
      await rename(aside, file);
    },
    async get(order) {
      try {
        return kept.parse(JSON.parse(await readFile(fileOf(order), "utf8")));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
        throw error;
      }
    },
  };
}
