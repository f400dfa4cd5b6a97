import {
  type AttachedRun,
  type Controlled,
  type NamedRun,
  Refused,
  type Watcher,
} from "../../src/console/index.ts";
import type { ConversationView, RunView } from "../../src/hub/index.ts";
import { NO_CONTENTS, reportOf } from "../../src/ledger/index.ts";
import { buildConversationSpec, DEFAULT_INTERVAL_MS } from "../../src/pure.ts";

/** Something to control that remembers what was asked of it. */
export interface ControlledInMemory extends Controlled {
  /** Every call, as `name argument …`. */
  readonly calls: string[];
  readonly open: Map<string, ConversationView>;
  /** What was stored of conversations, open or not. */
  readonly stored: Map<string, { enabled?: boolean; intervalMs?: number; keepWarm?: string | null }>;
  /** Who watches. */
  readonly watchers: ReadonlySet<Watcher>;
  /** Tells them. */
  tell(notice: (watcher: Watcher) => void): void;
  /** Thrown by whatever is called next. */
  failWith: Error | null;
}

const NO_MONEY = { spentUsd: 0, savedUsd: 0, netUsd: 0, warms: 0, rescues: 0, unpricedWarms: 0 };

/** 2026-11-20 09:00 UTC. */
export const NOON = Date.UTC(2026, 10, 20, 9);

export function aConversation(view: Partial<ConversationView> & { readonly id: string }): ConversationView {
  const whole = {
    host: null,
    named: true,
    folder: "cathedral",
    cwd: "/home/ada/cathedral",
    run: null,
    modelName: "claude-opus-5-5",
    phase: "idle",
    why: null,
    enabled: true,
    intervalMs: 240_000,
    intervalChosen: false,
    keepWarm: null,
    plan: null,
    lastPct: null,
    lastExpectedPct: null,
    lastTurnPct: null,
    lastTurnExpectedPct: null,
    lastWarmAt: null,
    nextWarmAt: null,
    lastTurnAt: null,
    lastUsedAt: null,
    lapsesAt: null,
    ttlMs: 300_000,
    prefixTokens: 48_000,
    sideThreads: 0,
    money: null,
    returnUsd: null,
    ...view,
  } as const;
  const surface = buildConversationSpec(
    whole.enabled,
    whole.intervalMs,
    whole.lastPct,
    whole.lastExpectedPct,
    whole.nextWarmAt,
    whole.lastWarmAt,
  );
  return { surface, ...whole };
}

export function controlledInMemory(...open: readonly ConversationView[]): ControlledInMemory {
  const calls: string[] = [];
  const runs = new Map<string, RunView>();
  const watchers = new Set<Watcher>();
  const stored: ControlledInMemory["stored"] = new Map();
  const conversations = new Map(open.map((view) => [view.id, view]));

  function called(...words: readonly unknown[]): void {
    calls.push(words.join(" "));
    const { failWith } = controlled;
    controlled.failWith = null;
    if (failWith !== null) throw failWith;
  }

  function change(
    id: string,
    changes: {
      enabled?: boolean;
      intervalMs?: number;
      intervalChosen?: boolean;
      keepWarm?: string | null;
    },
  ): ConversationView | null {
    stored.set(id, { ...stored.get(id), ...changes });
    const view = conversations.get(id);
    if (!view) return null;
    const changed = { ...view, ...changes };
    conversations.set(id, changed);
    return changed;
  }

  const controlled: ControlledInMemory = {
    calls,
    open: conversations,
    stored,
    failWith: null,
    now: () => NOON,
    fleet: null,
    info: () => ({
      version: "0.1.0",
      pid: 4_321,
      startedAt: NOON - 3_600_000,
      gatewayUrl: "http://127.0.0.1:4777",
      upstream: "https://api.anthropic.com",
      enableNew: false,
      keepWarm: "auto",
      page: true,
      fleet: false,
      flags: [],
      runs: [...runs.values()],
      hosts: [],
      heldBytes: 1_500_000,
      maxHeldBytes: 256_000_000,
      warmsInFlight: 0,
      turns: 0,
      warms: 0,
      preWarms: 0,
      tier: null,
    }),
    totals: () => ({ day: "2026-11-20", today: NO_MONEY, all: NO_MONEY }),
    health: () => ({ ok: true, problems: [], startedAt: NOON - 3_600_000, residentBytes: 80_000_000 }),
    conversationIds: () => [...conversations.keys()],
    conversations: () => [...conversations.values()],
    conversation: (id) => conversations.get(id) ?? null,
    noteHistory(id, entry) {
      called("noteHistory", id, entry.kind);
    },
    async history(id) {
      called("history", id);
      return conversations.has(id) ? { conversationId: id, entries: [], truncated: false } : null;
    },
    outlook(id) {
      const view = conversations.get(id);
      if (view === undefined) return null;
      return {
        conversationId: id,
        at: NOON,
        plan: null,
        curve: [],
        warms: [],
        warmsADay: null,
        returnUsd: null,
        warmUsd: null,
      };
    },
    watch(watcher) {
      watchers.add(watcher);
      return () => void watchers.delete(watcher);
    },
    watchers,
    tell(notice) {
      for (const watcher of watchers) notice(watcher);
    },
    settings: () => ({ file: "/home/ada/config.json", settings: [] }),
    changeSetting({ name, value }) {
      called("changeSetting", name, value);
      return { file: "/home/ada/config.json", settings: [], note: null };
    },
    prewarm: () => ({
      enabled: false,
      trouble: null,
      isBusy: false,
      catalogue: null,
      spentUsd: 0,
      maxUsd: 1,
      prefixes: [],
      problems: [],
      uncatalogued: 0,
      history: [],
    }),
    async comparePrewarm({ request, betas }) {
      called("comparePrewarm", request.length, betas.join(","));
      return { compared: 0, conversationId: null, difference: null, notes: [] };
    },
    async act(id, actionId, payload) {
      called("act", id, actionId, JSON.stringify(payload));
      return conversations.get(id) ?? null;
    },
    async close(id) {
      called("close", id);
      return conversations.delete(id);
    },
    async setEnabled(id, enabled) {
      called("setEnabled", id, enabled);
      return change(id, { enabled });
    },
    async setIntervalMs(id, intervalMs) {
      called("setIntervalMs", id, String(intervalMs));
      return change(id, {
        intervalMs: intervalMs ?? DEFAULT_INTERVAL_MS,
        intervalChosen: intervalMs !== null,
      });
    },
    async setKeepWarm(id, keepWarm) {
      called("setKeepWarm", id, keepWarm);
      return change(id, { keepWarm });
    },
    async forgetPauses() {
      called("forgetPauses");
    },
    async warmNow(id) {
      called("warmNow", id);
      const view = conversations.get(id);
      if (!view) return null;
      if (!view.enabled) return { sent: false, why: "It is switched off." };
      conversations.set(id, { ...view, lastPct: 98, lastExpectedPct: 100, lastWarmAt: NOON });
      return { sent: true };
    },
    async forget(id) {
      called("forget", id);
      const known = conversations.delete(id);
      return stored.delete(id) || known;
    },
    async report(since) {
      called("report", since);
      return reportOf(NO_CONTENTS, { since: null, until: "2026-11-20" });
    },
    attachRun(run: NamedRun): AttachedRun {
      called("attachRun", run.runId, run.pid, run.command, run.upstream ?? "-");
      if (runs.has(run.runId)) throw new Refused(409, `A run ${run.runId} is attached already.`);
      const { runId, pid, command, cwd } = run;
      runs.set(runId, { runId, pid, command, cwd: cwd ?? null, startedAt: NOON });
      return {
        baseUrl: `http://127.0.0.1:4777/~keepwarm/run/${run.runId}`,
        detach() {
          runs.delete(run.runId);
          called("detach", run.runId);
        },
      };
    },
    stop: () => called("stop"),
  };
  return controlled;
}
