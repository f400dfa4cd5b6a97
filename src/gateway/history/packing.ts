/**
 * History as it is stored: each entry a short row, because there are many. What a newer version left that this one
 * does not understand is passed over.
 */
import * as z from "zod/mini";
import type { HistoryEntry, UsageView } from "../../hub/index.ts";
import { RETURNS } from "../../ledger/index.ts";

const OUTCOMES = ["hit", "partial", "cold", "cut-off", "unknown"] as const;

const text = z.nullable(z.string());
const amount = z.nullable(z.number());
const usage = z.nullable(z.tuple([z.number(), z.number(), z.number(), z.number()]));

const turn = z.tuple([
  z.literal("t"),
  z.number(),
  z.number(),
  text,
  amount,
  usage,
  amount,
  z.enum(RETURNS),
  z.number(),
  text,
]);
const warm = z.tuple([
  z.literal("w"),
  z.number(),
  z.number(),
  z.enum(OUTCOMES),
  amount,
  usage,
  amount,
  text,
  z.boolean(),
]);
const end = z.tuple([z.enum(["l", "s", "f"]), z.number(), z.number(), z.string()]);
const change = z.tuple([z.literal("e"), z.number(), z.number(), z.boolean()]);
const row = z.union([turn, warm, end, change]);

const stored = z.object({ truncated: z.catch(z.boolean(), false), rows: z.array(z.unknown()) });

export interface Packed {
  readonly entries: readonly HistoryEntry[];
  /** There were older ones. */
  readonly truncated: boolean;
}

const NOTHING: Packed = Object.freeze({ entries: Object.freeze([]), truncated: false });

export function pack({ entries, truncated }: Packed): string {
  return JSON.stringify({ truncated, rows: entries.map(rowOf) });
}

/** Never throws: what cannot be read is none. */
export function unpack(raw: string | null): Packed {
  if (raw === null) return NOTHING;
  const parsed = stored.safeParse(parseJson(raw));
  if (!parsed.success) return NOTHING;
  const { rows, truncated } = parsed.data;
  return { truncated, entries: rows.map(entryOf).filter((entry) => entry !== null) };
}

function rowOf(entry: HistoryEntry): z.infer<typeof row> {
  const { seq, at } = entry;
  switch (entry.kind) {
    case "turn": {
      const { modelName, ttlMs, usage, costUsd, found, savedUsd, stopReason } = entry;
      return ["t", seq, at, modelName, ttlMs, countsOf(usage), costUsd, found, savedUsd, stopReason];
    }
    case "warm": {
      const { outcome, ttlMs, usage, costUsd, policy, foreign } = entry;
      return ["w", seq, at, outcome, ttlMs, countsOf(usage), costUsd, policy, foreign];
    }
    case "lapse":
      return ["l", seq, at, entry.why];
    case "stop":
      return ["s", seq, at, entry.why];
    case "failure":
      return ["f", seq, at, entry.why];
    case "switch":
      return ["e", seq, at, entry.enabled];
  }
}

function entryOf(value: unknown): HistoryEntry | null {
  const parsed = row.safeParse(value);
  if (!parsed.success) return null;
  const { data } = parsed;
  switch (data[0]) {
    case "t": {
      const [, seq, at, modelName, ttlMs, counts, costUsd, found, savedUsd, stopReason] = data;
      const usage = usageOf(counts);
      return { kind: "turn", seq, at, modelName, ttlMs, usage, costUsd, found, savedUsd, stopReason };
    }
    case "w": {
      const [, seq, at, outcome, ttlMs, counts, costUsd, policy, foreign] = data;
      return { kind: "warm", seq, at, outcome, ttlMs, usage: usageOf(counts), costUsd, policy, foreign };
    }
    case "e": {
      const [, seq, at, enabled] = data;
      return { kind: "switch", seq, at, enabled };
    }
    default: {
      const [kind, seq, at, why] = data;
      return { kind: END_KINDS[kind], seq, at, why };
    }
  }
}

const END_KINDS = { l: "lapse", s: "stop", f: "failure" } as const;

type Counts = z.infer<typeof usage>;

function countsOf(usage: UsageView | null): Counts {
  if (usage === null) return null;
  return [usage.inputTokens, usage.outputTokens, usage.cacheReadTokens, usage.cacheWriteTokens];
}

function usageOf(counts: Counts): UsageView | null {
  if (counts === null) return null;
  const [inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens] = counts;
  return { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens };
}

function parseJson(raw: string): unknown {
  try {
    return JSON.parse(raw);
  } catch {
    return null;
  }
}
