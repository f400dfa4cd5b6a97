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

/**
 * What can happen. At one instant it does so in the order of the halves of these numbers: what happens at the very
 * moment is not its past.
 */
const MOMENT = 0;
const STARTED = 2;
const STIRRED = 3;
const SETTLED = 4;

/** One of them, in numbers: there may be a million. */
interface Timeline {
  readonly at: Float64Array;
  readonly kind: Uint8Array;
  /** Which recording, and which of its calls; or which moment. */
  readonly recording: Uint32Array;
  readonly index: Uint32Array;
}

/** The activity at each moment, in the order asked. All recordings are one person's. */
export function activitiesAt(
  recordings: readonly Recording[],
  moments: readonly Moment[],
  presence: Presence = new Presence(),
): Activity[] {
  const timeline = timelineOf(recordings, moments);
  const { at, kind, index } = timeline;
  const order = Uint32Array.from(at, (_, number) => number).sort(
    (a, b) => (at[a] ?? 0) - (at[b] ?? 0) || ((kind[a] ?? 0) >> 1) - ((kind[b] ?? 0) >> 1) || a - b,
  );
  const activities = new Array<Activity>(moments.length);
  for (const number of order) {
    const which = index[number] ?? 0;
    if (kind[number] !== MOMENT) {
      const recording = recordings[timeline.recording[number] ?? 0];
      if (recording !== undefined) happen(presence, recording, which, kind[number] ?? 0, at[number] ?? 0);
      continue;
    }
    const moment = moments[which];
    if (moment !== undefined) activities[which] = presence.activityOf(moment.conversation, moment.at);
  }
  return activities;
}

function happen(presence: Presence, { id, calls }: Recording, index: number, kind: number, at: number): void {
  if (kind === STARTED) presence.started(id, at);
  else if (kind === STIRRED) presence.stirred(id, at);
  else {
    const call = calls[index];
    if (call !== undefined) presence.settled(id, at, { stop: call.stop, promptTokens: call.contextTokens });
  }
}

function timelineOf(recordings: readonly Recording[], moments: readonly Moment[]): Timeline {
  const turns = recordings.reduce(
    (sum, { calls, sideCalls }) => sum + 2 * calls.length + sideCalls.length,
    0,
  );
  const size = turns + moments.length;
  const timeline: Timeline = {
    at: new Float64Array(size),
    kind: new Uint8Array(size),
    recording: new Uint32Array(size),
    index: new Uint32Array(size),
  };
  let count = 0;
  const put = (at: number, kind: number, recording: number, index: number) => {
    timeline.at[count] = at;
    timeline.kind[count] = kind;
    timeline.recording[count] = recording;
    timeline.index[count] = index;
    count += 1;
  };
  for (const [number, { calls, sideCalls }] of recordings.entries()) {
    for (const [index, call] of calls.entries()) {
      put(call.startedAt, STARTED, number, index);
      // A recording may end a call after the next one started: the order of its calls is the stronger fact.
      const next = calls[index + 1]?.startedAt ?? Number.POSITIVE_INFINITY;
      put(Math.max(Math.min(call.endedAt, next - 1), call.startedAt), SETTLED, number, index);
    }
    for (const call of sideCalls) put(call.startedAt, STIRRED, number, 0);
  }
  for (const [index, { at }] of moments.entries()) put(at, MOMENT, 0, index);
  return timeline;
}
