/** Which of OpenClaw's runs are its person's own, and which are nobody's: heartbeats, automations, its own housekeeping. */

/** Nobody has spoken: OpenClaw woke the agent by itself. */
const NOBODYS: ReadonlySet<string> = new Set(["heartbeat", "cron", "memory"]);

/** Runs that may still ask a model are among the latest. */
const MOST_RUNS = 200;

export interface Runs {
  /** OpenClaw says what began a run; undefined: it did not say, as of some that people begin. */
  began(runId: string, trigger: string | undefined): void;
  /** False of a run that was not told of as well: a compaction. */
  isPersons(runId: string): boolean;
  /** Whether runs are told of at all, which OpenClaw does only where its person allows it. */
  areTold(): boolean;
}

export function createRuns(): Runs {
  const persons = new Map<string, boolean>();
  let told = false;
  return {
    began(runId, trigger) {
      told = true;
      persons.delete(runId);
      persons.set(runId, trigger === undefined || !NOBODYS.has(trigger));
      for (const oldest of persons.keys()) {
        if (persons.size <= MOST_RUNS) break;
        persons.delete(oldest);
      }
    },
    isPersons: (runId) => persons.get(runId) ?? false,
    areTold: () => told,
  };
}
