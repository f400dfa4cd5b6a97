/**
 * Made-up recordings with the proportions of real ones, for those who have none: gaps by kind of stop as in
 * the shipped prior, people who differ, conversations that grow and end. What they lack is whatever nobody
 * has counted; figures on them show how the arms compare, not what a person would save.
 */
import { SHIPPED_PRIOR, type StopKind } from "../policy/index.ts";
import { BIN_EDGES_S, type RecordedCall, type Recording, seeded } from "../policy/lab/index.ts";

export interface SyntheticSetting {
  /** @default 30 */
  readonly people?: number;
  /** Conversations of a person, on average. @default 25 */
  readonly conversations?: number;
  /** The same seed gives the same recordings. @default 1 */
  readonly seed?: number;
}

/** Share of the answers that end a turn (the others go on with a tool), and of those that ask something. */
const TURN_ENDS = 0.09;
const QUESTIONS = 0.05;
/** Share of the conversations that end after such an answer. */
const ENDS_AFTER: Readonly<Record<StopKind, number>> = {
  end_turn: 0.157,
  tool_use: 0.0016,
  question: 0.08,
  other: 0.1,
};
/** Part of those that are about to end whose last answer is short. */
const SHORT_LAST_ANSWER = 0.6;
const COMPACTS_AT_TOKENS = 165_000;
const BEGINS_AT = Date.UTC(2026, 0, 5, 8);
const DAY_MS = 86_400_000;

interface Dice {
  /** In [0, 1). */
  even(): number;
  /** Around 0, about 1 wide. */
  normal(): number;
}

export function syntheticRecordings({
  people = 30,
  conversations = 25,
  seed = 1,
}: SyntheticSetting = {}): Recording[] {
  const even = seeded(seed);
  const dice: Dice = {
    even,
    normal: () => Math.sqrt(-2 * Math.log(1 - even())) * Math.cos(2 * Math.PI * even()),
  };
  return Array.from({ length: people }, (_, index) =>
    personOf(`person-${index + 1}`, conversations, dice),
  ).flat();
}

function personOf(person: string, conversations: number, dice: Dice): Recording[] {
  // How slow this person is to come back, and how soon done.
  const pace = Math.exp(0.4 * dice.normal());
  const brevity = Math.exp(0.4 * dice.normal());
  const count = Math.max(1, Math.round(conversations * Math.exp(0.8 * dice.normal() - 0.3)));
  const model = dice.even() < 0.7 ? "model-a" : "model-b";
  let at = BEGINS_AT + Math.floor(dice.even() * 30) * DAY_MS;
  return Array.from({ length: count }, (_, index) => {
    const calls = callsFrom(at, model, pace, brevity, dice);
    const endedAt = calls.at(-1)?.endedAt ?? at;
    // Some begin the next one beside it, most after it, and many the day after.
    const throwOf = dice.even();
    if (throwOf < 0.2) at += (endedAt - at) * dice.even();
    else if (throwOf < 0.7) at = endedAt + 60_000 * Math.exp(2.5 + 1.2 * dice.normal());
    else at = Math.ceil(endedAt / DAY_MS) * DAY_MS + (8 + 3 * dice.even()) * 3_600_000;
    at = Math.round(at);
    return { id: `${person}-${index + 1}`, person, calls, sideCalls: [] };
  });
}

function callsFrom(from: number, model: string, pace: number, brevity: number, dice: Dice): RecordedCall[] {
  const calls: RecordedCall[] = [];
  let startedAt = from;
  let contextTokens = Math.round(18_000 * Math.exp(0.5 * dice.normal()));
  for (;;) {
    const stop: StopKind =
      dice.even() >= TURN_ENDS ? "tool_use" : dice.even() < QUESTIONS ? "question" : "end_turn";
    const isLast = dice.even() < Math.min(0.9, ENDS_AFTER[stop] * brevity);
    const isShort = isLast && dice.even() < SHORT_LAST_ANSWER;
    const answerMs = Math.round(1_000 * Math.exp((isShort ? 1.6 : 2.1) + 0.9 * dice.normal()));
    calls.push({
      startedAt,
      endedAt: startedAt + answerMs,
      model,
      contextTokens,
      outputTokens: Math.round(answerMs / 25),
      stop,
      tier: "5m",
    });
    if (isLast) return calls;
    startedAt += Math.max(answerMs + 200, Math.round(gapMs(stop, dice) * (stop === "tool_use" ? 1 : pace)));
    contextTokens += Math.round(Math.exp(6.6 + 1.2 * dice.normal()));
    if (contextTokens > COMPACTS_AT_TOKENS) contextTokens = Math.round(30_000 * (1 + dice.even()));
  }
}

/** From start to start, as often as the prior says. */
function gapMs(stop: StopKind, { even }: Dice): number {
  const counts = SHIPPED_PRIOR.returned[stop];
  let left = even() * counts.reduce((sum, count) => sum + count, 0);
  const bin = counts.findIndex((count) => {
    left -= count;
    return left < 0;
  });
  const from = BIN_EDGES_S[bin - 1] ?? 2;
  const to = BIN_EDGES_S[bin] ?? 3 * 86_400;
  return 1_000 * from * (to / from) ** even();
}
