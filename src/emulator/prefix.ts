import { hash } from "node:crypto";
import type { Block, Level } from "./blocks.ts";
import type { LevelKeys } from "./invalidation.ts";
import type { Readings } from "./readings.ts";

/** The prefix that ends at one block. */
export interface Prefix {
  /** Hash of everything up to and including the block, cumulative. */
  readonly hash: string;
  /** Tokens up to and including the block. */
  readonly tokens: number;
  /** Which step of the look-back the block belongs to; ascending, shared by blocks that count as one. */
  readonly step: number;
}

const LEVELS: readonly Level[] = ["tools", "system", "messages"];

/** The prefix at every block, in order. */
export function prefixesOf(
  blocks: readonly Block[],
  keys: LevelKeys,
  unit: Readings["lookBackUnit"],
): readonly Prefix[] {
  const prefixes: Prefix[] = [];
  let chain = digest(keys.scope);
  let tokens = 0;
  let step = 0;
  let previous: Block | null = null;
  for (const level of LEVELS) {
    // Folded in even where a level is empty, so that what it depends on still separates the next one.
    chain = digest(`${chain}${level}${keys[level]}`);
    for (const block of blocks) {
      if (block.level !== level) continue;
      chain = digest(`${chain}${block.content}`);
      tokens += block.tokens;
      if (previous !== null && !isOneStep(previous, block, unit)) step += 1;
      prefixes.push({ hash: chain, tokens, step });
      previous = block;
    }
  }
  return prefixes;
}

export function totalTokens(prefixes: readonly Prefix[]): number {
  return prefixes.at(-1)?.tokens ?? 0;
}

function isOneStep(before: Block, after: Block, unit: Readings["lookBackUnit"]): boolean {
  if (unit === "blocks" || before.type !== after.type) return false;
  return after.type === "tool_use" || after.type === "tool_result";
}

function digest(text: string): string {
  return hash("sha256", text, "base64url");
}
