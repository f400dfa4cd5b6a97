/** keepwarm's files as a mod reaches them: its settings, its leases, what the hub takes in, where a gateway runs. */
import * as z from "zod/mini";
import type { StorageNamespace, Timers } from "../../host.ts";
import {
  createLeasesIn,
  LEASE_FOLDER,
  LEASE_KEY,
  LEASE_KEY_FILE,
  type LeaseFolder,
  lineOf,
  maySpool,
  RECORD_FILE,
  SPENDING_FILE,
  SPENDING_FOLDER,
  SPENDING_NAMESPACE,
  SPOOL_FOLDER,
  type WarmLeases,
  warmLeasesBy,
} from "../../hub/index.ts";
import type { EngineFiles, Surroundings } from "./engine.ts";
import { readFileEntry } from "./readings.ts";

/** What keepwarm calls this host, in lists and file names. */
export const HOST = "claude-code";

/** Null: neither a variable nor where the plugin lies tells it. */
export function stateFolder({ env, root }: Pick<Surroundings, "env" | "root">): string | null {
  if (env.KEEPWARM_HOME) return env.KEEPWARM_HOME;
  return /^(.+)[/\\]plugins[/\\]claude-code(?:[/\\]|$)/.exec(root)?.[1] ?? null;
}

export interface LeasesIn {
  readonly files: EngineFiles;
  readonly folder: string;
  readonly pid: number;
  readonly timers: Timers;
  readonly now: () => number;
}

export function leasesIn({ files, folder, pid, timers, now }: LeasesIn): WarmLeases {
  const leases = createLeasesIn({
    folder: leaseFolder(files, `${folder}/${LEASE_FOLDER}`),
    // Whose process ids these are, a mod cannot tell: others then go by the time alone.
    self: { host: HOST, pid, machine: "" },
    own: `${pid}-${crypto.randomUUID()}`,
    isAlive: () => true,
    timers,
    now,
  });
  return warmLeasesBy(leases, () => leaseKey(files, `${folder}/${LEASE_KEY_FILE}`));
}

/** A file's time cannot be set here, so that a flag says itself until when it is up; nor can it be removed. */
function leaseFolder(files: EngineFiles, folder: string): LeaseFolder {
  const write: LeaseFolder["putUp"] = (file, flag, untilMs) =>
    files.write(`${folder}/${file}`, JSON.stringify({ ...flag, untilMs }));
  return {
    prepare: async () => {},
    putUp: write,
    extend: async (file, flag, untilMs) => {
      await write(file, flag, untilMs);
      return true;
    },
    files: async () => (await entriesOf(files, folder)).map(({ name }) => name),
    async look(file) {
      const path = `${folder}/${file}`;
      const entry = (await entriesOf(files, folder)).find(({ name }) => name === file);
      return entry === undefined ? null : { text: await files.read(path), timeMs: entry.mtimeMs };
    },
    takeDown(file) {
      const over = { host: HOST, pid: 1, machine: "", askingMs: 0 };
      void write(file, over, 0).catch(() => {});
    },
  };
}

async function entriesOf(files: EngineFiles, folder: string) {
  if (!(await files.exists(folder))) return [];
  return (await files.list(folder)).map(readFileEntry).filter((entry) => entry !== null);
}

async function leaseKey(files: EngineFiles, file: string): Promise<string> {
  if (!(await files.exists(file))) {
    const made = crypto.getRandomValues(new Uint8Array(32));
    await files.write(file, base64Url(made));
  }
  // As it stands there, in case another made one in the same moment.
  const key = (await files.read(file)).trim();
  if (LEASE_KEY.test(key)) return key;
  throw new Error(`${file} holds no key: remove it, and a new one is made`);
}

function base64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

export interface Spooling {
  readonly storage: StorageNamespace;
  /** Resolves when all of it is written. Never rejects. */
  flush(): Promise<void>;
}

/** What the ledger books, in a file that only ever grows: what stood in it stands in it still. */
export function spoolIn(files: EngineFiles, folder: string, pid: number): Spooling {
  const file = `${folder}/${SPOOL_FOLDER}/${HOST}-${pid}-${crypto.randomUUID().replaceAll("-", "")}.ndjson`;
  const entries = new Map<string, string>();
  let text = "";
  let writing: Promise<void> = Promise.resolve();

  function book(key: string, value: string | null): void {
    if (!maySpool({ key, value })) return;
    text += lineOf({ key, value });
    writing = writing.then(() => files.write(file, text)).catch(() => {});
  }

  return {
    storage: {
      get: async (key) => entries.get(key) ?? null,
      has: async (key) => entries.has(key),
      keys: async (prefix = "") => [...entries.keys()].filter((key) => key.startsWith(prefix)),
      async set(key, value) {
        entries.set(key, value);
        book(key, value);
      },
      async delete(key) {
        if (entries.delete(key)) book(key, null);
      },
    },
    flush: () => writing,
  };
}

const spending = z.looseObject({
  namespaces: z.record(z.string(), z.record(z.string(), z.string())),
});

/** What a day's warms cost, those of all programs: of the file that they share nothing is changed, as nobody can lock it here. */
export function spendingIn(files: EngineFiles, folder: string): StorageNamespace {
  const own = `${folder}/${SPENDING_FOLDER}`;
  const fileOf = (key: string) => `${own}/${encodeURIComponent(key)}`;

  async function shared(): Promise<Readonly<Record<string, string>>> {
    const file = `${folder}/${SPENDING_FILE}`;
    if (!(await files.exists(file))) return {};
    const read = spending.safeParse(JSON.parse(await files.read(file)));
    return read.success ? (read.data.namespaces[SPENDING_NAMESPACE] ?? {}) : {};
  }

  async function get(key: string): Promise<string | null> {
    const file = fileOf(key);
    return (await files.exists(file)) ? files.read(file) : ((await shared())[key] ?? null);
  }

  return {
    get,
    has: async (key) => (await get(key)) !== null,
    set: (key, value) => files.write(fileOf(key), value),
    // Whoever can remove it will.
    delete: async () => {},
    async keys(prefix = "") {
      const apart = (await entriesOf(files, own)).map(({ name }) => decodeURIComponent(name));
      return [...apart, ...Object.keys(await shared())].filter((key) => key.startsWith(prefix));
    },
  };
}

const record = z.looseObject({ gatewayUrl: z.string() });

/** The address of the gateway that runs on these files, if one does; null: there is none. */
export async function gatewayUrlIn(files: EngineFiles, folder: string): Promise<string | null> {
  const file = `${folder}/${RECORD_FILE}`;
  if (!(await files.exists(file))) return null;
  const read = record.safeParse(JSON.parse(await files.read(file)));
  return read.success ? read.data.gatewayUrl : null;
}
