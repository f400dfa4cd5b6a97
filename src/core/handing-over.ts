/** Warms that another process sends: what it is told of them, and that one came to nothing. */
import type { Logger, Timers, WarmDispatch, WarmFailed, WarmsAhead } from "../host.ts";
import type { Planner } from "../policy/index.ts";
import { type Instant, isTokenCurrent, lifeLeftMs } from "../pure.ts";
import { type Conversation, lapsed, stoppedBy } from "./conversation.ts";
import { idleSpanOf } from "./idle-span.ts";

interface HandingOverDeps {
  readonly dispatch?: WarmDispatch | undefined;
  readonly planner?: Planner;
  readonly timers: Timers;
}

interface HandingOverContext {
  readonly logger: Logger;
  notify(conversation: Conversation): void;
  policyName(conversation: Conversation): string | null;
}

type Disarm = (conversation: Conversation) => void;

/** How long after a lapse a report may still come, in ms. */
const REPORT_MS = 5_000;

/** Longest delay in ms that timers can be trusted to keep. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

const NOT_WARMED = lapsed(
  "No worker warmed it in time (none was free, or none has its API key), and the cache entry has expired. The next turn starts afresh.",
);

/** Without a policy: as long as it is switched on, and more than anybody stays away. */
const MANY = 1_000;

/** What is foreseen may turn out to cost so much more before it is not what was decided on. */
const LEEWAY = 1.25;

/** The warms to come if nobody comes back, for who sends them without asking again. */
function ahead(
  { planner }: HandingOverDeps,
  conversation: Conversation,
  now: Instant,
): Pick<WarmsAhead, "everyMs" | "most" | "until" | "mostUsd"> {
  const span = idleSpanOf(conversation, now);
  const { everyMs, dueAt } = span;
  if (planner === undefined) return { everyMs, most: MANY, until: dueAt + MANY * everyMs };
  const { warms, warmUsd } = planner.forecast(span);
  // The one that has just been decided on, whatever is foreseen.
  const most = Math.max(1, warms.length);
  return {
    everyMs,
    most,
    until: Math.max(dueAt, warms.at(-1) ?? 0),
    ...(warmUsd === null ? {} : { mostUsd: warmUsd * most * LEEWAY }),
  };
}

/** Whether another process sends the next warm, at about that time (epoch ms). */
export function isHandedOver(
  deps: HandingOverDeps,
  { notify, policyName }: HandingOverContext,
  disarm: Disarm,
  conversation: Conversation,
  atMs: number,
  now: Instant,
): boolean {
  const { id: conversationId, token, prefix } = conversation;
  if (deps.dispatch === undefined || prefix === null) return false;
  const policy = policyName(conversation);
  const lifeMs = lifeLeftMs(prefix, now);
  conversation.nextWarmAt = deps.dispatch.plan({
    conversationId,
    ...ahead(deps, conversation, now),
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
}

/** Nothing more is to be sent of it. */
export function takeBack({ dispatch }: HandingOverDeps, { id }: Conversation): void {
  dispatch?.cancel(id);
}

/** One that was handed over came to nothing. */
export function failElsewhere(
  { logger, notify }: HandingOverContext,
  disarm: Disarm,
  conversation: Conversation | undefined,
  { conversationId, error, lapsed: hasLapsed = false }: WarmFailed,
): void {
  // In a turn what came of the warm before it matters no more.
  if (!conversation || conversation.active) return;
  disarm(conversation);
  conversation.halt = hasLapsed ? lapsed(error) : stoppedBy({ error });
  logger.warn("keepwarm: warm failed", { conversationId, error });
  notify(conversation);
}
