/** A cache warmer on a virtual clock, over a source whose every load the test sees. */
import {
  CacheWarmer,
  type CacheWarmerOptions,
  CallableValueLoader,
  type KeyProvider,
  StaticKeyProvider,
  type ValueLoader,
  type WarmingOptions,
} from "../../../src/prewarm/cache/index.ts";
import { createRecordingLogger } from "../../support/recording-logger.ts";
import { createVirtualClock } from "../../support/virtual-clock.ts";

export interface WorldOptions extends Partial<Omit<CacheWarmerOptions<string, string>, "config" | "keys">> {
  readonly config?: WarmingOptions;
  /** Null: none but those of the tracker. */
  readonly keys?: readonly string[] | KeyProvider<string> | null;
  /** How long a load takes, in ms. @default 100 */
  readonly takesMs?: (key: string) => number;
  /** What a load throws; undefined: it succeeds. */
  readonly fails?: (key: string, attempt: number) => unknown;
  readonly honoursAbort?: boolean;
}

export function world({
  config = {},
  keys = [],
  takesMs = () => 100,
  fails = () => undefined,
  ...options
}: WorldOptions) {
  const clock = createVirtualClock();
  const logger = createRecordingLogger();
  const cache = new Map<string, string>();
  const loads: string[] = [];
  const under = { now: 0, most: 0 };
  let version = 1;

  function load(key: string, signal: AbortSignal): Promise<string> {
    loads.push(key);
    under.now++;
    under.most = Math.max(under.most, under.now);
    const attempt = loads.filter((one) => one === key).length;
    return new Promise<string>((resolve, reject) => {
      clock.after(takesMs(key), () => {
        const error = fails(key, attempt);
        if (error === undefined) resolve(`${key} ${version}`);
        else reject(error);
      });
      if (options.honoursAbort) signal.addEventListener("abort", () => reject(signal.reason));
    }).finally(() => under.now--);
  }

  const loader: ValueLoader<string, string> = new CallableValueLoader((key, { signal }) => load(key, signal));
  const warmer = new CacheWarmer<string, string>({
    cache,
    loader,
    logger,
    timers: clock.timers,
    now: clock.now,
    random: () => 0,
    ...options,
    ...(keys === null ? {} : { keys: isList(keys) ? new StaticKeyProvider(keys) : keys }),
    config,
  });
  return {
    clock,
    logger,
    cache,
    loads,
    under,
    warmer,
    /** What the source holds from now on is another version. */
    change() {
      version++;
    },
  };
}

function isList(keys: readonly string[] | KeyProvider<string>): keys is readonly string[] {
  return Array.isArray(keys);
}
