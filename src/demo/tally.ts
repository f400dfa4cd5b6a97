/** What one run of the program used: its turns, and the warms between them. */
import { costUsd } from "../anthropic/index.ts";
import type { Usage } from "../host.ts";
import { MODEL } from "./program.ts";

export interface Entry {
  readonly kind: "turn" | "warm";
  /** The turn itself, or the one a warm followed; from 1. */
  readonly turn: number;
  readonly usage: Usage;
}

export interface Sum {
  readonly readTokens: number;
  readonly writtenTokens: number;
  readonly usd: number;
}

export class Tally {
  readonly #entries: Entry[] = [];

  add(entry: Entry): void {
    this.#entries.push(entry);
  }

  get turn(): number {
    return this.#entries.filter(({ kind }) => kind === "turn").length;
  }

  /** Share of the prefix (what was read or written) that a return read; 1 when every return read all of it. */
  worstReturnShare(): number {
    const returns = this.#entries.filter(({ kind, turn }) => kind === "turn" && turn > 1);
    // What a turn adds to the conversation is new, and is written whatever happens.
    const shares = returns.map(({ usage, turn }) => usage.cacheReadTokens / this.#prefixAfter(turn - 1));
    return Math.min(...shares);
  }

  sum(wanted: (entry: Entry) => boolean = () => true): Sum {
    return this.#entries.filter(wanted).reduce(
      (sum, { usage }) => ({
        readTokens: sum.readTokens + usage.cacheReadTokens,
        writtenTokens: sum.writtenTokens + usage.cacheWriteTokens,
        usd: sum.usd + (costUsd(usage, { model: MODEL }) ?? 0),
      }),
      { readTokens: 0, writtenTokens: 0, usd: 0 },
    );
  }

  #prefixAfter(turn: number): number {
    const entry = this.#entries.find((candidate) => candidate.kind === "turn" && candidate.turn === turn);
    return (entry?.usage.cacheReadTokens ?? 0) + (entry?.usage.cacheWriteTokens ?? 0);
  }
}
