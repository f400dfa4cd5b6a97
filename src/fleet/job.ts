/** Jobs, as gateways hand them over and workers record them. */
import * as z from "zod/mini";

/**
 * `warm` re-reads a conversation's prefix, `prewarm` warms a catalogue's entry, `artifact` makes something that prefixes
 * are made of.
 */
export type JobKind = "warm" | "prewarm" | "artifact";

/**
 * Why there is a job: a conversation settled; a shared prefix was registered, has changed, or was missed again and again;
 * its schedule says so, or an hour at which people usually begin; somebody asked.
 */
export type Trigger = (typeof TRIGGERS)[number];
export const TRIGGERS = ["idle", "connect", "commit", "miss", "schedule", "hours", "manual"] as const;

/**
 * What has become of it. `lapsed`: its prefix had expired, or would have before another try. `cancelled`: a turn, a
 * close, a change or the limit for a day came first.
 */
export type Outcome = (typeof OUTCOMES)[number];
export const OUTCOMES = [
  "queued",
  "claimed",
  "running",
  "completed",
  "failed",
  "lapsed",
  "cancelled",
] as const;

/** What the engine's queue holds: the rest is in our own table, under the same id. */
export const jobData = z.object({ trigger: z.enum(TRIGGERS) });
export type JobData = z.infer<typeof jobData>;

/** What an artifact is made of. */
export interface ArtifactOrder {
  readonly repository: string;
  readonly branch: string;
  /** Which loader makes it. */
  readonly type: string;
  readonly parameters?: Readonly<Record<string, string>>;
}

/** A phase that an earlier attempt went through. Times are epoch ms. */
export interface Attempt {
  readonly attempt: number;
  readonly worker: string;
  readonly claimedAt: number;
  readonly runningAt: number | null;
  readonly error: string | null;
}
