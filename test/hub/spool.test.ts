import { fork } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { createIntake, createSpool, withSpools } from "../../src/hub/index.ts";
import { createLedger, readContents, reportOf } from "../../src/ledger/index.ts";
import { createMemoryStorage } from "../../src/storage/index.ts";
import { createRecordingLogger } from "../support/recording-logger.ts";
import { createVirtualClock } from "../support/virtual-clock.ts";

function person() {
  const directory = mkdtempSync(join(tmpdir(), "keepwarm-spool-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const folder = join(directory, "spool");
  const logger = createRecordingLogger();
  const store = createMemoryStorage();
  const clock = createVirtualClock();

  /** A process with a ledger of its own; its spool's name ends with it, as that of no living one. */
  function process(host = "robot", options: { readonly maxBytes?: number; readonly maxFiles?: number } = {}) {
    const spool = createSpool({ stateDirectory: directory, host, ...options });
    const ledger = createLedger({ storage: spool.storage, logger, now: clock.now });
    let warms = 0;
    const warm = async (conversationId = "ada") => {
      const usage = { inputTokens: 100, outputTokens: 1, cacheReadTokens: 100, cacheWriteTokens: 0 };
      ledger.warmCompleted({ conversationId, usage, costUsd: 1, warmId: `${host}-${++warms}` });
      await ledger.stored();
    };
    return { spool, ledger, warm };
  }
  function hub() {
    const intake = createIntake({ stateDirectory: directory, storage: store, logger, timers: clock.timers });
    onTestFinished(() => intake.dispose());
    return intake;
  }
  const files = () => readdirSync(folder).map((name) => join(folder, name));
  const report = async () => reportOf(await readContents(store), { since: null, until: "2027-01-01" });
  return { directory, folder, logger, store, clock, process, hub, files, report };
}

/** As if its process had ended: no process has that id. */
function orphan(file: string): string {
  const name = file.replace(/-\d+-(?=[\w]+\.ndjson$)/, "-999999999-");
  writeFileSync(name, readFileSync(file));
  rmSync(file);
  return name;
}

describe("a spool", () => {
  it("is one file a process, for its owner alone, and made only when there is something in it", async () => {
    const { process, files, folder } = person();
    const one = process();
    const two = process("other");
    expect(() => statSync(folder)).toThrow("ENOENT");
    await one.warm();
    await one.warm();
    await two.warm();
    expect(files()).toHaveLength(2);
    for (const file of files()) expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  it("holds figures and names, and nothing of what was said", async () => {
    const { process, files } = person();
    await process().warm("ada");
    const lines = readFileSync(files()[0] ?? "", "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(new Set(lines.map(({ key }) => key.split(":")[1]))).toEqual(new Set(["row", "name"]));
  });

  it("is taken in while its process goes on, again and again, and counted once", async () => {
    const { process, hub, report } = person();
    const one = process();
    const intake = hub();
    for (let round = 1; round <= 5; round++) {
      await one.warm();
      await intake.now();
      await intake.now();
      expect((await report()).total).toMatchObject({ warms: round, spentUsd: round });
    }
  });

  it("is taken in by a hub that starts later, and again by the next", async () => {
    const { process, hub, report } = person();
    await process().warm();
    for (let start = 0; start < 3; start++) await hub().now();
    expect((await report()).total.warms).toBe(1);
    expect((await report()).conversations).toMatchObject([{ conversationId: "ada", warms: 1 }]);
  });

  it("goes once its process has ended and all of it is stored", async () => {
    const { process, hub, files, report, store } = person();
    await process().warm();
    const file = orphan(files()[0] ?? "");
    const failing = { ...store, set: () => Promise.reject(new Error("disk full")) };
    const { directory, logger, clock } = { ...person(), directory: join(file, "..", "..") };
    const broken = createIntake({
      stateDirectory: directory,
      storage: failing,
      logger,
      timers: clock.timers,
    });
    await broken.now();
    await broken.now();
    broken.dispose();
    expect(logger.at("warn")).toHaveLength(1);
    expect(files()).toEqual([file]);
    await hub().now();
    expect(files()).toEqual([]);
    expect((await report()).total.warms).toBe(1);
  });

  it("loses nothing but a half line to a kill, wherever it is cut", async () => {
    const { process, files, store, clock, logger, directory } = person();
    const one = process();
    await one.warm("ada");
    await one.warm("ben");
    const file = orphan(files()[0] ?? "");
    const whole = readFileSync(file);
    for (let length = 0; length <= whole.length; length += 7) {
      writeFileSync(file, whole);
      truncateSync(file, length);
      const cut = createMemoryStorage();
      const intake = createIntake({ stateDirectory: directory, storage: cut, logger, timers: clock.timers });
      await intake.now();
      intake.dispose();
      const lines = whole.subarray(0, length).toString().split("\n").slice(0, -1);
      expect((await cut.keys()).length).toBe(new Set(lines.map((line) => JSON.parse(line).key)).size);
    }
    expect(await store.keys()).toEqual([]);
  });

  it("goes on behind a half line that a full disk has left", async () => {
    const { process, files, hub, report } = person();
    const one = process();
    await one.warm();
    // As a write that failed in its middle.
    appendFileSync(files()[0] ?? "", '{"key":"ledger:row:2026');
    chmodSync(join(files()[0] ?? "", ".."), 0o700);
    one.ledger.warmCompleted({
      conversationId: "ada",
      usage: { inputTokens: 1, outputTokens: 1, cacheReadTokens: 1, cacheWriteTokens: 0 },
      costUsd: 1,
    });
    one.spool.flush();
    await one.ledger.stored();
    await hub().now();
    expect((await report()).total.warms).toBe(2);
  });

  it("stays short, however much is booked", async () => {
    const { process, files, hub, report } = person();
    const one = process("robot", { maxBytes: 2_000 });
    for (let count = 0; count < 100; count++) await one.warm();
    expect(statSync(files()[0] ?? "").size).toBeLessThan(4_000);
    await hub().now();
    expect((await report()).total.warms).toBe(100);
  });

  it("is read from its beginning when it was shortened meanwhile", async () => {
    const { process, hub, report } = person();
    const one = process("robot", { maxBytes: 1_000 });
    const intake = hub();
    for (let count = 1; count <= 40; count++) {
      await one.warm();
      if (count % 3 === 0) await intake.now();
    }
    await intake.now();
    expect((await report()).total.warms).toBe(40);
  });

  it("is one of a bounded number where no hub ever runs; the oldest go", async () => {
    const { process, files, folder } = person();
    mkdirSync(folder, { mode: 0o700 });
    for (let age = 1; age <= 12; age++) {
      const file = join(folder, `robot-999999999-${`${age}`.padStart(12, "a")}.ndjson`);
      writeFileSync(file, "");
      utimesSync(file, 1_000 - age, 1_000 - age);
    }
    await process("robot", { maxFiles: 10 }).warm();
    await expect.poll(() => files().length).toBe(10);
    expect(files().some((file) => file.includes("aa12"))).toBe(false);
  });

  it("writes what is not written yet when its process ends", async () => {
    const { process, hub, report } = person();
    const one = process();
    const usage = { inputTokens: 1, outputTokens: 1, cacheReadTokens: 1, cacheWriteTokens: 0 };
    one.ledger.warmCompleted({ conversationId: "ada", usage, costUsd: 1 });
    one.spool.flush();
    await hub().now();
    expect((await report()).total.warms).toBe(1);
  });

  it("forgets a conversation, and the hub with it", async () => {
    const { process, hub, report } = person();
    const one = process();
    await one.warm("ada");
    await hub().now();
    await one.ledger.forget("ada");
    await hub().now();
    await hub().now();
    expect((await report()).conversations).toMatchObject([{ conversationId: null, warms: 1 }]);
  });

  it("cannot change what others have a part in", async () => {
    const { folder, hub, store } = person();
    mkdirSync(folder);
    await store.set("ledger:day:2026-11-01", "{}");
    const lines = [
      { key: "ledger:day:2026-11-01", value: "x" },
      { key: "ledger:day:2026-11-01", value: null },
      { key: "ledger:row:2026-11-01:abc:0", value: null },
      { key: "settings:ada", value: "x" },
    ];
    writeFileSync(
      join(folder, "robot-999999999-abcdef.ndjson"),
      lines.map((line) => `${JSON.stringify(line)}\n`).join(""),
    );
    await hub().now();
    expect(await store.keys()).toEqual(["ledger:day:2026-11-01"]);
    expect(await store.get("ledger:day:2026-11-01")).toBe("{}");
  });

  it("leaves the ledger at work when it cannot be written", async () => {
    const { directory, process } = person();
    writeFileSync(join(directory, "spool"), "a file where the folder should be");
    const one = process();
    await one.warm();
    expect(one.ledger.figuresOf("ada")).toMatchObject({ warms: 1 });
    expect(() => one.spool.flush()).not.toThrow();
  });

  it("is part of what is read without a hub", async () => {
    const { directory, process, store, hub } = person();
    const one = process();
    await one.warm("ada");
    await hub().now();
    await one.warm("ada");
    await process("other").warm("ben");
    const contents = await readContents(await withSpools(directory, store));
    const { total, conversations } = reportOf(contents, { since: null, until: "2027-01-01" });
    expect(total.warms).toBe(3);
    expect(conversations.map(({ conversationId, warms }) => [conversationId, warms])).toEqual([
      ["ada", 2],
      ["ben", 1],
    ]);
  });
});

describe("real processes that are killed", () => {
  it("leave in the store what they had booked, each once", async () => {
    const { directory, hub, report, files, store, logger, clock } = person();
    const intake = hub();
    const names: string[] = [];
    for (let round = 0; round < 4; round++) {
      const children = [0, 1, 2].map((index) => {
        const name = `c${round}-${index}`;
        names.push(name);
        const child = fork(new URL("spooling-process.ts", import.meta.url), [directory, name]);
        const begun = new Promise<void>((resolve) => child.once("message", () => resolve()));
        return { child, begun, ended: new Promise((resolve) => child.once("exit", resolve)) };
      });
      const looking = setInterval(() => void intake.now(), 5);
      await Promise.all(children.map(({ begun }) => begun));
      await new Promise((resolve) => setTimeout(resolve, 50 + round * 40));
      for (const { child } of children) child.kill("SIGKILL");
      await Promise.all(children.map(({ ended }) => ended));
      clearInterval(looking);
      // This hub is gone too, in the middle of its work; another one takes its place.
      const next = createIntake({ stateDirectory: directory, storage: store, logger, timers: clock.timers });
      await next.now();
      next.dispose();
    }
    await intake.now();
    const { total, conversations } = await report();
    expect(files()).toEqual([]);
    expect(conversations).toHaveLength(12);
    // Nothing that was told to be stored is lost; a warm may have been stored and not been told.
    const said = names.map((name) => Number(readFileSync(join(directory, `said-${name}`), "utf8")));
    const booked = said.reduce((sum, count) => sum + count, 0);
    expect(booked).toBeGreaterThan(100);
    expect(total.warms).toBeGreaterThanOrEqual(booked);
    expect(total.warms).toBeLessThanOrEqual(booked + names.length);
    expect(total.spentUsd).toBe(total.warms);
  }, 60_000);
});
