/** A gateway's side: what its policy decides becomes jobs, and what comes of them comes back. */
import { createHash, randomUUID } from "node:crypto";
import { type CapturedRequest, headerPairs, headerValue } from "../anthropic/index.ts";
import type { DispatchContext, Dispatcher, Repeatable } from "../capture/index.ts";
import type { Keeping, Logger, Usage, WarmFailure, WarmOptions, WarmsAhead } from "../host.ts";
import { stripCredential } from "./credentials.ts";
import { createDesires, type Desire } from "./desires.ts";
import type { Keyring } from "./keyring.ts";
import { boundTo, pack, type WarmSettings } from "./parcel.ts";
import { fleetMarginMs } from "./plan.ts";
import type { Result } from "./results.ts";
import type { FleetStore } from "./store.ts";

export interface DispatcherOptions {
  readonly context: DispatchContext;
  readonly store: FleetStore;
  readonly keyring: Keyring;
  /** The gateway, by the same name after each of its restarts. */
  readonly owner: string;
  readonly keeping: Keeping;
  readonly settings: WarmSettings;
  readonly logger: Logger;
  /** Epoch ms by this machine. */
  readonly now: () => number;
  /** Epoch ms by the database. */
  readonly databaseNow: () => number;
  /** Whether the database takes what it is given. */
  readonly reachable: (why: string | null) => void;
}

export interface FleetDispatcher extends Dispatcher {
  /** What came of a job of this gateway's. */
  take(result: Result): void;
}

interface ByHand {
  readonly warmId: string;
  settle(answer: Usage | WarmFailure): void;
}

/** The prefix of a conversation, by the same name after each restart of its gateway. */
export function prefixIdOf(owner: string, conversationId: string): string {
  return createHash("sha256").update(`${owner}\n${conversationId}`).digest("hex").slice(0, 40);
}

const NOTHING_HELD: WarmFailure = {
  error: "There is no request of this conversation to repeat.",
  permanent: true,
};

const LET_GO_OF =
  "Its last warm was heard of too late: its request is not held any more. The next turn starts afresh.";

export function createDispatcher(options: DispatcherOptions): FleetDispatcher {
  const { context, store, keyring, owner, keeping, logger, now, databaseNow } = options;
  /** What the database has of each conversation. */
  const stored = new Map<string, { readonly version: object; readonly revision: string }>();
  const byHand = new Map<string, ByHand>();

  const desires = createDesires<Wish>({
    logger,
    reachable: options.reachable,
    apply: (conversationId, wish) => (wish === null ? drop(conversationId) : keep(conversationId, wish)),
  });

  /**
   * Told this very moment that its warm has failed: there is nothing left to cancel, and what is kept of it stays, so that
   * somebody may queue the job again. The next turn, an off or its lapse removes it.
   */
  let failing: string | null = null;

  /** This machine's time as the database's. */
  function there(ms: number): number {
    return ms + databaseNow() - now();
  }

  function here(ms: number): number {
    return ms - databaseNow() + now();
  }

  async function drop(conversationId: string): Promise<void> {
    stored.delete(conversationId);
    await store.drop(prefixIdOf(owner, conversationId));
  }

  async function keep(conversationId: string, wish: Wish): Promise<void> {
    const held = context.repeatable(conversationId);
    if (held === null) {
      // Let go of since, because what kept it alive was heard of too late: it cannot be sent by anybody.
      await drop(conversationId);
      context.failed({ conversationId, error: LET_GO_OF, lapsed: true });
      return;
    }
    const order = orderOf(conversationId, wish);
    const known = stored.get(conversationId);
    // Where that takes no plan it was stopped, or has lapsed: what came of it is on its way.
    if (known?.version !== held.version) await keepAnew(conversationId, held, order);
    else await store.replan({ ...order, revision: known.revision, usedAt: there(held.lastUsedAt) });
  }

  async function keepAnew(
    conversationId: string,
    held: Repeatable,
    order: ReturnType<typeof orderOf>,
  ): Promise<void> {
    const { version, usage, ttlMs, lastUsedAt, facts } = held;
    const request = await held.request();
    const stripped = stripCredential(request.headers);
    if ("problem" in stripped) {
      // Nor with what is kept of it from before, whose credential it had then.
      await drop(conversationId);
      context.failed({ conversationId, error: stripped.problem });
      return;
    }
    const revision = randomUUID();
    const parcel = {
      url: request.url,
      headers: [...stripped.headers, ...encodingOf(request)],
      carrier: stripped.carrier,
      body: request.body,
      settings: options.settings,
      ...(usage === null ? {} : { usage }),
    };
    const sealed = await pack(parcel, keyring, boundTo(order.prefixId, revision));
    await store.keep(
      {
        id: order.prefixId,
        owner,
        conversation: conversationId,
        revision,
        fingerprint: keyring.fingerprint(stripped.secret),
        sealed,
        model: facts.model,
        ttlMs,
        usedAt: there(lastUsedAt),
        expiresAt: there(lastUsedAt + ttlMs),
      },
      order,
    );
    stored.set(conversationId, { version, revision });
  }

  function orderOf(conversationId: string, { ahead, dueAt, warmId }: Wish) {
    const { dayUsd } = keeping.limits ?? {};
    const { mostUsd, policy } = ahead;
    return {
      prefixId: prefixIdOf(owner, conversationId),
      trigger: warmId === undefined ? ("idle" as const) : ("manual" as const),
      dueAt: there(dueAt),
      plan: {
        everyMs: ahead.everyMs,
        until: there(ahead.until),
        warms: ahead.most,
        ...(mostUsd === undefined ? {} : { usd: mostUsd }),
        ...(dayUsd === undefined ? {} : { usdPerDay: dayUsd }),
      },
      ...(policy === undefined ? {} : { policy }),
      ...(warmId === undefined ? {} : { warmId }),
    };
  }

  function settleByHand(conversationId: string, answer: Usage | WarmFailure): void {
    byHand.get(conversationId)?.settle(answer);
    byHand.delete(conversationId);
  }

  return {
    plan(ahead) {
      const { conversationId, lapsesAt } = ahead;
      const held = context.repeatable(conversationId);
      const marginMs = held === null ? 0 : fleetMarginMs(held.ttlMs);
      // Overdue already: at once, and not before now.
      const dueAt = Math.max(now(), Math.min(ahead.dueAt, lapsesAt - marginMs));
      const isNew = held !== null && stored.get(conversationId)?.version !== held.version;
      desires.want(conversationId, { ahead, dueAt }, isNew ? quietMs(held.ttlMs) : 0);
      return dueAt;
    },

    cancel(conversationId) {
      if (conversationId === failing) return;
      desires.want(conversationId, null, 0);
    },

    warm(conversationId, { signal, warmId = randomUUID(), policy }: WarmOptions = {}) {
      const held = context.repeatable(conversationId);
      if (held === null) return Promise.resolve(NOTHING_HELD);
      const { promise, resolve } = Promise.withResolvers<Usage | WarmFailure>();
      const lapsesAt = held.lastUsedAt + held.ttlMs;
      const leftMs = Math.max(0, lapsesAt - now());
      const late = setTimeout(
        () => settleByHand(conversationId, { error: "No worker warmed it in time.", permanent: true }),
        leftMs,
      );
      byHand.set(conversationId, {
        warmId,
        settle(answer) {
          clearTimeout(late);
          resolve(answer);
        },
      });
      signal?.addEventListener(
        "abort",
        () => {
          if (byHand.get(conversationId)?.warmId !== warmId) return;
          desires.want(conversationId, null, 0);
          settleByHand(conversationId, { error: "The warm was called off." });
        },
        { once: true },
      );
      const ahead: WarmsAhead = {
        conversationId,
        dueAt: now(),
        lapsesAt,
        everyMs: held.ttlMs,
        most: 1,
        until: lapsesAt,
        ...(policy === undefined ? {} : { policy }),
      };
      desires.want(conversationId, { ahead, dueAt: now(), warmId }, 0);
      return promise;
    },

    refusal(request) {
      const stripped = stripCredential(request.headers);
      return "problem" in stripped ? stripped.problem : null;
    },

    take({ id, conversation: conversationId, revision, told }) {
      const of = {
        conversationId,
        warmId: told.warmId ?? `fleet-${id}`,
        ...(told.modelName === "" ? {} : { modelName: told.modelName }),
        ...(told.policy === undefined ? {} : { policy: told.policy }),
      };
      const isCurrent = stored.get(conversationId)?.revision === revision;
      if (told.kind === "warmed") {
        const { usage, costUsd, missReason } = told;
        context.completed({
          ...of,
          usage,
          costUsd,
          startedAt: here(told.startedAt),
          ...(missReason === undefined ? {} : { missReason }),
        });
        if (byHand.get(conversationId)?.warmId === of.warmId) settleByHand(conversationId, usage);
        return;
      }
      if (told.kind === "aborted") {
        const { usage, costUsd } = told;
        context.aborted({ ...of, costUsd, ...(usage === undefined ? {} : { usage }) });
      }
      const { error } = told;
      if (error === undefined) return;
      if (byHand.get(conversationId)?.warmId === of.warmId) {
        settleByHand(conversationId, { error, permanent: told.kind !== "aborted" });
      } else if (isCurrent) {
        failing = told.kind === "lapsed" ? null : conversationId;
        context.failed({ conversationId, error, lapsed: told.kind === "lapsed" });
        failing = null;
      }
    },

    dispose() {
      // What is planned goes on without this process.
      desires.dispose();
      for (const conversationId of [...byHand.keys()]) {
        settleByHand(conversationId, { error: "The gateway has stopped.", permanent: true });
      }
    },
  };
}

interface Wish extends Desire {
  readonly ahead: WarmsAhead;
  readonly dueAt: number;
  readonly warmId?: string;
}

/** Between the requests of a tool loop nothing is written, in ms; less where time is scaled down. */
function quietMs(ttlMs: number): number {
  return Math.min(2_000, ttlMs / 100);
}

/** Headers of a warm lack it, because it is no longer true of what is sent; here the body is as it was. */
function encodingOf({ headers }: Pick<CapturedRequest, "headers">): readonly (readonly [string, string])[] {
  const value = headerValue(headerPairs(headers), "content-encoding");
  return value === null ? [] : [["content-encoding", value]];
}
