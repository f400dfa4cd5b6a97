/** A warmer in a virtual world: its clocks, storage, warm service and surface, all in a test's hand. */
import { type CacheWarmer, type CacheWarmerDeps, createCacheWarmer } from "../../src/warmer.ts";
import { createMemoryStorage, type MemoryStorage } from "./memory-storage.ts";
import { createRecordingLogger, type RecordingLogger } from "./recording-logger.ts";
import { createVirtualClock, type VirtualClock } from "./virtual-clock.ts";
import { createWarmService, type FakeWarmService } from "./warm-service.ts";

/** What a surface saw when it was told to redraw. */
export interface Notice {
  readonly conversationId: string;
  readonly at: number;
  readonly enabled: boolean;
  readonly active: boolean;
  readonly nextWarmAt: number | null;
}

export interface WarmerUnderTest {
  readonly warmer: CacheWarmer;
  readonly clock: VirtualClock;
  readonly storage: MemoryStorage;
  readonly service: FakeWarmService;
  readonly logger: RecordingLogger;
  readonly notices: Notice[];
  /** The very object the warmer was given: change it, and the warmer must follow. */
  readonly deps: { -readonly [K in keyof CacheWarmerDeps]: CacheWarmerDeps[K] };
  /** Switched on, with a turn that has just settled: armed. */
  arm(conversationId?: string, context?: Parameters<CacheWarmer["onTurnSettled"]>[1]): Promise<void>;
  /** Ms from now to the next warm, or null. */
  dueInMs(conversationId?: string): number | null;
}

/** Conversation of the tests that need only one. */
export const ID = "conversation-1";

/** Numbers in [0, 1) that do not repeat soon, the same in every run: randomness for a test. */
export function sequence(step: number): () => number {
  let calls = 0;
  return () => (++calls * step) % 1;
}

export function setUp(
  world: Partial<Pick<WarmerUnderTest, "clock" | "storage">> & { random?: () => number } = {},
): WarmerUnderTest {
  const clock = world.clock ?? createVirtualClock();
  const storage = world.storage ?? createMemoryStorage(clock);
  const service = createWarmService(clock);
  const logger = createRecordingLogger();
  const notices: Notice[] = [];
  const deps: WarmerUnderTest["deps"] = {
    warm: service.warm,
    storage,
    logger,
    timers: clock.timers,
    now: clock.now,
    monotonicNow: clock.monotonicNow,
    // No jitter, so that due times are exact where a test does not ask for it.
    random: world.random ?? (() => 0),
    onSurfaceChange(conversationId) {
      const { enabled, active, nextWarmAt } = warmer.getState(conversationId);
      notices.push({ conversationId, at: clock.now(), enabled, active, nextWarmAt });
    },
  };
  const warmer = createCacheWarmer(deps);
  service.emit = warmer.onWarmCompleted;

  return {
    warmer,
    clock,
    storage,
    service,
    logger,
    notices,
    deps,
    async arm(conversationId = ID, context = {}) {
      await warmer.setEnabled(conversationId, true);
      warmer.onTurnStarted(conversationId);
      warmer.onTurnSettled(conversationId, context);
      notices.length = 0;
    },
    dueInMs(conversationId = ID) {
      const { nextWarmAt } = warmer.getState(conversationId);
      return nextWarmAt === null ? null : nextWarmAt - clock.now();
    },
  };
}
