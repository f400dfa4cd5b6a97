/** What a reader makes of one file. */
import * as z from "zod";
import { asksPerson } from "../pure.ts";
import type { Call, Sighting, Stop } from "./conversation.ts";
import type { FileReadOptions } from "./lines.ts";

export interface Transcript {
  readonly sightings: readonly Sighting[];
  /** Last segment of the folder a session ran in, where a file says so. */
  readonly projects: ReadonlyMap<string, string>;
  /** Lines or rows that should have been a call and could not be read. */
  readonly broken: number;
  /** Lines that were too long to be records of calls. */
  readonly tooLong?: number;
}

/** @throws what the file system throws; never for what is in the file */
export type Reader = (path: string, options?: FileReadOptions) => Promise<Transcript>;

/** No call takes longer: a clock was set, or a laptop slept. */
const LONGEST_CALL_MS = 3_600_000;

type Times = Pick<Call, "startedAt" | "firstAt" | "endedAt">;

/** Times in their order, without what only a wrong clock explains. */
export function timesOf({ startedAt, firstAt, endedAt }: Times): Times {
  const start = startedAt <= firstAt && firstAt - startedAt <= LONGEST_CALL_MS ? startedAt : firstAt;
  const end = endedAt >= firstAt && endedAt - start <= LONGEST_CALL_MS ? endedAt : firstAt;
  return { startedAt: start, firstAt, endedAt: end };
}

/** A count of tokens that may be missing, null or nonsense. */
export const tokens = z.number().int().nonnegative().catch(0);

/** Text that may be missing or null. */
export const text = z.string().catch("");

/** Epoch ms, from ISO 8601 or a number of ms; NaN where it is neither. */
export const time = z.union([z.number(), z.string().transform((iso) => Date.parse(iso))]).catch(Number.NaN);

export function toolStop(names: readonly string[]): Stop {
  return asksPerson(names) ? "q" : "t";
}
