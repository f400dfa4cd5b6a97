/** What every host of our own can do, once there is a keeper for it: whatever it keeps its files with, and wherever it runs. */
import type { Fetch } from "../../anthropic/index.ts";
import type { Keeper } from "../../capture/index.ts";
import type { ConversationChange, Disposable, Logger, Timers } from "../../host.ts";
import type { Instant } from "../../pure.ts";
import { answerWarm, standingOf } from "./answer-warm.ts";
import type { NativeExchange, NativeRequest, openExchange } from "./exchange.ts";
import { followStatus } from "./follow-status.ts";
import { type Standing, statusLine } from "./status-text.ts";

export interface HostOnKeeper extends Disposable {
  /** A Messages request goes out, of which the program tells its payload and its answer. */
  request(request: NativeRequest): NativeExchange;
  /** What a conversation waits for, whether it is open, whether its person is there; that its prefix is void. */
  changed(conversationId: string, change: ConversationChange): void;
  /** The person closed it: off, and remembered as off. */
  closed(conversationId: string): void;
  /** The program quits, reloads or lets go of it: nothing more is sent, and its setting stays. */
  detached(conversationId: string): void;
  /** What a status line is made of, for who shows it elsewhere. */
  standing(conversationId: string): Standing;
  /** A line for a status bar, such as `warm 3:12 · 98 % · net $0.12`; null while the conversation is off. */
  statusLine(conversationId: string): string | null;
  /** Shows the status line now, with every change, and every second while it counts down. Returns the way to end it. */
  followStatus(conversationId: string, show: (line: string | null) => void): () => void;
  /** Does what stands behind `/warm`, and resolves with what the person is told. Never rejects. */
  command(conversationId: string, text: string): Promise<string>;
  /** State, settings, ledger and events, for what a host does beyond this. */
  readonly keeper: Keeper;
}

export interface KeeperHostParts {
  readonly keeper: Keeper;
  /** For who uses {@link HostOnKeeper.request}: left to the host, because it is large for one that does not. */
  readonly telling: typeof openExchange | undefined;
  /** Sends warms. */
  readonly fetch: Fetch;
  readonly logger: Logger;
  readonly harmless: Harmless;
  readonly timers: Timers;
  /** Wall clock, epoch ms. */
  readonly now: () => number;
  readonly instant: () => Instant;
  /** Its person has switched a conversation. */
  readonly switched: (conversationId: string, enabled: boolean) => void;
  /** Called once, when it is disposed of. */
  readonly end: () => void;
}

/** Whatever goes wrong with us is nobody's but ours. */
export type Harmless = <T>(doing: string, fallback: T, act: () => T) => T;

export function harmlessBy(logger: Logger): Harmless {
  return (doing, fallback, act) => {
    try {
      return act();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      logger.error(`keepwarm: could not ${doing}`, { error: reason });
      return fallback;
    }
  };
}

export function hostOnKeeper(parts: KeeperHostParts): HostOnKeeper {
  const { keeper, telling, fetch, logger, harmless, timers, now, instant, switched } = parts;
  const { warmer, surface } = keeper;
  const shown = new Set<() => void>();

  const standing = (conversationId: string) => standingOf(conversationId, keeper, now());

  const line = (conversationId: string) =>
    harmless("tell a status", null, () => statusLine(standing(conversationId)));

  return {
    keeper,
    request: (request) =>
      harmless("follow a request", UNFOLLOWED, () => {
        if (telling === undefined) throw new Error("it was not given requestTelling");
        return harmlessExchange(telling(request, { keeper, fetch, timers, instant }), harmless);
      }),
    changed: (conversationId, change) =>
      harmless("take news of a conversation", undefined, () => keeper.changed(conversationId, change)),
    closed: (conversationId) =>
      harmless("close a conversation", undefined, () => keeper.close(conversationId)),
    detached: (conversationId) =>
      harmless("let go of a conversation", undefined, () => keeper.detach(conversationId)),
    standing,
    statusLine: line,
    followStatus: (conversationId, show) =>
      harmless(
        "follow a status",
        () => {},
        () => {
          void warmer.load(conversationId);
          const end = followStatus({
            line: () => line(conversationId),
            isCounting: () => warmer.getState(conversationId).nextWarmAt !== null,
            show: (text) => harmless("show a status", undefined, () => show(text)),
            subscribe: (changed) => surface.subscribe((id) => id === conversationId && changed()),
            timers,
          });
          shown.add(end);
          return () => {
            shown.delete(end);
            end();
          };
        },
      ),
    command: (conversationId, text) => answerWarm(text, conversationId, { keeper, logger, now, switched }),
    dispose() {
      harmless("end", undefined, () => {
        for (const end of shown) end();
        parts.end();
      });
    },
  };
}

const UNFOLLOWED: NativeExchange = { answered() {}, ended() {}, failed() {} };

function harmlessExchange(exchange: NativeExchange, harmless: Harmless): NativeExchange {
  const follow = (act: () => void) => harmless<void>("follow an answer", undefined, act);
  return {
    answered: (head) => follow(() => exchange.answered(head)),
    ended: (answer) => follow(() => exchange.ended(answer)),
    failed: (reason, head) => follow(() => exchange.failed(reason, head)),
  };
}
