/** The rules of other programs, as published (docs/policy.md names them). */
import { type Arm, endMs, isOver } from "./arm.ts";
import type { Span } from "./recording.ts";
import type { Terms } from "./terms.ts";

interface Rule {
  readonly name: string;
  /** Ms from the span's start to the first warm. */
  first(span: Span, terms: Terms): number;
  /** Ms from one warm to the next. */
  every(terms: Terms): number;
  /** No warm at or after so many ms. @default a day */
  readonly untilMs?: number;
  /** @default any number */
  readonly most?: number;
  /** Whether the span is warmed at all. @default always */
  isWorth?(span: Span, terms: Terms): boolean;
  /** Gives up after so many warms that found the prefix cold. @default never */
  readonly coldTolerated?: number;
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
/** From a request to the headers of its answer, for those that count from there. */
const HEADERS_TAKE_MS = 2 * SECOND_MS;
/** A warm's own answer, for those that count from its completion. */
const WARM_TAKES_MS = 2 * SECOND_MS;

/** Flat counts by this project's own timing. */
export function fixedArm(warms: number): Arm {
  return ruled({
    name: `fixed-${warms}`,
    first: (_, { everyMs }) => everyMs,
    every: (terms) => terms.everyMs,
    most: warms,
  });
}

const piRefreshMs = ({ ttlMs }: Terms) => Math.min(0.9 * ttlMs, ttlMs - 10 * SECOND_MS);

function contextGuru(name: string, gated: boolean): Rule {
  return {
    name,
    first: () => 280 * SECOND_MS,
    every: () => 280 * SECOND_MS,
    most: 2,
    coldTolerated: 0,
    isWorth: ({ call }, terms) =>
      call.contextTokens >= 20_000 &&
      call.contextTokens * terms.read * terms.inputUsd <= 0.25 &&
      (!gated || call.stop === "end_turn"),
  };
}

const RULES: readonly Rule[] = [
  {
    name: "aider",
    first: () => 295 * SECOND_MS,
    every: () => 295 * SECOND_MS,
    most: 2,
  },
  {
    name: "pi",
    first: (_, terms) => piRefreshMs(terms),
    every: (terms) => piRefreshMs(terms) + WARM_TAKES_MS,
    untilMs: 30 * MINUTE_MS,
    isWorth: ({ call }, { read, write, inputUsd }) =>
      call.contextTokens * inputUsd * (0.15 * (write - read) - read) >= 0.05,
  },
  contextGuru("context-guru", false),
  contextGuru("context-guru-gated", true),
  {
    name: "oh-my-pi",
    first: () => HEADERS_TAKE_MS + 285 * SECOND_MS,
    every: () => 285 * SECOND_MS + WARM_TAKES_MS,
    most: 3,
    coldTolerated: 0,
  },
  {
    name: "membrane",
    first: () => 45 * MINUTE_MS,
    every: () => 45 * MINUTE_MS,
    coldTolerated: 1,
  },
  {
    name: "dispatch",
    first: ({ call }) => call.endedAt - call.startedAt + 240 * SECOND_MS,
    every: () => 240 * SECOND_MS + WARM_TAKES_MS,
  },
];

export function peerArms(): Arm[] {
  return RULES.map(ruled);
}

function ruled(rule: Rule): Arm {
  return {
    name: rule.name,
    warmsAt(span, terms, count) {
      if (isOver(span, count) || rule.isWorth?.(span, terms) === false) return [];
      const end = Math.min(endMs(span), rule.untilMs ?? Number.POSITIVE_INFINITY);
      const every = rule.every(terms);
      const warmsAt: number[] = [];
      let aliveUntil = terms.ttlMs;
      let cold = 0;
      for (let at = rule.first(span, terms); at < end && warmsAt.length < (rule.most ?? 1e6); at += every) {
        warmsAt.push(at);
        if (at > aliveUntil) cold += 1;
        if (cold > (rule.coldTolerated ?? 1e6)) break;
        aliveUntil = at + terms.ttlMs;
      }
      return warmsAt;
    },
  };
}
