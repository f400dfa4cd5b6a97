/**
 * Made-up recordings with the proportions of real ones, for those who have none: gaps by kind of stop as in
 * the shipped prior, people and conversations that differ as much as the recorded ones do, conversations that
 * grow and end. What they lack is whatever nobody has counted; figures on them show how the arms compare, not
 * what a person would save.
 */
import { SHIPPED_PRIOR, type StopKind } from "../policy/index.ts";
import { BIN_EDGES_S, LONG_BIN, type RecordedCall, type Recording, seeded } from "../policy/lab/index.ts";

export interface SyntheticSetting {
  /** @default 30 */
  readonly people?: number;
  /** Conversations of a person, on average. @default 25 */
  readonly conversations?: number;
  /** The same seed gives the same recordings. @default 1 */
  readonly seed?: number;
}

/** Share of the answers that end a turn (the others go on with a tool), and of those that ask something. */
const TURN_ENDS = 0.12;
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
/**
 * How much people differ, and conversations of one person beside that, as the standard deviation of a
 * logarithm: fitted to the spread of the recorded ones beyond that of chance (beta-binomial).
 */
const SPREAD = {
  /** How often an answer ends the turn. */
  turnEnds: { person: 0.55, conversation: 0.45 },
  /** How often a pause outlives a 5-minute entry, by what it follows. */
  longAnswer: { person: 0.6, conversation: 0.2 },
  longTool: { person: 0.9, conversation: 1.1 },
  /** How often such a pause is one of more than an hour. */
  hours: { person: 0.3, conversation: 0.9 },
  /** How soon a conversation is over. */
  brevity: { person: 0.4, conversation: 0 },
} as const;
type Traits = Readonly<Record<keyof typeof SPREAD, number>>;
/** Most models take 200,000 tokens; some people's take a million. */
const COMPACTS_AT_TOKENS = 180_000;
const COMPACTS_LARGE_AT_TOKENS = 600_000;
const HAVE_LARGE = 0.25;
const BEGINS_AT = Date.UTC(2026, 0, 5, 8);
const DAY_MS = 86_400_000;
const HOUR_S = 3_600;

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

/** Factors around 1 in the mean. */
function traitsOf(of: "person" | "conversation", dice: Dice): Traits {
  const factor = (trait: keyof typeof SPREAD) => {
    const spread = SPREAD[trait][of];
    return Math.exp(spread * dice.normal() - spread ** 2 / 2);
  };
  return {
    turnEnds: factor("turnEnds"),
    longAnswer: factor("longAnswer"),
    longTool: factor("longTool"),
    hours: factor("hours"),
    brevity: factor("brevity"),
  };
}

function both(person: Traits, conversation: Traits): Traits {
  return {
    turnEnds: person.turnEnds * conversation.turnEnds,
    longAnswer: person.longAnswer * conversation.longAnswer,
    longTool: person.longTool * conversation.longTool,
    hours: person.hours * conversation.hours,
    brevity: person.brevity * conversation.brevity,
  };
}

function personOf(person: string, conversations: number, dice: Dice): Recording[] {
  const traits = traitsOf("person", dice);
  const count = Math.max(1, Math.round(conversations * Math.exp(0.8 * dice.normal() - 0.3)));
  const [model, most] =
    dice.even() < HAVE_LARGE
      ? (["model-large", COMPACTS_LARGE_AT_TOKENS] as const)
      : (["model", COMPACTS_AT_TOKENS] as const);
  let at = BEGINS_AT + Math.floor(dice.even() * 30) * DAY_MS;
  return Array.from({ length: count }, (_, index) => {
    const calls = callsFrom(at, { model, most }, both(traits, traitsOf("conversation", dice)), dice);
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

function callsFrom(
  from: number,
  { model, most }: { readonly model: string; readonly most: number },
  traits: Traits,
  dice: Dice,
): RecordedCall[] {
  const calls: RecordedCall[] = [];
  let startedAt = from;
  let contextTokens = Math.round(30_000 * Math.exp(0.45 * dice.normal()));
  for (;;) {
    const stop: StopKind =
      dice.even() >= TURN_ENDS * traits.turnEnds
        ? "tool_use"
        : dice.even() < QUESTIONS
          ? "question"
          : "end_turn";
    const isLast = dice.even() < Math.min(0.9, ENDS_AFTER[stop] * traits.brevity);
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
    startedAt += Math.max(answerMs + 200, Math.round(gapMs(stop, traits, dice)));
    contextTokens += Math.round(Math.exp(6.6 + 1.2 * dice.normal()));
    if (contextTokens > most) contextTokens = Math.round(30_000 * (1 + dice.even()));
  }
}

/** From start to start: as often as the prior says, and as much oftener or rarer as the traits do. */
function gapMs(stop: StopKind, { longAnswer, longTool, hours }: Traits, { even }: Dice): number {
  const long = stop === "tool_use" ? longTool : longAnswer;
  const counts = SHIPPED_PRIOR.returned[stop].map((count, bin) => {
    if (bin < LONG_BIN) return count;
    return (BIN_EDGES_S[bin - 1] ?? 0) < HOUR_S ? count * long : count * long * hours;
  });
  let left = even() * counts.reduce((sum, count) => sum + count, 0);
  const bin = counts.findIndex((count) => {
    left -= count;
    return left < 0;
  });
  const from = BIN_EDGES_S[bin - 1] ?? 2;
  const to = BIN_EDGES_S[bin] ?? 3 * 86_400;
  return 1_000 * from * (to / from) ** even();
}
