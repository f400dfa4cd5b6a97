/** Where the running gateway says how it is reached: `gateway.json` in the state directory. */
import { randomBytes } from "node:crypto";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod/mini";
import { makeFolder } from "../storage/index.ts";
import { isLoopback } from "./loopback.ts";

/** In the state directory. */
export const RECORD_FILE = "gateway.json";

export interface GatewayRecord {
  readonly pid: number;
  /** Where agents send their requests. */
  readonly gatewayUrl: string;
  /** Where the control API listens; loopback. */
  readonly controlUrl: string;
  /** Epoch ms. */
  readonly startedAt: number;
  readonly version: string;
}

const controlUrl = z.string().check(
  z.refine((text) => {
    const url = URL.parse(text);
    return url?.protocol === "http:" && isLoopback(url.hostname);
  }),
);

const recordSchema = z.looseObject({
  pid: z.int().check(z.positive()),
  gatewayUrl: z.string(),
  controlUrl,
  startedAt: z.number(),
  version: z.string(),
});

/** A record that others can find. */
export interface Publication {
  /** Takes the record back, unless another gateway's has replaced it meanwhile. Never rejects. */
  withdraw(): Promise<void>;
}

/** Tells whoever looks into the state directory how this gateway is reached. */
export async function publish(directory: string, record: GatewayRecord): Promise<Publication> {
  makeFolder(directory);
  const file = recordFile(directory);
  const draft = `${file}.${process.pid}-${randomBytes(6).toString("hex")}`;
  try {
    // Renamed into place, so that nobody ever reads half of it.
    await writeFile(draft, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600, flag: "wx" });
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  return {
    async withdraw() {
      try {
        const found = await readRecord(directory);
        if (found.state === "read" && isSameGateway(found.record, record)) await rm(file, { force: true });
      } catch {
        // A record that stays behind is stale, which every reader finds out by itself.
      }
    },
  };
}

export type ReadRecord =
  | { readonly state: "read"; readonly record: GatewayRecord }
  | { readonly state: "none" }
  | { readonly state: "unusable" };

/** The record as it stands there; whether its gateway lives is another question. */
export async function readRecord(directory: string): Promise<ReadRecord> {
  let text: string;
  try {
    text = await readFile(recordFile(directory), "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return { state: "none" };
    throw error;
  }
  const parsed = recordSchema.safeParse(parseJson(text));
  return parsed.success ? { state: "read", record: parsed.data } : { state: "unusable" };
}

function isSameGateway(a: GatewayRecord, b: GatewayRecord): boolean {
  return a.pid === b.pid && a.startedAt === b.startedAt && a.controlUrl === b.controlUrl;
}

export function recordFile(directory: string): string {
  return join(directory, RECORD_FILE);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
