/** What else can be seen of a conversation: its last turn, its prefix, and what the policy said. */
import type { TurnContext } from "../host.ts";
import type { Plan, Planner, SpanForecast } from "../policy/index.ts";
import { dueAt, type Instant, lifeLeftMs } from "../pure.ts";
import type { Conversation } from "./conversation.ts";
import { idleSpanOf, intervalInForce } from "./idle-span.ts";

/** Times are epoch ms. */
export interface ConversationLook {
  /** Of the last turn that settled; empty before the first. */
  readonly turn: TurnContext;
  /** Null: there is none, or it is not what was last sent any more. */
  readonly prefix: {
    readonly lastUsedAt: number;
    /** Of an unknown TTL, what is assumed. */
    readonly lapsesAt: number;
  } | null;
  /** The person's choice of interval, in ms; until they make one, what a known TTL makes it. */
  readonly intervalMs: number;
  /** What the policy said since that turn; null while it has not been asked, or its answer holds no more. */
  readonly plan: Plan | null;
}

export function lookOf(conversation: Conversation, now: Instant): ConversationLook {
  const { context, prefix, plan, settings, active, halt } = conversation;
  return {
    turn: context,
    // By what is left on both clocks, as warms are.
    prefix: prefix && {
      lastUsedAt: Math.round(prefix.lastUsedAt.wallMs),
      lapsesAt: now.wallMs + Math.round(lifeLeftMs(prefix, now)),
    },
    intervalMs: intervalInForce(conversation),
    plan: settings.enabled && !active && halt === null ? plan : null,
  };
}

/** What is to come of an idle conversation; null where it is not idle, or there is nothing to reckon with. */
export function forecastOf(
  conversation: Conversation,
  planner: Planner | undefined,
  now: Instant,
): SpanForecast | null {
  const { prefix, active, settings, halt, nextWarmAt, idleSinceMs } = conversation;
  if (planner === undefined || prefix === null || active) return null;
  // Of one that is not armed it is not up to date.
  const due = nextWarmAt === null ? dueAt(prefix, settings, idleSinceMs, now, 0) : conversation.dueAt;
  const forecast = planner.forecast({ ...idleSpanOf(conversation, now), dueAt: due });
  const isKept = settings.enabled && halt === null && lifeLeftMs(prefix, now) > 0;
  return isKept ? forecast : { ...forecast, warms: [], warmsADay: null };
}
