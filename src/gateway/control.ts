/** A gateway as the control API sees it. */

import {
  type Controlled,
  type ControlledFleet,
  type NamedRun,
  Refused,
  type Watcher,
} from "../console/index.ts";
import type { Prices, StorageNamespace, SurfaceSpec } from "../host.ts";
import {
  amountsOf,
  type ConversationView,
  type GatewayInfo,
  outlookOf,
  type RunView,
  type TierView,
  viewOf,
} from "../hub/index.ts";
import { figures, localDay } from "../ledger/index.ts";
import { STRENGTH_TOKENS } from "../policy/index.ts";
import { parseIntervalPayload, settingsKey } from "../pure.ts";
import type { AttachedRun, Gateway, RunOptions } from "./gateway.ts";
import type { Health } from "./health.ts";
import type { History } from "./history/index.ts";
import type { GatewayPrewarming } from "./prewarming.ts";
import type { SettingsDesk } from "./settings-desk.ts";

export interface ControlledGateway {
  readonly gateway: Gateway;
  readonly history: History;
  readonly settings: SettingsDesk;
  readonly health: Health;
  readonly prewarming: Pick<GatewayPrewarming, "view" | "compare" | "subscribe" | "changes">;
  /** @default it has none */
  readonly fleet?: ControlledFleet | null;
  readonly storage: StorageNamespace;
  readonly prices: Prices;
  readonly version: string;
  /** Epoch ms. */
  readonly startedAt: number;
  /** The console's page is served. */
  readonly page: boolean;
  readonly maxHeldBytes: number;
  readonly now: () => number;
  /** Forgets what programs with keepwarm inside them have learned of pauses. @default there are none */
  readonly forgetPrograms?: () => Promise<void>;
  readonly stop: () => void;
}

/** How long the advice on tiers stands, in ms: it rests on the whole past, which a turn hardly changes. */
const ADVICE_MS = 30_000;

export function controlled(options: ControlledGateway): Controlled {
  const { gateway, history, settings, health, prewarming, storage, prices, version, startedAt, page } =
    options;
  const { fleet = null } = options;
  const { maxHeldBytes, now, forgetPrograms = async () => {}, stop } = options;
  const { keeper } = gateway;
  const { warmer, ledger } = keeper;
  /** By what their requests come with. */
  const runs = new Map<string, RunView>();
  const watchers = new Set<Watcher>();
  const viewed = {
    keeper,
    prices,
    runOf: (tag: string) => runs.get(tag),
    keepWarm: () => settings.live.keepWarm,
  };
  let advice: { readonly at: number; readonly view: TierView } | null = null;

  function conversation(conversationId: string): ConversationView | null {
    const summary = keeper.conversation(conversationId);
    return summary && viewOf(summary, viewed);
  }

  function tierView(): TierView | null {
    if (advice === null || now() - advice.at >= ADVICE_MS || advice.at > now()) {
      const modelName = keeper.conversations().find((one) => one.modelName !== "")?.modelName;
      if (modelName === undefined) return null;
      const told = keeper.adviseTier(modelName);
      if (told === null) return null;
      const { option, relativeCost, evidenceTokens } = told;
      const isOwn = evidenceTokens > STRENGTH_TOKENS;
      advice = { at: now(), view: { set: null, modelName, cheapest: option, relativeCost, isOwn } };
    }
    return { ...advice.view, set: settings.live.tier ?? null };
  }

  function info(): GatewayInfo {
    return {
      version,
      pid: process.pid,
      startedAt,
      gatewayUrl: gateway.url ?? "",
      upstream: gateway.upstreamUrl,
      enableNew: settings.live.enableNew,
      keepWarm: settings.live.keepWarm,
      page,
      fleet: fleet !== null,
      flags: settings.flags,
      runs: [...runs.values()],
      hosts: [],
      heldBytes: keeper.heldBytes(),
      maxHeldBytes,
      warmsInFlight: keeper.warmsInFlight(),
      ...gateway.counts,
      preWarms: prewarming.changes(),
      tier: tierView(),
    };
  }

  async function stored<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      throw new Refused(503, error instanceof Error ? error.message : String(error));
    }
  }

  /** Does it, and notes in the history when that has switched the conversation. */
  async function changing(conversationId: string, act: () => Promise<unknown>) {
    const before = warmer.getState(conversationId).enabled;
    await stored(act);
    const { enabled } = warmer.getState(conversationId);
    const view = conversation(conversationId);
    if (view !== null && enabled !== before) history.switched(conversationId, enabled);
    return view;
  }

  function attached(run: RunOptions): AttachedRun {
    try {
      return gateway.attachRun(run);
    } catch (error) {
      if (error instanceof TypeError) throw new Refused(400, `It cannot be attached: ${error.message}.`);
      throw error;
    }
  }

  function attachRun({ runId, pid, command, cwd, upstream, enableNew }: NamedRun) {
    if ([...runs.values()].some((run) => run.runId === runId))
      throw new Refused(409, `A run of the id ${runId} is attached already.`);
    const run = attached({
      id: runId,
      upstream: upstream === undefined ? undefined : new URL(upstream),
      enableNew,
    });
    runs.set(run.tag, { runId, pid, command, cwd: cwd ?? null, startedAt: now() });
    tell((watcher) => watcher.thing("gateway"));
    return {
      baseUrl: run.baseUrl,
      detach() {
        runs.delete(run.tag);
        run.detach();
        tell((watcher) => watcher.thing("gateway"));
      },
    };
  }

  function tell(notice: (watcher: Watcher) => void): void {
    for (const watcher of watchers) notice(watcher);
  }

  return {
    now,
    fleet,
    info,
    totals() {
      const { days, whole } = ledger.totals();
      const day = localDay(now());
      const today = days.find((one) => one.day === day);
      return { day, today: amountsOf(today ?? figures({})), all: amountsOf(whole) };
    },
    health: () => {
      const problems = health.problems();
      const residentBytes = process.memoryUsage.rss();
      return { ok: problems.length === 0, problems, startedAt, residentBytes };
    },
    conversationIds: () => keeper.conversations().map(({ id }) => id),
    conversations: () => keeper.conversations().map((summary) => viewOf(summary, viewed)),
    conversation,
    noteHistory: (conversationId, entry) => history.add(conversationId, entry),
    history: (conversationId) => stored(() => history.of(conversationId)),
    outlook: (conversationId) => outlookOf(conversationId, viewed, now()),
    watch(watcher) {
      const ends = [
        keeper.surface.subscribe((conversationId) => {
          watcher.conversation(conversationId);
          watcher.thing("gateway");
        }),
        ledger.subscribe(() => watcher.thing("totals")),
        history.subscribe((conversationId, entry) => watcher.history(conversationId, entry)),
        prewarming.subscribe(() => watcher.thing("gateway")),
        health.subscribe(() => watcher.thing("health")),
      ];
      watchers.add(watcher);
      return () => {
        watchers.delete(watcher);
        for (const end of ends) end();
      };
    },
    settings: () => settings.answer(),
    changeSetting(change) {
      const changed = settings.change(change);
      tell((watcher) => {
        watcher.thing("settings");
        watcher.thing("gateway");
      });
      return changed;
    },
    prewarm: () => prewarming.view(),
    comparePrewarm: (request) => prewarming.compare(request),
    setEnabled: (conversationId, enabled) =>
      changing(conversationId, () => warmer.setEnabled(conversationId, enabled)),
    setIntervalMs: (conversationId, intervalMs) =>
      changing(conversationId, () => warmer.setIntervalMs(conversationId, intervalMs)),
    setKeepWarm: (conversationId, keepWarm) =>
      changing(conversationId, () => warmer.setKeepWarm(conversationId, keepWarm)),
    async act(conversationId, actionId, payload) {
      if (keeper.conversation(conversationId) === null) return null;
      refuseUnknown(keeper.surface.getSpec({ conversationId }), actionId, payload);
      return changing(conversationId, () => keeper.surface.invoke(actionId, payload, { conversationId }));
    },
    async warmNow(conversationId) {
      return conversation(conversationId) && (await warmer.warmNow(conversationId));
    },
    async close(conversationId) {
      if (keeper.conversation(conversationId) === null) return false;
      if (warmer.getState(conversationId).enabled) history.switched(conversationId, false);
      keeper.close(conversationId);
      return true;
    },
    async forget(conversationId) {
      const isOpen = conversation(conversationId) !== null;
      const isStored = await stored(() => storage.has(settingsKey(conversationId)));
      keeper.detach(conversationId);
      await stored(() => warmer.forget(conversationId));
      const isBooked = await stored(() => ledger.forget(conversationId));
      const isLearned = await stored(() => keeper.forgetPausesIn(conversationId));
      const hadHistory = await stored(() => history.forget(conversationId));
      return isOpen || isStored || isBooked || isLearned || hadHistory;
    },
    async forgetPauses() {
      await stored(keeper.forgetPauses);
      await stored(forgetPrograms);
    },
    report: (since) => stored(() => ledger.report(since)),
    attachRun,
    stop,
  };
}

/** @throws {Refused} */
function refuseUnknown({ fields }: SurfaceSpec, actionId: string, payload: unknown): void {
  const field = fields.find((one) => "action" in one && one.action.actionId === actionId);
  if (field === undefined) throw new Refused(404, `Its surface has no action ${actionId}.`);
  if (field.kind === "number" && parseIntervalPayload(payload) === null)
    throw new Refused(400, `${field.label} must be a positive number.`);
}
