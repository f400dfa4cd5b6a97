import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createPreWarmer, createSpend, createWarmRecords } from "../../src/prewarm/index.ts";
import { createRecordingLogger } from "../support/recording-logger.ts";
import { storageIn } from "../support/storage-in.ts";
import { createVirtualClock } from "../support/virtual-clock.ts";
import { entryOf, requestOf } from "./entries.ts";

interface Answered {
  readonly read: number;
  readonly wrote: number;
}

/** A pre-warmer over an API that answers as the test says. */
function setUp(
  answer: (sent: number) => Answered | Response | Error,
  { capUsd = 100, maxWorkers = 4, storage = storageIn(new Map()) } = {},
) {
  const clock = createVirtualClock();
  const spend = createSpend(storage, "test");
  const bodies: string[] = [];
  let under = 0;
  let most = 0;
  const preWarmer = createPreWarmer({
    upstream: "http://127.0.0.1:1",
    apiKey: () => "sk-ant-api03-own",
    nameKey: "a key",
    records: createWarmRecords(storage),
    spend,
    capUsd: () => capUsd,
    maxWorkers,
    logger: createRecordingLogger(),
    timers: clock.timers,
    now: clock.now,
    async fetch(_, init) {
      bodies.push(new TextDecoder().decode(init.body as Uint8Array));
      most = Math.max(most, ++under);
      await undefined;
      under--;
      const it = answer(bodies.length);
      if (it instanceof Error) throw it;
      if (it instanceof Response) return it;
      const usage = {
        input_tokens: 8,
        output_tokens: 0,
        cache_read_input_tokens: it.read,
        cache_creation_input_tokens: it.wrote,
      };
      return Response.json({ content: [], stop_reason: "max_tokens", usage });
    },
  });
  async function warm(names: readonly string[], options: { signal?: AbortSignal } = {}) {
    const warming = preWarmer.warm(
      names.map((name) => entryOf(name)),
      { cause: "asked", ...options },
    );
    let isOver = false;
    const over = () => {
      isOver = true;
    };
    warming.then(over, over);
    // Each looks in the storage before it is sent, one after the other.
    for (let passes = 0; passes < 500 && !isOver; passes++) await clock.pass(60_000);
    return warming;
  }
  return { preWarmer, warm, bodies, spend, clock, mostAtOnce: () => most };
}

describe("a pre-warm", () => {
  it("is sent with max_tokens 0 and nothing else changed, and verified by its usage", async () => {
    const { warm, bodies } = setUp(() => ({ read: 0, wrote: 1_000 }));
    expect(await warm(["reviewer"])).toMatchObject([
      { name: "reviewer", outcome: "wrote", costUsd: expect.closeTo(0.005032, 9) },
    ]);
    expect(JSON.parse(bodies[0] ?? "")).toEqual({ ...requestOf("reviewer"), max_tokens: 0 });
  });

  it.each([
    [{ read: 1_000, wrote: 0 }, "read"],
    [{ read: 600, wrote: 400 }, "part"],
    [{ read: 0, wrote: 0 }, "nothing"],
  ])("tells what it found: %j", async (found, outcome) => {
    const { warm } = setUp(() => found);
    expect(await warm(["reviewer"])).toMatchObject([{ outcome }]);
  });

  it("is counted at the most it can have cost where its answer never came", async () => {
    const { warm, spend, clock } = setUp((sent) =>
      sent === 1 ? new Error("gone") : { read: 0, wrote: 1_000 },
    );
    expect(await warm(["reviewer"])).toMatchObject([{ outcome: "wrote" }]);
    expect(spend.usd(clock.now())).toBeGreaterThan(2 * 0.005);
  });

  it("is not tried again where that cannot help", async () => {
    const { warm, bodies } = setUp(() =>
      Response.json({ error: { type: "authentication_error" } }, { status: 401 }),
    );
    expect(await warm(["reviewer"])).toMatchObject([
      { outcome: "failed", why: expect.stringContaining("401") },
    ]);
    expect(bodies).toHaveLength(1);
  });

  it("is not begun any more once it is called off", async () => {
    const { warm, bodies } = setUp(() => ({ read: 0, wrote: 1_000 }));
    expect(await warm(["a", "b"], { signal: AbortSignal.abort() })).toMatchObject([
      { outcome: "refused", why: "It was called off." },
      { outcome: "refused" },
    ]);
    expect(bodies).toEqual([]);
  });

  it("is sent once for two rounds at once, each of which hears what became of it", async () => {
    const { preWarmer, bodies, clock } = setUp(() => ({ read: 0, wrote: 1_000 }));
    const rounds = [
      preWarmer.warm([entryOf("reviewer")], { cause: "connect" }),
      preWarmer.warm([entryOf("reviewer")], { cause: "schedule", refresh: true }),
    ];
    for (let passes = 0; passes < 5; passes++) await clock.pass(60_000);
    for (const round of rounds) expect(await round).toMatchObject([{ name: "reviewer", outcome: "wrote" }]);
    expect(bodies).toHaveLength(1);
  });

  it("of which nothing is cached is not paid for a second time, until it is changed", async () => {
    const { warm, preWarmer, bodies, clock } = setUp(() => ({ read: 0, wrote: 0 }));
    expect(await warm(["reviewer"])).toMatchObject([{ outcome: "nothing" }]);
    expect(await warm(["reviewer"])).toMatchObject([
      { outcome: "refused", why: expect.stringContaining("cached nothing of it") },
    ]);
    expect(bodies).toHaveLength(1);
    const changed = preWarmer.warm([entryOf("reviewer", requestOf("another"))], { cause: "commit" });
    for (let passes = 0; passes < 5; passes++) await clock.pass(60_000);
    expect(await changed).toMatchObject([{ outcome: "nothing" }]);
  });

  it("is not sent while it cannot be read what others have cost", async () => {
    const storage = storageIn(new Map());
    const broken = {
      ...storage,
      keys: async () => {
        throw new Error("the file is locked");
      },
    };
    const { warm, bodies } = setUp(() => ({ read: 0, wrote: 1_000 }), { storage: broken });
    await expect(warm(["reviewer"])).rejects.toThrow("the cap could not be kept: the file is locked");
    expect(bodies).toEqual([]);
  });

  it("never costs more than the cap in all, nor goes out beside more than it may", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 30 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 0, max: 20 }),
        fc.func(fc.constantFrom("wrote", "read", "lost", "busy")),
        async (names, maxWorkers, capInCents, does) => {
          const capUsd = capInCents / 100;
          const { warm, spend, clock, mostAtOnce, bodies } = setUp(
            (sent) => {
              const what = does(sent);
              if (what === "lost") return new Error("gone");
              if (what === "busy")
                return new Response("{}", { status: 429, headers: { "retry-after": "3" } });
              return what === "wrote" ? { read: 0, wrote: 1_000 } : { read: 1_000, wrote: 0 };
            },
            { capUsd, maxWorkers },
          );
          const done = await warm(Array.from({ length: names }, (_, index) => `p${index}`));
          expect(done).toHaveLength(names);
          expect(spend.usd(clock.now())).toBeLessThanOrEqual(capUsd + 1e-9);
          expect(mostAtOnce()).toBeLessThanOrEqual(maxWorkers);
          if (capUsd === 0) expect(bodies).toEqual([]);
          expect(clock.liveTimers()).toBe(0);
        },
      ),
      { numRuns: 40 },
    );
  });
});
