/** A gateway as the control API sees it. */

import { type Controlled, type NamedRun, Refused } from "../console/index.ts";
import type { Prices, StorageNamespace } from "../host.ts";
import type { ConversationView, RunView, TierView } from "../hub/index.ts";
import { STRENGTH_TOKENS } from "../policy/index.ts";
import { settingsKey } from "../pure.ts";
import { viewOf } from "./conversation-view.ts";
import type { AttachedRun, Gateway, RunOptions } from "./gateway.ts";

export interface ControlledGateway {
  readonly gateway: Gateway;
  readonly storage: StorageNamespace;
  readonly version: string;
  /** Epoch ms. */
  readonly startedAt: number;
  readonly enableNew: boolean;
  /** For how long a conversation is kept warm of which nobody chose anything. */
  readonly keepWarm: string;
  readonly prices: Prices;
  /** The console's page is served. */
  readonly page: boolean;
  /** What `--tier` says. */
  readonly tier?: string | undefined;
  readonly flags: readonly string[];
  readonly maxHeldBytes: number;
  readonly now: () => number;
  readonly stop: () => void;
}

export function controlled(options: ControlledGateway): Controlled {
  const { gateway, storage, version, startedAt, enableNew, keepWarm, prices, page, ...others } = options;
  const { tier, flags, maxHeldBytes, now, stop } = others;
  const { keeper } = gateway;
  const { warmer, ledger } = keeper;
  /** By what their requests come with. */
  const runs = new Map<string, RunView>();

  const viewed = { keeper, prices, runOf: (tag: string) => runs.get(tag), keepWarm: () => keepWarm };

  function conversation(conversationId: string): ConversationView | null {
    const summary = keeper.conversation(conversationId);
    return summary && viewOf(summary, viewed);
  }

  function tierView(): TierView | null {
    const modelName = keeper.conversations().find((one) => one.modelName !== "")?.modelName;
    if (modelName === undefined) return null;
    const { option, relativeCost, evidenceTokens } = keeper.adviseTier(modelName);
    const isOwn = evidenceTokens > STRENGTH_TOKENS;
    return { set: tier ?? null, modelName, cheapest: option, relativeCost, isOwn };
  }

  async function stored<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      throw new Refused(503, error instanceof Error ? error.message : String(error));
    }
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
    return {
      baseUrl: run.baseUrl,
      detach() {
        runs.delete(run.tag);
        run.detach();
      },
    };
  }

  return {
    info: () => ({
      version,
      pid: process.pid,
      startedAt,
      gatewayUrl: gateway.url ?? "",
      upstream: gateway.upstreamUrl,
      enableNew,
      keepWarm,
      page,
      flags,
      runs: [...runs.values()],
      heldBytes: keeper.heldBytes(),
      maxHeldBytes,
      warmsInFlight: keeper.warmsInFlight(),
      ...gateway.counts,
      tier: tierView(),
    }),
    conversations: () => keeper.conversations().map((summary) => viewOf(summary, viewed)),
    conversation,
    async setEnabled(conversationId, enabled) {
      await stored(() => warmer.setEnabled(conversationId, enabled));
      return conversation(conversationId);
    },
    async setIntervalMs(conversationId, intervalMs) {
      await stored(() => warmer.setIntervalMs(conversationId, intervalMs));
      return conversation(conversationId);
    },
    async setKeepWarm(conversationId, keepWarm) {
      await stored(() => warmer.setKeepWarm(conversationId, keepWarm));
      return conversation(conversationId);
    },
    async warmNow(conversationId) {
      return conversation(conversationId) && (await warmer.warmNow(conversationId));
    },
    async forget(conversationId) {
      const isOpen = conversation(conversationId) !== null;
      const isStored = await stored(() => storage.has(settingsKey(conversationId)));
      keeper.detach(conversationId);
      await stored(() => warmer.forget(conversationId));
      const isBooked = await stored(() => ledger.forget(conversationId));
      return isOpen || isStored || isBooked;
    },
    forgetPauses: () => stored(keeper.forgetPauses),
    report: (since) => stored(() => ledger.report(since)),
    attachRun,
    stop,
  };
}
