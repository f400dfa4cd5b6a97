/** What was known at the moments at which policies are asked, reckoned for all of them in one pass. */
import type { Activity } from "../facts.ts";
import type { ActivityAt } from "./policy-arm.ts";
import type { Recording, Span } from "./recording.ts";
import type { Terms } from "./terms.ts";
import { activitiesAt } from "./timeline.ts";

/**
 * For policies that put each warm off to the last safe moment: the activity at those moments of each span, as
 * many as fit into one rewrite premium.
 *
 * @param recordings of one person
 */
export function indexActivities(
  recordings: readonly Recording[],
  spans: readonly Span[],
  termsList: readonly Terms[],
): ActivityAt {
  const index = new Map<Span, Map<number, Activity>>();
  const asked = spans.flatMap((span) =>
    [...new Set(termsList.flatMap((terms) => momentsOf(span, terms)))].map((at) => ({ span, at })),
  );
  const activities = activitiesAt(
    recordings,
    asked.map(({ span, at }) => ({ conversation: span.recording.id, at })),
  );
  for (const [number, { span, at }] of asked.entries()) {
    const ofSpan = index.get(span) ?? new Map<number, Activity>();
    index.set(span, ofSpan.set(at, activities[number] ?? {}));
  }
  return (span, at) => index.get(span)?.get(at);
}

function momentsOf({ call, gapMs }: Span, terms: Terms): number[] {
  const most = Math.min(MOST, Math.floor((terms.write - terms.read) / terms.read) + 1);
  const moments: number[] = [];
  for (let count = 1; count <= most && count * terms.latestMs < gapMs; count++) {
    moments.push(call.startedAt + count * terms.latestMs);
  }
  return moments;
}

const MOST = 100;
