/**
 * A line of a spool: one entry of a ledger as it is from now on, whole. So a line that is read twice changes nothing,
 * and one that is lost is made up for by the next of its key.
 */
import * as z from "zod/mini";
import { isName, isOfOneWriter } from "../../ledger/index.ts";

export interface SpoolEntry {
  readonly key: string;
  /** Null: the entry is gone. */
  readonly value: string | null;
}

const entry = z.object({ key: z.string(), value: z.nullable(z.string()) });

/** With its line break. */
export function lineOf({ key, value }: SpoolEntry): string {
  return `${JSON.stringify({ key, value })}\n`;
}

/** Null for what is no entry that a process may write: half a line, or an entry that others have a part in. */
export function entryIn(line: string): SpoolEntry | null {
  try {
    const parsed = entry.safeParse(JSON.parse(line));
    return parsed.success && maySpool(parsed.data) ? parsed.data : null;
  } catch {
    return null;
  }
}

/** Figures only ever grow: nobody takes them away. */
export function maySpool({ key, value }: SpoolEntry): boolean {
  return isOfOneWriter(key) && (value !== null || isName(key));
}

/** Where the processes of a state directory leave their spools. */
export const SPOOL_FOLDER = "spool";

/** `pi-4321-Zk3…`; what runs under which id is told from it. */
export const SPOOL_NAME = /^[\w-]+-(\d+)-\w{6,}\.ndjson$/;
/** One that was being written anew when its process was killed. */
export const SPOOL_DRAFT = /^[\w-]+-(\d+)-\w{6,}\.ndjson\.\w+$/;
