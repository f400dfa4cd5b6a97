/** A host's warm service that records what it is asked, and answers as a test says. */
import type { Usage, WarmCompleted, WarmOptions, WarmService } from "../../src/host.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** A warm that read its whole prefix. */
export const HIT: Usage = { inputTokens: 1_000, outputTokens: 1, cacheReadTokens: 990, cacheWriteTokens: 0 };
/** A warm that found nothing and paid for writing it all. */
export const COLD: Usage = { inputTokens: 1_000, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 990 };

export interface WarmCall {
  readonly conversationId: string;
  readonly options: WarmOptions;
  readonly startedAt: number;
  readonly startedMonotonicMs: number;
  /** Our promise has not been answered. */
  readonly open: boolean;
  readonly aborted: boolean;
  /** Tells of success: by default the event with its id, then the promise. */
  succeed(how?: { usage?: Usage; ids?: boolean; event?: "before" | "after" | "none" }): Promise<void>;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

export interface FakeWarmService extends WarmService {
  readonly calls: WarmCall[];
  /** Sees every call as it arrives. Default: leaves it hanging, an abort not even looked at. */
  answer: (call: WarmCall) => void;
  /** Where `warmCompleted` goes. */
  emit: (event: WarmCompleted) => void;
  /** Calls not answered yet. */
  open(conversationId?: string): readonly WarmCall[];
  last(): WarmCall;
}

export function createWarmService(clock: VirtualClock): FakeWarmService {
  const calls: WarmCall[] = [];
  const service: FakeWarmService = {
    calls,
    answer: () => {},
    emit: () => {},
    open: (conversationId) =>
      calls.filter((call) => call.open && (conversationId ?? call.conversationId) === call.conversationId),
    last() {
      const call = calls.at(-1);
      if (!call) throw new Error("no warm was sent");
      return call;
    },
    warm(conversationId, options = {}) {
      const { promise, resolve, reject } = Promise.withResolvers<Usage>();
      let open = true;
      const call: WarmCall = {
        conversationId,
        options,
        startedAt: clock.now(),
        startedMonotonicMs: clock.monotonicNow(),
        get open() {
          return open;
        },
        get aborted() {
          return options.signal?.aborted ?? false;
        },
        async succeed({ usage = HIT, ids = true, event = "before" } = {}) {
          const { warmId } = options;
          const completed: WarmCompleted = {
            conversationId,
            usage,
            ...(ids && warmId !== undefined ? { warmId, startedAt: call.startedAt } : {}),
          };
          if (event === "before") service.emit(completed);
          call.resolve(usage);
          if (event !== "after") return;
          await promise;
          for (let turn = 0; turn < 10; turn++) await undefined;
          service.emit(completed);
        },
        resolve(value) {
          open = false;
          resolve(value as Usage);
        },
        reject(error) {
          open = false;
          reject(error);
        },
      };
      calls.push(call);
      service.answer(call);
      return promise;
    },
  };
  return service;
}

/** An answer for {@link FakeWarmService.answer}: rejects as soon as the warm is aborted, as fetch does. */
export function honourAbort(call: WarmCall): void {
  call.options.signal?.addEventListener("abort", () => call.reject(call.options.signal?.reason));
}
