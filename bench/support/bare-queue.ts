/** The queue that bare jobs are in: as pg-boss makes one, in a schema of its own. */
export const QUEUE = "bare";
export const bareOptions = { schema: "bare", supervise: false, schedule: false } as const;

/** When a job was due and when it began, in epoch ms. */
export interface Lateness {
  readonly dueAt: number;
  readonly at: number;
}
