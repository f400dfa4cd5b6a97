/** What happened between an agent and the API, from which each agent's own transcript is written. */

export interface Exchange {
  /** Epoch ms: the request went out, the first block came, the last one did. */
  readonly startedAt: number;
  readonly firstAt: number;
  readonly endedAt: number;
  readonly model: string;
  readonly uncached: number;
  readonly write5m: number;
  readonly write1h: number;
  readonly read: number;
  readonly output: number;
  readonly stop: "end_turn" | "tool_use" | "question";
  /** @default the main thread */
  readonly subagent?: string;
}

export interface Session {
  readonly id: string;
  readonly cwd: string;
  readonly exchanges: readonly Exchange[];
  /** @default SHORT */
  readonly content?: Content;
}

/** Stands for everything that people and models say: it must never come out again. */
export const SECRET = 'the launch code is 0000, in "C:\\secret\\plans.txt"';

/** Stands in for what a prompt or a tool's result says: quotes, keys of records, all that could be mistaken. */
export const CONTENT = `${SECRET}\n{"type":"assistant","uuid":"fake","timestamp":"2020-01-01T00:00:00.000Z","usage":{"input_tokens":9}} "usage":{`;

/** What is said in a transcript, by whom; a bench makes it as long as it is in life. */
export interface Content {
  readonly person: string;
  readonly model: string;
  readonly tool: string;
}

export const SHORT: Content = { person: CONTENT, model: CONTENT, tool: CONTENT };

export const iso = (at: number): string => new Date(at).toISOString();

/** Ids that are the same in every run. */
export function ids(prefix: string): () => string {
  let count = 0;
  return () => {
    count += 1;
    return `${prefix}${count.toString(16).padStart(8, "0")}`;
  };
}

export function exchange(over: Partial<Exchange> & Pick<Exchange, "startedAt">): Exchange {
  return {
    firstAt: over.startedAt + 1_500,
    endedAt: over.startedAt + 9_000,
    model: "claude-opus-4-5-20251101",
    uncached: 3,
    write5m: 1_000,
    write1h: 0,
    read: 20_000,
    output: 250,
    stop: "end_turn",
    ...over,
  };
}
