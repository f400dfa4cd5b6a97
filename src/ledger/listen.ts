/** Binds a ledger to what a host tells. */
import type { EventEmitter } from "eventemitter3";
import type { HostEvents, RequestAnswered, TurnSettled } from "../host.ts";
import type { Ledger } from "./ledger.ts";

/** Returns the way to end it. */
export function listen(events: EventEmitter<HostEvents>, ledger: Ledger): () => void {
  // A host that tells of each request: what its turns tell besides is not another one.
  let tellsRequests = false;
  const invalidated = new Set<string>();

  const onRequest: HostEvents["requestAnswered"] = (event) => {
    tellsRequests = true;
    invalidated.delete(event.conversationId);
    ledger.requestAnswered(event);
  };
  const onSettled: HostEvents["turnSettled"] = (turn) => {
    const request = tellsRequests ? null : lastRequestOf(turn);
    if (request === null) return;
    const replaced = invalidated.delete(turn.conversationId);
    if (turn.requests === 1) ledger.requestAnswered({ ...request, replaced });
    else ledger.turnSettled({ ...request, replaced });
  };
  const onChanged: HostEvents["conversationChanged"] = ({ conversationId, invalidated: why }) => {
    if (why !== undefined && !tellsRequests) invalidated.add(conversationId);
  };
  const onWarm: HostEvents["warmCompleted"] = (event) => ledger.warmCompleted(event);
  const onAborted: HostEvents["warmAborted"] = (event) => ledger.warmAborted(event);

  events.on("requestAnswered", onRequest);
  events.on("turnSettled", onSettled);
  events.on("conversationChanged", onChanged);
  events.on("warmCompleted", onWarm);
  events.on("warmAborted", onAborted);
  return () => {
    events.off("requestAnswered", onRequest);
    events.off("turnSettled", onSettled);
    events.off("conversationChanged", onChanged);
    events.off("warmCompleted", onWarm);
    events.off("warmAborted", onAborted);
  };
}

/** The last request of a turn, as far as the turn tells of it; null where it does not tell when it went out. */
export function lastRequestOf(turn: TurnSettled): RequestAnswered | null {
  const { conversationId, requestStartedAt, usage, modelName, ttlMs, stopReason } = turn;
  if (typeof conversationId !== "string" || typeof requestStartedAt !== "number") return null;
  return {
    conversationId,
    startedAt: requestStartedAt,
    ...(usage === undefined ? {} : { usage }),
    ...(modelName === undefined ? {} : { modelName }),
    ...(ttlMs === undefined ? {} : { ttlMs }),
    ...(stopReason === undefined ? {} : { stopReason }),
  };
}
