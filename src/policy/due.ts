/** How long a warm may be put off. */
import { marginMs } from "../pure.ts";
import type { PolicyFacts } from "./facts.ts";

/**
 * How long before its expiry a prefix must be warmed at the latest, in ms: 10 s of 5 minutes, time for three
 * tries; two minutes of an hour. Of each ping of a 5-minute entry that is put off from 280 s to 290 s, a part
 * is never sent because the person is back, and each one that is sent lasts a thirtieth longer.
 */
export function leastMarginMs(ttlMs: number): number {
  return Math.min(marginMs(ttlMs), ttlMs / 30);
}

/**
 * The facts of somebody who puts every warm off for as long as it is safe. Asked at or after `dueAt` it is not
 * put off again: jitter may have brought the moment forward.
 */
export function putOff(facts: PolicyFacts): PolicyFacts {
  const { now, latestAt = facts.dueAt } = facts;
  const laterMs = latestAt - facts.dueAt;
  if (!(laterMs > 0)) return facts;
  const dueAt = now < facts.dueAt ? latestAt : Math.min(now, latestAt);
  return { ...facts, dueAt, everyMs: facts.everyMs + laterMs };
}
