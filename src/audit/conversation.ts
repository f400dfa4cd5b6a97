/** What a transcript says in numbers: no text, no paths. */

/** Agents whose transcripts are read, by the names that `--agent` takes. */
export const AGENTS = ["claude-code", "pi", "opencode", "codex"] as const;
export type Agent = (typeof AGENTS)[number];

/**
 * How an answer ended: `e` end of the turn, `t` tool use, `q` a question to the person, `m` token limit, `s` stop
 * sequence, `r` refusal, `p` pause, `x` aborted, `?` not known.
 */
export type Stop = "e" | "t" | "q" | "m" | "s" | "r" | "p" | "x" | "?";

/** One model call. Times are epoch ms. */
export interface Call {
  /** When the request went out, as far as the transcript lets one know. */
  readonly startedAt: number;
  /** When the first block of the answer was there. */
  readonly firstAt: number;
  readonly endedAt: number;
  readonly model: string;
  /** Neither read from the cache nor written to it. */
  readonly uncachedTokens: number;
  readonly write5mTokens: number;
  readonly write1hTokens: number;
  readonly readTokens: number;
  readonly outputTokens: number;
  readonly stop: Stop;
  /** Which sub-agent made it; empty for the main thread. */
  readonly thread: string;
  /** Priced above the standard rates. */
  readonly speed?: "fast";
  readonly inferenceGeo?: string;
}

/** A call as one file tells of it. */
export interface Sighting {
  /** The same for each copy of this call, in whatever file. */
  readonly key: string;
  /** The conversation, by the agent's own id. */
  readonly session: string;
  readonly call: Call;
}

export interface Conversation {
  readonly agent: Agent;
  /** The agent's own id. It never leaves the process but as a hash. */
  readonly session: string;
  /** Last segment of the folder it ran in; empty where that is not known. */
  readonly project: string;
  /** Calls of the main thread, in order of their start. */
  readonly calls: readonly Call[];
  /** Calls of sub-agents, in order of their start. */
  readonly sideCalls: readonly Call[];
}

export function writtenTokens({ write5mTokens, write1hTokens }: Call): number {
  return write5mTokens + write1hTokens;
}

/** What the next request can read: what this one read or wrote. */
export function cachedTokens(call: Call): number {
  return call.readTokens + writtenTokens(call);
}

/** The whole prompt. */
export function promptTokens(call: Call): number {
  return call.uncachedTokens + cachedTokens(call);
}

/** The last segment of a path of any platform, which is all that is kept of it. */
export function lastSegment(path: string): string {
  return path.split(/[\\/]+/).findLast((segment) => segment !== "") ?? "";
}
