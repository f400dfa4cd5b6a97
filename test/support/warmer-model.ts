/**
 * What must hold of a warmer, kept by a model of its own: last uses and lives on both clocks, who is off,
 * active, closed or detached. It knows nothing of how the warmer decides; it is told what a host would know.
 */
import type { ConversationChange, WarmCompleted } from "../../src/host.ts";
import type { WarmCall } from "./warm-service.ts";
import type { WarmerUnderTest } from "./warmer-under-test.ts";

interface Use {
  readonly wallMs: number;
  readonly monotonicMs: number;
  readonly ttlMs: number;
}

interface ModelledConversation {
  /** The person's last word, or what was stored before the first. */
  on: boolean;
  /** The person has said on or off: nothing may decide in their place any more. */
  spoken: boolean;
  active: boolean;
  open: boolean;
  /** The person closed it, and has not come back. */
  closed: boolean;
  /** A cold or refused warm: nothing more until the next turn or a warm that hits. */
  stopped: boolean;
  /** Every moment that may have been the prefix's last use; empty when there is no prefix to warm. */
  uses: Use[];
  /** How many warms were reported completed. */
  reports: number;
}

const UNKNOWN_TTL_MS = 300_000;

export interface WarmerModel {
  of(id: string): ModelledConversation;
  /** The person asks for a warm: what stopped the automatic ones does not stop this one. */
  asking: string | null;
  disposed: boolean;

  switched(id: string, on: boolean): void;
  /** It is to be on unless something is stored, or was said. */
  enabledIfNew(id: string): void;
  started(id: string): void;
  settled(id: string, agoMs: number | undefined, ttlMs: number | undefined): void;
  completed(event: WarmCompleted): void;
  remembered(id: string, agoMs: number, ttlMs: number | undefined): void;
  changed(id: string, change: ConversationChange): void;
  closed(id: string): void;
  detached(id: string): void;
  /** Whether what this warm is answered now must be heeded. */
  counts(call: WarmCall): boolean;
  /** It was found cold, or refused. */
  stopped(call: WarmCall): void;

  /** Throws when this warm must not have been sent. */
  checkSent(call: WarmCall): void;
  /** Throws when what the warmer shows or has armed cannot be. */
  checkState(): void;
  /** Throws when a surface was shown what it must not be. */
  checkNotice(id: string): void;
}

/** @param on what the storage says of every conversation; undefined: nothing */
export function createWarmerModel(
  world: WarmerUnderTest,
  ids: readonly string[],
  on: boolean | undefined,
): WarmerModel {
  const { clock, service, storage, warmer } = world;
  const fresh = () => ({
    active: false,
    open: true,
    closed: false,
    stopped: false,
    uses: [] as Use[],
    reports: 0,
  });
  const conversations = new Map(ids.map((id) => [id, { on: on === true, spoken: false, ...fresh() }]));
  const reportsBefore = new WeakMap<WarmCall, number>();

  const ago = (agoMs: number, ttlMs = UNKNOWN_TTL_MS): Use => ({
    wallMs: clock.now() - agoMs,
    monotonicMs: clock.monotonicNow() - agoMs,
    ttlMs: Number.isNaN(ttlMs) ? UNKNOWN_TTL_MS : ttlMs,
  });
  const isAlive = ({ wallMs, monotonicMs, ttlMs }: Use) =>
    Math.max(clock.now() - wallMs, clock.monotonicNow() - monotonicMs) < ttlMs;

  /** Every moment at which the warm that this reports may have gone out. */
  function startsOf({ conversationId, warmId, startedAt }: WarmCompleted): Omit<Use, "ttlMs">[] {
    const calls = service.calls.filter((call) => call.conversationId === conversationId);
    const own =
      warmId === undefined ? calls.slice(-3) : calls.filter(({ options }) => options.warmId === warmId);
    const sent = own.map((call) => ({ wallMs: call.startedAt, monotonicMs: call.startedMonotonicMs }));
    const isOwn = warmId !== undefined && sent.length > 0;
    return isOwn ? sent : [...sent, ago(Math.max(0, clock.now() - (startedAt ?? clock.now())))];
  }

  function must(holds: boolean, sentence: string): void {
    if (!holds) throw new Error(sentence);
  }

  const model: WarmerModel = {
    asking: null,
    disposed: false,
    of(id) {
      const conversation = conversations.get(id);
      if (!conversation) throw new Error(`${id} is not modelled`);
      return conversation;
    },
    switched(id, on) {
      Object.assign(model.of(id), { on, spoken: true, closed: false });
    },
    enabledIfNew(id) {
      if (!model.of(id).spoken && storage.settings(id) === null) model.of(id).on = true;
    },
    started(id) {
      Object.assign(model.of(id), { active: true, stopped: false, closed: false });
    },
    settled(id, agoMs = 0, ttlMs) {
      Object.assign(model.of(id), { active: false, stopped: false, uses: [ago(agoMs, ttlMs)] });
    },
    completed(event) {
      const conversation = model.of(event.conversationId);
      const ttlMs = Math.max(0, ...conversation.uses.map((use) => use.ttlMs)) || UNKNOWN_TTL_MS;
      for (const start of startsOf(event)) conversation.uses.push({ ...start, ttlMs });
      conversation.stopped = false;
      conversation.reports++;
    },
    remembered(id, agoMs, ttlMs) {
      model.of(id).uses.push(ago(agoMs, ttlMs));
    },
    changed(id, { open, invalidated }) {
      // What is told of a closed conversation may be forgotten along with it.
      if (open !== undefined) model.of(id).open = open || model.of(id).closed;
      if (invalidated !== undefined) Object.assign(model.of(id), { uses: [], stopped: false });
    },
    closed(id) {
      // Whether and when it is forgotten is up to the storage; until it is on again that makes no difference.
      Object.assign(model.of(id), { on: false, spoken: true, open: true, closed: true, stopped: false });
    },
    detached(id) {
      Object.assign(model.of(id), fresh());
    },
    counts(call) {
      const { active, reports } = model.of(call.conversationId);
      return !call.aborted && !active && reports === reportsBefore.get(call);
    },
    stopped({ conversationId }) {
      model.of(conversationId).stopped = true;
    },

    checkSent(call) {
      const { conversationId: id } = call;
      const { on, active, open, stopped, uses, reports } = model.of(id);
      reportsBefore.set(call, reports);
      must(service.open(id).length === 1, `two warms in flight for ${id}`);
      must(!model.disposed, `${id} was warmed by a warmer that is disposed of`);
      must(on, `${id} was warmed while off or closed`);
      must(!active, `${id} was warmed during a turn`);
      must(uses.length > 0, `${id} was warmed without a prefix: detached, invalidated or never settled`);
      must(uses.some(isAlive), `${id} was warmed after its prefix must have lapsed`);
      must(open || model.asking === id, `${id} was warmed while no client has it open`);
      must(!stopped || model.asking === id, `${id} was warmed after a cold or refused warm`);
    },

    checkState() {
      const armed = ids.filter((id) => warmer.getState(id).nextWarmAt !== null);
      must(
        clock.liveTimers() === armed.length,
        `${clock.liveTimers()} timers, but a due time is shown for ${armed.join() || "none"}`,
      );
      for (const id of ids) {
        const { on, active } = model.of(id);
        const state = warmer.getState(id);
        must(on || !state.enabled, `${id} is on though its person switched off or closed`);
        must(state.nextWarmAt === null || (state.enabled && !active), `${id} is armed while off or active`);
      }
      // What is let go of starts afresh when it is heard of again, but for the person's last word.
      const held = new Set(warmer.conversations());
      for (const id of ids) if (!held.has(id)) Object.assign(model.of(id), fresh());
      must(!model.disposed || warmer.conversations().length === 0, "state is left after dispose");
    },

    checkNotice(id) {
      const { nextWarmAt } = warmer.getState(id);
      const isLate = clock.lateTimers() > 0;
      must(
        nextWarmAt === null || nextWarmAt >= clock.now() || isLate,
        `${id} shows a due time that has passed`,
      );
      must(!model.disposed, `${id} told of a change after dispose`);
    },
  };
  return model;
}
