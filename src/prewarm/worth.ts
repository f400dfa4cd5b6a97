/** Whether warming a prefix through an hour is worth its price (docs/prewarming.md). */
import { marginMs } from "../pure.ts";

export interface HourAhead {
  /** First turns in this hour that would find it cold. */
  readonly expectedStarts: number;
  readonly writeUsd: number;
  readonly readUsd: number;
  readonly ttlMs: number;
  /** It is warm as it is: nothing need be written. */
  readonly isWarm: boolean;
  /** What a first answer that need not wait for the write is worth. */
  readonly latencyUsd: number;
}

export interface Worth {
  readonly savingUsd: number;
  readonly costUsd: number;
  readonly isWorthIt: boolean;
}

const HOUR_MS = 3_600_000;

/**
 * Saved is, for each start, what it then need not write; spent the write, unless it is warm, and a read for each time
 * that it must be refreshed to live through the hour.
 */
export function worthOf({ expectedStarts, writeUsd, readUsd, ttlMs, isWarm, latencyUsd }: HourAhead): Worth {
  const refreshes = Math.max(0, Math.ceil(HOUR_MS / (ttlMs - marginMs(ttlMs))) - 1);
  const savingUsd = expectedStarts * (writeUsd - readUsd) + Math.min(1, expectedStarts) * latencyUsd;
  const costUsd = (isWarm ? 0 : writeUsd) + refreshes * readUsd;
  return { savingUsd, costUsd, isWorthIt: savingUsd > costUsd };
}
