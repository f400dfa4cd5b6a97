/**
 * What must hold of a warmer, kept by a model of its own: last uses and lives on both clocks, who is off,
 * active, closed or detached. It knows nothing of how the warmer decides; it is told what a host would know.
 */
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
  active: boolean;
  open: boolean;
  /** A cold or refused warm: nothing more until the next turn or a warm that hits. */
  stopped: boolean;
  /** Every moment that may have been the prefix's last use; empty when there is no prefix to warm. */
  uses: Use[];
}

const UNKNOWN_TTL_MS = 300_000;

export interface WarmerModel {
  of(id: string): ModelledConversation;
  /** The person asks for a warm: what stopped the automatic ones does not stop this one. */
  asking: string | null;
  disposed: boolean;
  started(id: string): void;
  settled(id: string, agoMs: number | undefined, ttlMs: number | undefined): void;
  completed(id: string, startedAt: { wallMs: number; monotonicMs: number }): void;
  remembered(id: string, agoMs: number, ttlMs: number | undefined): void;
  forgotten(id: string): void;
  /** Throws when this warm must not have been sent. */
  checkSent(call: WarmCall): void;
  /** Throws when what the warmer shows or has armed cannot be. */
  checkState(): void;
  /** Throws when a surface was shown what it must not be. */
  checkNotice(id: string): void;
}

export function createWarmerModel(world: WarmerUnderTest, ids: readonly string[], on: boolean): WarmerModel {
  const { clock, service, warmer } = world;
  const conversations = new Map(
    ids.map((id) => [id, { on, active: false, open: true, stopped: false, uses: [] as Use[] }]),
  );

  const ago = (agoMs: number, ttlMs = UNKNOWN_TTL_MS): Use => ({
    wallMs: clock.now() - agoMs,
    monotonicMs: clock.monotonicNow() - agoMs,
    ttlMs,
  });
  const isAlive = ({ wallMs, monotonicMs, ttlMs }: Use) =>
    Math.max(clock.now() - wallMs, clock.monotonicNow() - monotonicMs) < ttlMs;

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
    started(id) {
      Object.assign(model.of(id), { active: true, stopped: false });
    },
    settled(id, agoMs = 0, ttlMs) {
      Object.assign(model.of(id), { active: false, stopped: false, uses: [ago(agoMs, ttlMs)] });
    },
    completed(id, startedAt) {
      const { uses } = model.of(id);
      const ttlMs = Math.max(0, ...uses.map((use) => use.ttlMs)) || UNKNOWN_TTL_MS;
      uses.push({ ...startedAt, ttlMs });
    },
    remembered(id, agoMs, ttlMs) {
      model.of(id).uses.push(ago(agoMs, ttlMs));
    },
    forgotten(id) {
      Object.assign(model.of(id), { active: false, open: true, stopped: false, uses: [] });
    },

    checkSent({ conversationId: id }) {
      const { on, active, open, stopped, uses } = model.of(id);
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
      must(!model.disposed || warmer.conversations().length === 0, "state is left after dispose");
    },

    checkNotice(id) {
      const { nextWarmAt } = warmer.getState(id);
      const isLate = clock.lateTimers() > 0;
      must(nextWarmAt === null || nextWarmAt >= clock.now() || isLate, `${id} shows a due time that has passed`);
      must(!model.disposed, `${id} told of a change after dispose`);
    },
  };
  return model;
}
