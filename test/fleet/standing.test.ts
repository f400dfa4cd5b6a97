/** What a gateway need not write, because its workers have planned the same: and what it must. */
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { DispatchContext, Repeatable } from "../../src/capture/index.ts";
import { createDispatcher } from "../../src/fleet/dispatcher.ts";
import { createKeyring, newFleetKey, type Told, type WarmPlan } from "../../src/fleet/index.ts";
import type { WarmsAhead } from "../../src/host.ts";
import { createRecordingLogger } from "../support/recording-logger.ts";

const TTL_MS = 30_000;
const EVERY_MS = 25_500;

async function aConversation({ dayUsd }: { readonly dayUsd?: number } = {}) {
  let now = Date.UTC(2026, 10, 20);
  let lastUsedAt = now;
  const held: Repeatable = {
    version: {},
    usage: null,
    ttlMs: TTL_MS,
    get lastUsedAt() {
      return lastUsedAt;
    },
    facts: { model: "claude-opus-5-5" } as Repeatable["facts"],
    request: async () => ({
      url: "http://127.0.0.1/v1/messages",
      headers: [["x-api-key", "sk-ant-api03-the-teams"]],
      body: Buffer.from("{}"),
    }),
  };
  const store = {
    keep: vi.fn(async (_prefix: { readonly revision: string }) => "job"),
    replan: vi.fn(async () => "job"),
    drop: vi.fn(async () => {}),
  };
  const context: DispatchContext = { repeatable: () => held, completed() {}, failed() {}, aborted() {} };
  const dispatcher = createDispatcher({
    context,
    store,
    keyring: createKeyring(newFleetKey()),
    owner: "gateway-1",
    keeping: { limits: dayUsd === undefined ? {} : { dayUsd } },
    settings: {},
    logger: createRecordingLogger(),
    now: () => now,
    databaseNow: () => now,
    reachable() {},
  });
  onTestFinished(() => dispatcher.dispose());

  const wish = (of: Partial<WarmsAhead> = {}) =>
    dispatcher.plan({
      conversationId: "ada",
      dueAt: lastUsedAt + EVERY_MS,
      lapsesAt: lastUsedAt + TTL_MS,
      everyMs: EVERY_MS,
      most: 300,
      until: lastUsedAt + 300 * EVERY_MS,
      mostUsd: 30,
      ...of,
    });
  /** Long enough for what is wanted to be brought about. */
  const broughtAbout = () => new Promise((resolve) => setTimeout(resolve, 30));

  wish();
  await vi.waitFor(() => expect(store.keep).toHaveBeenCalledOnce(), 5_000);
  const revision = store.keep.mock.calls[0]?.[0].revision ?? "";
  await broughtAbout();
  return {
    store,
    dispatcher,
    wish,
    broughtAbout,
    /** Warmed by a worker, which has so much of the plan left. */
    warmed(left: Partial<WarmPlan> | null, of: Partial<Extract<Told, { kind: "warmed" }>> = {}) {
      now += EVERY_MS;
      lastUsedAt = now;
      const plan = { everyMs: EVERY_MS, until: now + 299 * EVERY_MS, warms: 299, usd: 29.9, ...left };
      const usage = { inputTokens: 1, outputTokens: 0, cacheReadTokens: 9, cacheWriteTokens: 0 };
      dispatcher.take({
        id: `result-${now}`,
        jobId: "job",
        conversation: "ada",
        prefixId: "prefix",
        revision,
        recordedAt: now,
        told: {
          kind: "warmed",
          modelName: "claude-opus-5-5",
          usage,
          costUsd: 0.1,
          startedAt: now,
          nextAt: left === null ? null : now + EVERY_MS,
          ...(left === null ? {} : { left: plan }),
          ...of,
        },
      });
    },
  };
}

describe("a gateway whose conversation a worker has warmed", () => {
  it("writes nothing where the worker has planned the same", async () => {
    const { store, warmed, wish, broughtAbout } = await aConversation();
    for (let count = 0; count < 3; count++) {
      warmed({ warms: 299 - count });
      wish();
      await broughtAbout();
    }
    expect(store.replan).not.toHaveBeenCalled();
  });

  it.each<[why: string, left: Partial<WarmPlan> | null, wanted: Partial<WarmsAhead>]>([
    ["a limit in dollars was lowered since", { usd: 29.9 }, { mostUsd: 5 }],
    ["fewer warms are wanted", {}, { most: 10 }],
    ["they are to end earlier", {}, { until: Date.UTC(2026, 10, 20) + 20 * EVERY_MS }],
    ["another interval was chosen", {}, { everyMs: 10_000 }],
    ["another policy decides", {}, { policy: "always" }],
    ["little of its plan is left", { warms: 200 }, {}],
    ["nothing of its plan is left", null, {}],
  ])("writes its plan where %s", async (_why, left, wanted) => {
    const { store, warmed, wish } = await aConversation();
    warmed(left);
    wish(wanted);
    await vi.waitFor(() => expect(store.replan).toHaveBeenCalledOnce(), 5_000);
  });

  it("writes its plan where the warm is due at another time", async () => {
    const { store, warmed, wish } = await aConversation();
    warmed({}, { nextAt: Date.UTC(2026, 10, 20) + 2 * EVERY_MS + 10_000 });
    wish();
    await vi.waitFor(() => expect(store.replan).toHaveBeenCalledOnce(), 5_000);
  });

  it("writes its plan where a day's limit may have kept the worker from the next one", async () => {
    const { store, warmed, wish } = await aConversation({ dayUsd: 100 });
    warmed({ usdPerDay: 100 });
    wish();
    await vi.waitFor(() => expect(store.replan).toHaveBeenCalledOnce(), 5_000);
  });

  it("writes its plan where the warm had been claimed before it last wrote one", async () => {
    const { store, warmed, wish, broughtAbout } = await aConversation();
    wish({ everyMs: 10_000 });
    await vi.waitFor(() => expect(store.replan).toHaveBeenCalledOnce(), 5_000);
    await broughtAbout();
    warmed({}, { startedAt: Date.UTC(2026, 10, 20) + 1_000 });
    wish();
    await vi.waitFor(() => expect(store.replan).toHaveBeenCalledTimes(2), 5_000);
  });

  it("has a warm sent that a person asks for, whatever is planned", async () => {
    const { store, dispatcher, warmed, wish, broughtAbout } = await aConversation();
    warmed({});
    wish();
    await broughtAbout();
    void dispatcher.warm("ada");
    await vi.waitFor(() => expect(store.replan).toHaveBeenCalledOnce(), 5_000);
  });
});
