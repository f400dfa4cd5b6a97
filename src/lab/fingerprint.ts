/** Which recordings a prior was fitted to, told by their sums alone: of no person, no conversation. */
import { createHash } from "node:crypto";
import type { LabPerson } from "./priors.ts";

const DIGITS = 16;

/**
 * The same for the same recordings in whatever order, and another where one call is left out: a digest of how
 * many people, conversations and calls there are, of all their tokens and of all their pauses.
 */
export function fingerprintOf(people: readonly LabPerson[]): string {
  const spans = people.flatMap(({ conversations }) => conversations.flat());
  const sums = [
    people.filter(({ conversations }) => conversations.length > 0).length,
    people.reduce((sum, { conversations }) => sum + conversations.length, 0),
    spans.length,
    spans.reduce((sum, { call }) => sum + call.contextTokens, 0),
    spans.reduce((sum, { next, gapMs }) => sum + (next === null ? 0 : gapMs), 0),
  ];
  return createHash("sha256").update(sums.join()).digest("hex").slice(0, DIGITS);
}
