/** What a terminal was told of the conversations that it shows, on its own clock. */
import { type Standing, statusLine, statusSentences } from "../native/index.ts";

/** A warm that is overdue for so long, in ms, was told to somebody else: what is known is out of date. */
const OVERDUE_MS = 10_000;

interface Known {
  readonly standing: Standing;
  /** By how much the server's clock is ahead, in ms: it may be another machine's. */
  readonly aheadMs: number;
}

export interface Standings {
  learn(session: string, standing: Standing): void;
  /** For the prompt: null while it is off, or not known. */
  line(session: string): string | null;
  /** Some sentences; null: not known. */
  sentences(session: string): string | null;
  isEnabled(session: string): boolean;
  /** Whether what is shown of any changes by the second. */
  areCounting(): boolean;
}

export function createStandings(now: () => number): Standings {
  const known = new Map<string, Known>();

  function current(session: string): Standing | null {
    const found = known.get(session);
    if (found === undefined) return null;
    const at = now() + found.aheadMs;
    const { nextWarmAt } = found.standing.state;
    if (nextWarmAt !== null && at > nextWarmAt + OVERDUE_MS) {
      known.delete(session);
      return null;
    }
    return { ...found.standing, now: at };
  }

  function told(session: string, tell: (standing: Standing) => string | null): string | null {
    const standing = current(session);
    return standing === null ? null : tell(standing);
  }

  return {
    learn(session, standing) {
      known.set(session, { standing, aheadMs: standing.now - now() });
    },
    line: (session) => told(session, statusLine),
    sentences: (session) => told(session, statusSentences),
    isEnabled: (session) => current(session)?.state.enabled ?? false,
    areCounting: () => [...known.values()].some(({ standing }) => standing.state.nextWarmAt !== null),
  };
}
