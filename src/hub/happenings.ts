/** Notes what happens in each conversation: turns and how they found the cache, warms and what they cost, ends and why. */
import type { Keeper } from "../capture/index.ts";
import type { Logger, RequestAnswered, TurnSettled, Usage, WarmCompleted } from "../host.ts";
import { type Booked, RETURNS } from "../ledger/index.ts";
import { isCold, isPartial } from "../pure.ts";
import type { Phase } from "../warmer.ts";
import { documentedReason } from "./stop-reason.ts";
import type { HistoryEntry, UsageView, WarmEntry } from "./views/history.ts";

export interface HappeningsOptions {
  readonly keeper: Pick<Keeper, "events" | "ledger" | "surface" | "warmer" | "conversation">;
  readonly logger: Pick<Logger, "error">;
  /** Wall clock, epoch ms. */
  readonly now: () => number;
  tell(conversationId: string, entry: HistoryEntry): void;
  /** It is not open any more. */
  gone?(conversationId: string): void;
}

export interface Happenings {
  /** Its person has switched it. */
  switched(conversationId: string, enabled: boolean): void;
  /** Nothing is to be remembered of it. */
  forget(conversationId: string): void;
  end(): void;
}

/** An entry without what each has. */
type Fact = HistoryEntry extends infer Entry
  ? Entry extends HistoryEntry
    ? Omit<Entry, "seq">
    : never
  : never;

/** Of what comes from outside. */
const MOST_CHARACTERS = 200;

export function noteHappenings({ keeper, logger, now, tell, gone }: HappeningsOptions): Happenings {
  const phases = new Map<string, Phase>();
  let lastSeq = 0;
  /** What the ledger has booked last: of the event that is told next. */
  let booked: Booked | null = null;

  function record(conversationId: string, fact: Fact): void {
    // By the clock, so that it goes on rising after a restart, without reading what is stored.
    lastSeq = Math.max(lastSeq + 1, now());
    tell(conversationId, { ...fact, seq: lastSeq } as HistoryEntry);
  }

  function bookingOf(kind: Booked["kind"], conversationId: string): Booked | null {
    const own = booked?.conversationId === conversationId && booked.kind === kind ? booked : null;
    booked = null;
    return own;
  }

  function onRequest(event: RequestAnswered): void {
    const booking = bookingOf("request", event.conversationId);
    if (event.aside === true) return;
    const { conversationId, startedAt, modelName, ttlMs, usage, costUsd, stopReason } = event;
    record(conversationId, {
      kind: "turn",
      at: Math.round(startedAt),
      modelName: shortened(modelName),
      ttlMs: ttlMs ?? null,
      usage: usageView(usage),
      costUsd: costUsd ?? null,
      found: RETURNS.find((kind) => booking !== null && booking.amounts[kind] > 0) ?? "unseen",
      savedUsd: booking?.amounts.savedUsd ?? 0,
      stopReason: documentedReason(stopReason),
    });
  }

  function onWarm(
    event: Omit<WarmCompleted, "usage"> & { readonly usage?: Usage },
    outcome: WarmEntry["outcome"],
  ): void {
    const booking = bookingOf("warm", event.conversationId);
    const { conversationId, startedAt, usage, policy, foreign = false } = event;
    const priced = booking !== null && booking.amounts.warmsUnpriced === 0;
    record(conversationId, {
      kind: "warm",
      at: Math.round(startedAt ?? now()),
      outcome,
      ttlMs: keeper.conversation(conversationId)?.ttlMs ?? null,
      usage: usageView(usage),
      costUsd: event.costUsd ?? (priced ? booking.amounts.spentUsd : null),
      policy: shortened(policy),
      foreign,
    });
  }

  /** Whose last turn failed and left nothing: that is not said again of what it stopped. */
  const failed = new Set<string>();

  function onSettled({ conversationId, failure, leftNothing }: TurnSettled): void {
    failed.delete(conversationId);
    if (failure === undefined) return;
    if (leftNothing) failed.add(conversationId);
    record(conversationId, { kind: "failure", at: now(), why: failure });
  }

  const noticed = new Set<string>();

  /** A moment later: whoever notices is in the middle of telling what happened, which comes first. */
  function onNotice(conversationId: string): void {
    if (noticed.size === 0) queueMicrotask(lookAtNoticed);
    noticed.add(conversationId);
  }

  function lookAtNoticed(): void {
    const ids = [...noticed];
    noticed.clear();
    try {
      for (const conversationId of ids) look(conversationId);
    } catch (error) {
      // Nobody above us would catch it.
      logger.error("keepwarm: the history could not be kept", { error: String(error) });
    }
  }

  function look(conversationId: string): void {
    if (keeper.conversation(conversationId) === null) {
      phases.delete(conversationId);
      failed.delete(conversationId);
      gone?.(conversationId);
      return;
    }
    const { phase, why } = keeper.warmer.getStatus(conversationId);
    const before = phases.get(conversationId);
    if (phase === before) return;
    phases.set(conversationId, phase);
    if ((phase === "lapsed" || phase === "stopped") && !failed.has(conversationId)) {
      record(conversationId, { kind: phase === "lapsed" ? "lapse" : "stop", at: now(), why: why ?? "" });
    }
  }

  const { events } = keeper;
  const onCompleted = (event: WarmCompleted) => onWarm(event, outcomeOf(event.usage));
  const onAborted = (event: Omit<WarmCompleted, "usage">) => onWarm(event, "cut-off");
  events.on("requestAnswered", onRequest);
  events.on("turnSettled", onSettled);
  events.on("warmCompleted", onCompleted);
  events.on("warmAborted", onAborted);
  const ends = [
    keeper.ledger.subscribe((booking) => {
      booked = booking;
    }),
    keeper.surface.subscribe(onNotice),
    () => events.off("requestAnswered", onRequest),
    () => events.off("turnSettled", onSettled),
    () => events.off("warmCompleted", onCompleted),
    () => events.off("warmAborted", onAborted),
  ];

  return {
    switched: (conversationId, enabled) => record(conversationId, { kind: "switch", at: now(), enabled }),
    forget: (conversationId) => void phases.delete(conversationId),
    end() {
      for (const end of ends) end();
    },
  };
}

function outcomeOf(usage: Usage | undefined): WarmEntry["outcome"] {
  if (usage === undefined) return "unknown";
  if (isCold(usage)) return "cold";
  return isPartial(usage) ? "partial" : "hit";
}

function usageView(usage: Usage | undefined): UsageView | null {
  if (usage === undefined) return null;
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens } = usage;
  return { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens };
}

function shortened(text: string | undefined): string | null {
  return text?.slice(0, MOST_CHARACTERS) ?? null;
}
