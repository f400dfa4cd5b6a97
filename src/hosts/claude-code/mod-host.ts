/** keepwarm in a mod: what every plugin of ours has, kept in what Claude Code offers for it. */
import type { Fetch } from "../../anthropic/index.ts";
import { createKeeper } from "../../capture/index.ts";
import type { Logger, Timers, WarmFailure } from "../../host.ts";
import { POLICY_NAMESPACE } from "../../policy/index.ts";
import { systemTimers } from "../../timers.ts";
import { type HostOnKeeper, harmlessBy, hostOnKeeper, requestTelling } from "../native/index.ts";
import type { Engine, Surroundings } from "./engine.ts";
import { gatewayObjection } from "./gateway-in-the-way.ts";
import { modSettings } from "./mod-settings.ts";
import { gatewayUrlIn, leasesIn, spendingIn, spoolIn, stateFolder } from "./state-folder.ts";
import { storeStorage } from "./store-storage.ts";

export interface ModHost extends HostOnKeeper {
  /** What is booked is written. Resolves when it is; never rejects. */
  flush(): Promise<void>;
}

export interface ModHostOptions {
  readonly engine: Engine;
  readonly surroundings: Surroundings;
  /** Sends warms. */
  readonly send: Fetch;
  readonly timers?: Timers;
  /** Wall clock, epoch ms. @default Date.now */
  readonly now?: () => number;
  /** Monotonic clock, ms. @default performance.now */
  readonly monotonicNow?: () => number;
}

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** One process, one person: what it is left for is soon forgotten. */
const MAX_CONVERSATIONS = 100;
/** As everywhere. */
const SETTINGS_NAMESPACE = "cache-warming";

export async function createModHost(options: ModHostOptions): Promise<ModHost> {
  const { engine, surroundings, send, timers = systemTimers(), now = Date.now } = options;
  const { monotonicNow = () => performance.now() } = options;
  const { files, store } = engine;
  const folder = stateFolder(surroundings);
  const { settings: chosen, trouble } = await modSettings(surroundings.env, folder, files);
  const { enableNew, ...settings } = chosen;
  const pid = surroundings.pid ?? 1;
  const leases = folder === null ? null : leasesIn({ files, folder, pid, timers, now });
  const spool = folder === null ? null : spoolIn(files, folder, pid);
  const instant = () => ({ wallMs: now(), monotonicMs: monotonicNow() });

  async function objectionTo(url: string): Promise<WarmFailure | null> {
    if (trouble !== null) return { error: trouble, permanent: true };
    return folder === null ? null : gatewayObjection(url, () => gatewayUrlIn(files, folder));
  }

  const keeper = createKeeper({
    ...settings,
    keeping: {
      ...settings.keeping,
      storage: storeStorage(store, POLICY_NAMESPACE),
      ...(folder === null ? {} : { spending: spendingIn(files, folder) }),
    },
    ...(spool === null ? {} : { ledger: spool.storage }),
    storage: storeStorage(store, SETTINGS_NAMESPACE),
    logger: silent,
    timers,
    now,
    monotonicNow,
    enableNew: () => enableNew,
    maxConversations: MAX_CONVERSATIONS,
    mayWarm: async (warm) =>
      (await objectionTo(warm.request.url)) ?? (leases === null ? null : await leases.mayWarm(warm)),
  });
  const endFollowing = leases?.follow(keeper);
  const host = hostOnKeeper({
    keeper,
    telling: requestTelling,
    fetch: send,
    logger: silent,
    harmless: harmlessBy(silent),
    timers,
    now,
    instant,
    switched() {},
    end() {
      endFollowing?.();
      keeper.dispose();
      leases?.releaseAll();
    },
  });
  return { ...host, flush: () => spool?.flush() ?? Promise.resolve() };
}
