/** Warms that another process sends: what it is told of them, and that one came to nothing. */
import type { Logger, Timers, WarmDispatch, WarmFailed, WarmsAhead } from "../host.ts";
import type { Planner } from "../policy/index.ts";
import { type Instant, isTokenCurrent, lifeLeftMs } from "../pure.ts";
import { type Conversation, lapsed, stoppedBy } from "./conversation.ts";
import { idleSpanOf } from "./idle-span.ts";

export interface HandingOver {
  /** Whether another process sends it, at about that time (epoch ms). */
  takes(conversation: Conversation, atMs: number, now: Instant): boolean;
  /** Nothing more is to be sent. */
  cancel(conversationId: string): void;
  failed(conversation: Conversation, failed: WarmFailed): void;
}

interface HandingOverContext {
  disarm(conversation: Conversation): void;
  notify(conversation: Conversation): void;
  policyName(conversation: Conversation): string | null;
  readonly logger: Logger;
}

/** How long after a lapse a report may still come, in ms. */
const REPORT_MS = 5_000;

/** Longest delay in ms that timers can be trusted to keep. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

const NOT_WARMED = lapsed(
  "No worker warmed it in time, and the cache entry has expired. The next turn starts afresh.",
);

/** Without a policy: as long as it is switched on, and more than anybody stays away. */
const MANY = 1_000;

/** What is foreseen may turn out to cost so much more before it is not what was decided on. */
const LEEWAY = 1.25;

/** @param deps read at each use */
export function createHandingOver(
  deps: { readonly dispatch?: WarmDispatch | undefined; readonly planner?: Planner; readonly timers: Timers },
  { disarm, notify, policyName, logger }: HandingOverContext,
): HandingOver {
  /** The warms to come if nobody comes back, for who sends them without asking again. */
  function ahead(
    conversation: Conversation,
    now: Instant,
  ): Pick<WarmsAhead, "everyMs" | "most" | "until" | "mostUsd"> {
    const span = idleSpanOf(conversation, now);
    const { everyMs, dueAt } = span;
    if (deps.planner === undefined) return { everyMs, most: MANY, until: dueAt + MANY * everyMs };
    const { warms, warmUsd } = deps.planner.forecast(span);
    // The one that has just been decided on, whatever is foreseen.
    const most = Math.max(1, warms.length);
    return {
      everyMs,
      most,
      until: Math.max(dueAt, warms.at(-1) ?? 0),
      ...(warmUsd === null ? {} : { mostUsd: warmUsd * most * LEEWAY }),
    };
  }

  return {
    takes(conversation, atMs, now) {
      const { id: conversationId, token, prefix } = conversation;
      if (deps.dispatch === undefined || prefix === null) return false;
      const policy = policyName(conversation);
      const lifeMs = lifeLeftMs(prefix, now);
      conversation.nextWarmAt = deps.dispatch.plan({
        conversationId,
        ...ahead(conversation, now),
        dueAt: atMs,
        lapsesAt: now.wallMs + lifeMs,
        ...(policy === null ? {} : { policy }),
      });
      const unheard = () => {
        if (!isTokenCurrent(conversation.token, token)) return;
        disarm(conversation);
        conversation.halt = NOT_WARMED;
        notify(conversation);
      };
      conversation.timer = deps.timers.setTimer(unheard, Math.min(lifeMs + REPORT_MS, LONGEST_DELAY_MS));
      return true;
    },
    cancel: (conversationId) => deps.dispatch?.cancel(conversationId),
    failed(conversation, { conversationId, error, lapsed: hasLapsed = false }) {
      // Its turn has begun: what came of the warm before matters no more.
      if (conversation.active) return;
      disarm(conversation);
      conversation.halt = hasLapsed ? lapsed(error) : stoppedBy({ error });
      logger.warn("keepwarm: warm failed", { conversationId, error });
      notify(conversation);
    },
  };
}
