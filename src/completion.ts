/** Whose warm a `warmCompleted` reports: hosts may echo our ids, add times, or tell neither. */
import type { Conversation, Flight } from "./conversation.ts";
import type { WarmCompleted } from "./host.ts";
import { type Instant, instantAt } from "./pure.ts";

/** Whether a turn, a close or a changed prefix has overtaken the warm that this event completes. */
export function isOvertaken(
  event: WarmCompleted,
  conversation: Conversation | undefined,
  flight: Flight | undefined,
  ownIds: string,
): boolean {
  if (conversation?.active) return true;
  if (event.warmId?.startsWith(ownIds)) return event.warmId !== current(conversation, flight)?.warmId;
  // A host that echoes no ids: what arrives while an overtaken warm is still in the air is that warm's.
  if (event.warmId === undefined && flight?.superseded) return true;
  const turnStartedAtMs = conversation?.turnStartedAtMs ?? null;
  return event.startedAt !== undefined && turnStartedAtMs !== null && event.startedAt < turnStartedAtMs;
}

/** The instant at which the completed warm went out; a manual warm of unknown start counts from `now`. */
export function startOf(
  event: WarmCompleted,
  conversation: Conversation | undefined,
  flight: Flight | undefined,
  now: Instant,
): Instant {
  const own = current(conversation, flight);
  if (own && event.warmId === own.warmId) return own.startedAt;
  if (event.startedAt !== undefined) return instantAt(event.startedAt, now);
  return flight && !flight.superseded && event.warmId === undefined ? flight.startedAt : now;
}

/** Our warm whose completion is still due. */
function current(conversation: Conversation | undefined, flight: Flight | undefined) {
  if (flight && !flight.superseded && !flight.completed) return flight;
  return conversation?.awaiting ?? null;
}
