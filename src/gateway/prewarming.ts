/** A catalogue of prefixes, warmed by the gateway: with its own opt-in, its own cap and its own key. */
import type { PriceTable } from "../anthropic/index.ts";
import type { Notice } from "../capture/index.ts";
import type { Settings } from "../config/index.ts";
import type { GatewayFleet } from "../fleet/index.ts";
import type { Logger, StorageNamespace } from "../host.ts";
import type { CompareAnswer, CompareRequest, PrewarmAnswer } from "../hub/index.ts";
import { createDaySpend } from "../policy/index.ts";
import {
  compare,
  configuredKey,
  createPreWarmer,
  createPrewarming,
  createSpend,
  createWarmRecords,
  type PreWarmed,
  scheduleText,
  type WantedArtifact,
} from "../prewarm/index.ts";
import type { Gateway, GatewayOptions } from "./gateway.ts";
import type { LiveSettings } from "./settings-desk.ts";

export interface GatewayPrewarmingOptions {
  /** As they were when it started. */
  readonly settings: Settings;
  /** As they are now. */
  readonly live: () => LiveSettings;
  /** Asked for at each use: it is made after this. */
  readonly gateway: () => Pick<Gateway, "keeper">;
  readonly storage: StorageNamespace;
  /** Where what pre-warms cost counts towards what all warms of a day may cost. */
  readonly spending?: StorageNamespace;
  /** Names what was sent, in the records. */
  readonly nameKey: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly prices?: PriceTable | undefined;
  readonly clock: Pick<GatewayOptions, "now" | "monotonicNow" | "timers">;
  readonly logger: Logger;
  /** Whose workers send it; null: this process does. */
  readonly fleet?: Pick<GatewayFleet, "preWarming" | "apiKey" | "artifact"> | null;
}

export interface GatewayPrewarming {
  readonly notice: Notice;
  /** Begins or ends it, as the settings say by now. */
  apply(): void;
  stop(): Promise<void>;
  view(): PrewarmAnswer;
  compare(request: CompareRequest): Promise<CompareAnswer>;
  /** How often what is shown has changed. */
  changes(): number;
  /** Told of each such change. */
  subscribe(listener: () => void): () => void;
}

export function createGatewayPrewarming(options: GatewayPrewarmingOptions): GatewayPrewarming {
  const { settings, live, gateway, storage, nameKey, env, prices, clock, logger, fleet = null } = options;
  const { now, timers } = clock;
  const { upstream, prewarmCatalogue, prewarmKeyFile, maxWarms, ttl5m, ttl1h, warmTokens } = settings;
  const records = createWarmRecords(storage);
  const spend = createSpend(storage, `gateway-${process.pid}-${now().toString(36)}`);
  const daySpend = createDaySpend(options.spending);
  const listeners = new Set<() => void>();
  let changes = 0;
  // A fleet's workers send with the team's own.
  const apiKey = async () => fleet?.apiKey() ?? (await configuredKey({ file: prewarmKeyFile, env }));
  const ttls = { ttl5mMs: ttl5m, ttl1hMs: ttl1h };

  function sent(done: PreWarmed): void {
    prewarming.sent(done);
    const { name, model, usage, costUsd, isBound } = done;
    daySpend.add(costUsd ?? 0, now());
    const told = { kind: "sent", name, modelName: model ?? "", costUsd, isBound } as const;
    gateway().keeper.ledger.preWarm(usage === null ? told : { ...told, usage });
  }

  const seen = (done: PreWarmed) => prewarming.sent(done);
  const capUsd = () => live().prewarmMaxUsdPerDay;
  const desk = fleet === null ? null : fleet.preWarming({ upstream, apiKey, capUsd, prices, sent, seen });
  const preWarmer =
    desk ??
    createPreWarmer({
      upstream,
      apiKey,
      nameKey,
      records,
      spend,
      capUsd,
      maxWorkers: maxWarms,
      ...(prices === undefined ? {} : { prices }),
      ...(warmTokens === undefined ? {} : { warmTokens }),
      ...ttls,
      logger,
      timers,
      now,
      // Whose traffic it may be is not known: whoever is short of room is not made shorter.
      waitMs: () => {
        const { captured, headroom } = gateway().keeper;
        const at = { wallMs: now(), monotonicMs: clock.monotonicNow() };
        return Math.max(
          0,
          ...captured().map(({ last }) => (last ? headroom.waitMs(last.print.realm, at) : 0)),
        );
      },
      sent,
    });

  const prewarming = createPrewarming({
    catalogue: prewarmCatalogue ?? null,
    preWarmer,
    records,
    storage,
    nameKey,
    apiKey,
    timers,
    now,
    logger,
    ttls,
    artifacts: async (wanted, why) => fleet?.artifact(wanted, why) ?? madeHere(wanted, why.signal),
    ...(desk === null
      ? {}
      : {
          registered: (entries) => desk.registered(entries),
          used: (name, at, headers) => desk.used(name, at, headers),
        }),
    read: (name, usage, modelName, tokens) =>
      gateway().keeper.ledger.preWarm({ kind: "read", name, usage, modelName, tokens }),
    changed: () => {
      changes++;
      for (const listener of listeners) listener();
    },
  });

  return {
    notice: (request) => prewarming.notice(request),
    apply() {
      if (live().prewarm) prewarming.start();
      // At once: nothing is sent any more from here on.
      else void prewarming.stop();
      // What it may cost may be another by now.
      void desk?.renew();
      for (const listener of listeners) listener();
    },
    stop: () => prewarming.stop(),
    view: () => ({
      enabled: live().prewarm,
      trouble: prewarming.trouble(),
      isBusy: prewarming.isBusy,
      catalogue: prewarmCatalogue ?? null,
      spentUsd: desk?.spentUsd() ?? spend.usd(now()),
      maxUsd: live().prewarmMaxUsdPerDay,
      prefixes: prewarming.standings().map(({ judgement, drift, lapsesAt, expectedStarts }) => {
        const { entry, facts, prefixTokens, isEstimated, writeUsd, readUsd, problems } = judgement;
        const { name, schedule, triggers, pinned } = entry;
        return {
          name,
          model: facts?.model ?? null,
          ttlMs: facts?.ttlMs ?? null,
          prefixTokens,
          isEstimated,
          writeUsd,
          readUsd,
          schedule: schedule === null ? null : scheduleText(schedule),
          triggers,
          pinned,
          lapsesAt: lapsesAt !== null && lapsesAt > now() ? lapsesAt : null,
          expectedStarts,
          problems,
          drift: drift?.sentence ?? null,
        };
      }),
      problems: prewarming.problems().map(({ name, sentence }) => ({ name, sentence })),
      uncatalogued: prewarming.uncatalogued(),
      history: prewarming.history().map(viewOf),
    }),
    async compare({ request, betas }) {
      const held = gateway()
        .keeper.captured()
        .toReversed()
        .flatMap(({ id, last }) =>
          last === null ? [] : [{ conversationId: id, request: () => last.request.unpack() }],
        );
      return compare(new TextEncoder().encode(request), betas, held);
    },
    changes: () => changes,
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

/** Loaded by nobody whose catalogue is made of none. */
async function madeHere(wanted: WantedArtifact, signal: AbortSignal): Promise<string> {
  const { makeArtifact } = await import("../fleet/index.ts");
  return (await makeArtifact(wanted, signal)).content;
}

function viewOf({ usage, isBound: _, lapsesAt: __, ...done }: PreWarmed): PrewarmAnswer["history"][number] {
  return { ...done, readTokens: usage?.cacheReadTokens ?? 0, wroteTokens: usage?.cacheWriteTokens ?? 0 };
}
