/** A gateway's process is killed, stopped, and denied what it needs. */
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { RecordedRequest } from "../../src/emulator/index.ts";
import { setUp, TTL_MS } from "./gateway-process.ts";

const wrote = (warm: RecordedRequest | undefined) => warm?.usage?.cache_creation_input_tokens;

describe("a gateway that was killed", () => {
  it("starts again at once, knows its settings, and warms nothing before the next turn", async () => {
    const { start, keepwarm, warms, home } = await setUp();
    const first = await start();
    await first.talk("ada").ask("Shall we begin?");
    expect(await keepwarm("on", "ada")).toMatchObject({ code: 0 });
    await keepwarm("interval", "ada", "2s");
    await expect.poll(() => warms().length).toBeGreaterThan(0);
    first.child.kill("SIGKILL");
    expect(await first.exited).toBe("SIGKILL");
    // What it left behind is taken for what it is.
    expect(JSON.parse(readFileSync(join(home, "gateway.json"), "utf8")).pid).toBe(first.child.pid);
    expect(await keepwarm("status")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("no gateway is running"),
    });

    const before = warms().length;
    const second = await start();
    expect(await keepwarm("status")).toMatchObject({ code: 0 });
    await sleep(TTL_MS * 1.5);
    expect(warms().length).toBe(before);
    const talk = second.talk("ada");
    await talk.ask("I am back.");
    await expect.poll(() => warms().length).toBeGreaterThan(before);
    expect(wrote(warms().at(-1))).toBe(0);
    second.child.kill("SIGTERM");
    expect(await second.exited).toBe(0);
  });
});

describe("a gateway that was stopped for longer than the cache lives", () => {
  it("sends nothing when it goes on, and keeps warm again from the next turn", async () => {
    const { start, warms } = await setUp();
    const gateway = await start({ args: ["--enable-new"] });
    const talk = gateway.talk("ada");
    await talk.ask("Shall we begin?");
    gateway.child.kill("SIGSTOP");
    await sleep(TTL_MS * 1.5);
    gateway.child.kill("SIGCONT");
    await sleep(TTL_MS * 1.5);
    expect(warms()).toEqual([]);
    await talk.ask("I am back.");
    await expect.poll(() => warms().length).toBeGreaterThan(0);
    expect(warms().map(wrote)).toEqual(warms().map(() => 0));
  });
});

describe("a gateway that stops", () => {
  const slow = "[[pace:50ms]] [[tokens:200]] Tell me all.";

  it.each(["SIGTERM", "SIGINT"] as const)("by %s lets a stream end within its grace", async (signal) => {
    const { start } = await setUp();
    const gateway = await start();
    const { params } = gateway.talk("ada");
    const stream = gateway.client.messages.stream({ ...params, messages: [{ role: "user", content: slow }] });
    await new Promise((resolve) => stream.once("streamEvent", resolve));
    gateway.child.kill(signal);
    expect((await stream.finalMessage()).stop_reason).toBe("end_turn");
    expect(await gateway.exited).toBe(0);
  });

  it("cuts it off after that, and the client sees a cut", async () => {
    const { start, emulator } = await setUp();
    const gateway = await start();
    const { params } = gateway.talk("ada");
    const endless = "[[pace:400ms]] [[tokens:2000]] Tell me all.";
    const stream = gateway.client.messages.stream({
      ...params,
      max_tokens: 4_000,
      messages: [{ role: "user", content: endless }],
    });
    stream.on("error", () => {});
    await new Promise((resolve) => stream.once("streamEvent", resolve));
    gateway.child.kill("SIGTERM");
    await expect(stream.finalMessage()).rejects.toThrow();
    expect(await gateway.exited).toBe(0);
    await expect.poll(() => emulator.requests[0]?.aborted).toBe(true);
  });
});

describe("a disk that is full", () => {
  // No file may grow beyond 48 kB: what SQLite needs to begin with, and a few changes.
  const FULL = "trap '' XFSZ; ulimit -f 48";

  it("fails what is to be stored, in a sentence, and nothing else", async () => {
    const { start, keepwarm, warms } = await setUp();
    const gateway = await start({ shell: FULL });
    const talk = gateway.talk("ada");
    await talk.ask("Shall we begin?");
    expect(await keepwarm("on", "ada")).toMatchObject({ code: 0 });
    await gateway.talk("bob").ask("Shall we begin?");
    let refused = await keepwarm("on", "--store", "other-0");
    for (let n = 1; n < 50 && refused.code === 0; n++)
      refused = await keepwarm("on", "--store", `other-${n}`);
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toMatch(/^keepwarm: [^\n]*keepwarm\.sqlite[^\n]*\n$/);
    // Not bob's either, of which nothing could be stored; and off holds all the same, in memory.
    expect((await keepwarm("on", "bob")).code).toBe(1);
    expect((await keepwarm("off", "ada")).code).toBe(1);
    await sleep(500);
    const before = warms().length;
    await talk.ask("Go on.");
    await gateway.talk("bob").ask("Go on.");
    await sleep(TTL_MS * 1.5);
    expect(warms().length).toBe(before);
    gateway.child.kill("SIGTERM");
    expect(await gateway.exited).toBe(0);
  });
});

describe("a store that is damaged", () => {
  const garbage = Buffer.alloc(20_000, "no database ");

  it("at the start is set aside, and said so", async () => {
    const { start, keepwarm, home, files } = await setUp();
    writeFileSync(join(home, "keepwarm.sqlite"), garbage);
    const gateway = await start();
    expect(gateway.stderr).toMatch(/is damaged .* set aside as .*keepwarm\.sqlite\.corrupt-/);
    await gateway.talk("ada").ask("Hi");
    expect(await keepwarm("on", "ada")).toMatchObject({ code: 0 });
    const aside = files().find(([name]) => name.includes("corrupt"));
    expect(aside?.[1].equals(garbage)).toBe(true);
  });

  it("while it runs is set aside likewise, and traffic and warms go on", async () => {
    const { start, keepwarm, home, warms } = await setUp();
    const gateway = await start();
    const talk = gateway.talk("ada");
    await talk.ask("Hi");
    await keepwarm("on", "ada");
    for (const name of ["keepwarm.sqlite", "keepwarm.sqlite-wal"]) {
      const file = join(home, name);
      writeFileSync(file, garbage.subarray(0, statSync(file).size));
    }
    await gateway.talk("bob").ask("Hi");
    const on = await keepwarm("on", "bob");
    expect(on).toMatchObject({ code: 0 });
    await talk.ask("Go on.");
    await expect.poll(() => warms().length).toBeGreaterThan(1);
    expect(gateway.child.exitCode).toBe(null);
  });
});

describe("a second gateway of one state directory", () => {
  it("is refused while the first runs, which goes on", async () => {
    const { start, keepwarm } = await setUp();
    const first = await start();
    await expect(start()).rejects.toThrow(/a gateway is running already, at http/);
    await first.talk("ada").ask("Hi");
    expect((await keepwarm("status")).stdout).toContain("ada");
  });

  it("that starts at the same moment shares what is stored, and neither takes the other's record back", async () => {
    const { start, keepwarm } = await setUp();
    const both = await Promise.allSettled([start(), start()]);
    const running = both.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    expect(running.length).toBeGreaterThan(0);
    for (const { talk } of running) await talk("ada").ask("Hi");
    expect((await keepwarm("on", "ada")).code).toBe(0);
    const record = JSON.parse((await keepwarm("status", "--json")).stdout || "{}");
    for (const { child } of running) {
      if (child.pid !== record.gateway?.pid) child.kill("SIGTERM");
    }
    await sleep(500);
    expect((await keepwarm("status")).code).toBe(0);
  });
});
