/** What Dispatch has told of its conversations, for who lists them. */
import type { ConversationSummary } from "../../capture/index.ts";
import type { TurnContext } from "../../host.ts";

/** More are conversations that nobody will come back to. */
const MOST = 1_000;

export interface Told extends Pick<TurnContext, "cwd" | "modelName"> {
  readonly lastTurnAt: number;
}

export class Conversations {
  /** The one used last is the last. */
  readonly #told = new Map<string, Told>();

  get(id: string): Told | undefined {
    return this.#told.get(id);
  }

  /** Returns those that there is no room for any more. */
  tell(id: string, told: Told): string[] {
    this.#told.delete(id);
    this.#told.set(id, told);
    const surplus = [...this.#told.keys()].slice(0, Math.max(0, this.#told.size - MOST));
    for (const one of surplus) this.#told.delete(one);
    return surplus;
  }

  forget(id: string): void {
    this.#told.delete(id);
  }

  summaries(): ConversationSummary[] {
    return [...this.#told].toReversed().map(([id, told]) => summaryOf(id, told));
  }

  summary(id: string): ConversationSummary | null {
    const told = this.#told.get(id);
    return told === undefined ? null : summaryOf(id, told);
  }
}

/** Dispatch sends its requests itself, so that nothing of them is held here. */
function summaryOf(id: string, { modelName = "", lastTurnAt }: Told): ConversationSummary {
  return {
    id,
    named: true,
    tag: null,
    modelName,
    lastTurnAt,
    ttlMs: null,
    prefixTokens: null,
    heldBytes: 0,
    sideThreads: 0,
  };
}
