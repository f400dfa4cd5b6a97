/** A person's conversations, replayed side by side in time order, so that what is told of a moment is its past. */
import type { Activity } from "../facts.ts";
import { Presence } from "../presence.ts";
import type { Recording } from "./recording.ts";

/** A moment of an idle span for which the activity is asked. */
export interface Moment {
  readonly conversation: string;
  /** Epoch ms. */
  readonly at: number;
}

type Happening =
  | { readonly at: number; readonly order: 0; readonly index: number }
  | { readonly at: number; readonly order: 1 | 2; readonly happen: (presence: Presence) => void };

/** The activity at each moment, in the order asked. All recordings are one person's. */
export function activitiesAt(
  recordings: readonly Recording[],
  moments: readonly Moment[],
  presence: Presence = new Presence(),
): Activity[] {
  const happenings: Happening[] = [...turnsOf(recordings)];
  for (const [index, { at }] of moments.entries()) happenings.push({ at, order: 0, index });
  // What happens at the very moment is not its past.
  happenings.sort((a, b) => a.at - b.at || a.order - b.order);
  const activities = new Array<Activity>(moments.length);
  for (const happening of happenings) {
    if (happening.order !== 0) {
      happening.happen(presence);
      continue;
    }
    const moment = moments[happening.index];
    if (moment !== undefined)
      activities[happening.index] = presence.activityOf(moment.conversation, moment.at);
  }
  return activities;
}

function* turnsOf(recordings: readonly Recording[]): Generator<Happening> {
  for (const { id, calls, sideCalls } of recordings) {
    for (const [index, call] of calls.entries()) {
      yield { at: call.startedAt, order: 1, happen: (presence) => presence.started(id, call.startedAt) };
      // A recording may end a call after the next one started: the order of its calls is the stronger fact.
      const next = calls[index + 1]?.startedAt ?? Number.POSITIVE_INFINITY;
      const at = Math.min(call.endedAt, next - 1);
      const settled = { stop: call.stop, promptTokens: call.contextTokens };
      yield {
        at: Math.max(at, call.startedAt),
        order: 2,
        happen: (presence) => presence.settled(id, at, settled),
      };
    }
    for (const call of sideCalls) {
      yield { at: call.startedAt, order: 1, happen: (presence) => presence.stirred(id, call.startedAt) };
    }
  }
}
