/** Commands that run through the gateway by an address of their own, which tells whose a request is. */
import type { Upstream } from "./upstream.ts";

export interface Run {
  readonly id: string;
  /** Where its requests go; null: where the gateway's do. */
  readonly upstream: Upstream | null;
  /** Switches its conversations on that have no setting of their own. */
  readonly enableNew: boolean;
  /** Its command has not ended. */
  isAttached: boolean;
}

/** What a path says of its run. */
export interface Route {
  readonly runId: string | null;
  /** Path and query without what names the run. */
  readonly path: string;
}

const PREFIX = "/~keepwarm/run/";

/** Ids of runs that go somewhere else than the gateway does: never sent on before it is known where. */
const ELSEWHERE = "-elsewhere";

export function runPath(runId: string): string {
  return PREFIX + runId;
}

/** The id under which a run's requests arrive. */
export function runIdFor(id: string, goesElsewhere: boolean): string {
  return goesElsewhere ? id + ELSEWHERE : id;
}

export function goesElsewhere(runId: string): boolean {
  return runId.endsWith(ELSEWHERE);
}

export function routeOf(url: string): Route {
  const match = /^\/~keepwarm\/run\/([\w.-]+)(\/.*|\?.*)?$/s.exec(url);
  const [, runId, rest = "/"] = match ?? [];
  if (runId === undefined) return { runId: null, path: url };
  const path = rest.startsWith("/") ? rest : `/${rest}`;
  // An upstream of the run's own was chosen for the paths that this client asks for.
  return { runId, path: goesElsewhere(runId) ? path : versioned(path) };
}

/** Some clients take their base URL to end in `/v1` already (the Vercel AI SDK's do): without it there is no such path. */
function versioned(path: string): string {
  return /^\/messages($|[/?])/.test(path) ? `/v1${path}` : path;
}

/** Whether a path asks for a message; below an upstream of a run's own it may do so without `/v1`. */
export function asksForMessage(path: string): boolean {
  return /^([^?#]*\/v1)?\/messages\/?($|[?#])/.test(path);
}

/** Ended ones that are remembered: what a command left behind may go on sending. */
const MOST_RUNS = 1_000;

export class Runs {
  readonly #runs = new Map<string, Run>();

  get(id: string): Run | undefined {
    return this.#runs.get(id);
  }

  add(run: Run): void {
    this.#drop(this.#runs.get(run.id));
    this.#runs.set(run.id, run);
    if (this.#runs.size <= MOST_RUNS) return;
    this.#drop([...this.#runs.values()].find(({ isAttached }) => !isAttached));
  }

  isAnyAttached(): boolean {
    return [...this.#runs.values()].some(({ isAttached }) => isAttached);
  }

  #drop(run: Run | undefined): void {
    if (!run) return;
    // What still goes by its connections goes on; they are not kept beyond that.
    run.upstream?.retire();
    this.#runs.delete(run.id);
  }

  close(): void {
    for (const { upstream } of this.#runs.values()) upstream?.close();
    this.#runs.clear();
  }
}
