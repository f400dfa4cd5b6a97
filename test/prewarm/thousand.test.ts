import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { createEmulator } from "../../src/emulator/index.ts";
import { createPreWarmer, createSpend, createWarmRecords } from "../../src/prewarm/index.ts";
import { aStateDirectory } from "../support/control-under-test.ts";
import { keepwarm } from "../support/keepwarm-command.ts";
import { quiet } from "../support/quiet.ts";
import { createRecordingLogger } from "../support/recording-logger.ts";
import { storageIn } from "../support/storage-in.ts";
import { createVirtualClock } from "../support/virtual-clock.ts";
import { entryOf, requestOf } from "./entries.ts";

const ENTRIES = Array.from({ length: 1_000 }, (_, index) => `persona-${index}`);

describe("a catalogue of 1,000 prefixes", () => {
  it("is warmed whole without ever exceeding the rate, though the API turns some away", async () => {
    const clock = createVirtualClock();
    const limits = { requestsPerMinute: 300, inputTokensPerMinute: 400_000 };
    const emulator = createEmulator({
      now: clock.now,
      limits,
      enforceLimits: true,
      maxRecords: 5_000,
      recordBodies: false,
    });
    const { url: upstream } = await emulator.listen();
    onTestFinished(() => emulator.close());
    const storage = storageIn(new Map());
    const sentAt: number[] = [];
    const preWarmer = createPreWarmer({
      upstream,
      apiKey: () => "sk-ant-api03-own",
      nameKey: "a key",
      records: createWarmRecords(storage),
      spend: createSpend(storage, "test"),
      capUsd: () => 1_000,
      maxWorkers: 4,
      ttl5mMs: 3_600_000,
      logger: createRecordingLogger(),
      timers: clock.timers,
      now: clock.now,
      fetch: (to, init) => {
        sentAt.push(clock.now());
        // Now and then it is overloaded, whatever the limits leave.
        if (sentAt.length % 150 === 0) emulator.failNext({ status: 429, retryAfterSeconds: 7 });
        return fetch(to, init);
      },
    });
    const warming = preWarmer.warm(
      ENTRIES.map((name) => entryOf(name)),
      { cause: "asked" },
    );
    let isOver = false;
    warming.finally(() => {
      isOver = true;
    });
    const busy = () => emulator.requests.some(({ status, aborted }) => status === 0 && !aborted);
    for (let minutes = 0; !isOver && minutes < 20_000; minutes++) {
      await clock.pass(250);
      await quiet(busy);
    }
    const done = await warming;
    expect(done.filter(({ outcome }) => outcome !== "wrote")).toEqual([]);
    const turnedAway = emulator.requests.filter(({ status }) => status === 429);
    // Those that were meant to be, and no others: none was for the limits' sake.
    expect(turnedAway).toHaveLength(Math.floor(sentAt.length / 150));
    expect(sentAt).toHaveLength(1_000 + turnedAway.length);
    // While the API wants to be left alone, nothing is sent but what was on its way.
    const [first] = turnedAway;
    const at = sentAt[149] ?? 0;
    expect(first?.status).toBe(429);
    expect(sentAt.filter((one) => one > at + 250 && one < at + 6_750)).toEqual([]);
  }, 120_000);

  it("goes on after kill -9 without repeating what is still warm", async () => {
    const home = aStateDirectory();
    const emulator = createEmulator({ maxRecords: 5_000, recordBodies: false, firstTokenDelayMs: 3 });
    const { url } = await emulator.listen();
    onTestFinished(() => emulator.close());
    const folder = join(home, "catalogue");
    mkdirSync(folder);
    writeFileSync(
      join(folder, "all.json"),
      JSON.stringify({ prefixes: ENTRIES.map((name) => ({ name, request: requestOf(name) })) }),
    );
    const env = {
      KEEPWARM_HOME: home,
      KEEPWARM_UPSTREAM: url,
      ANTHROPIC_API_KEY: "sk-ant-api03-own",
      KEEPWARM_PREWARM_MAX_USD_PER_DAY: "100",
    };
    const child = spawn(process.execPath, [resolve("src/cli.ts"), "prewarm", folder], {
      env: { ...process.env, ...env },
      stdio: "ignore",
    });
    while (emulator.requests.length < 400) await new Promise((next) => setTimeout(next, 5));
    child.kill("SIGKILL");
    await once(child, "exit");
    const before = emulator.requests.length;
    expect(before).toBeLessThan(1_000);

    const { code, stdout } = await keepwarm(["prewarm", folder, "--json"], env);
    expect(code).toBe(0);
    const done: { outcome: string }[] = JSON.parse(stdout);
    expect(done).toHaveLength(1_000);
    const skipped = done.filter(({ outcome }) => outcome === "warm").length;
    // But for those whose answers were on their way, at most four.
    expect(skipped).toBeGreaterThanOrEqual(before - 4);
    expect(emulator.requests.length).toBe(before + 1_000 - skipped);
    expect(emulator.entries().length).toBe(1_000);
  }, 120_000);
});
