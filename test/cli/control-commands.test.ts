import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { type ConversationView, controlToken, publish } from "../../src/hub/index.ts";
import { createLedger } from "../../src/ledger/index.ts";
import { POLICY_NAMESPACE, TIERS_KEY, TierHistory } from "../../src/policy/index.ts";
import { openSqliteStorage } from "../../src/storage/sqlite.ts";
import { aStateDirectory, controlOf } from "../support/control-under-test.ts";
import {
  aConversation as anyConversation,
  controlledInMemory,
  NOON,
} from "../support/controlled-in-memory.ts";
import { createRecordingLogger } from "../support/recording-logger.ts";

/** One of which no folder is known, unless it is said: called by its id. */
const aConversation: typeof anyConversation = (view) => anyConversation({ folder: null, run: null, ...view });

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function keepwarmIn(directory: string, ...args: readonly string[]): Promise<Ended> {
  const env = { ...process.env, KEEPWARM_HOME: directory, NO_COLOR: "1" };
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ["src/cli.ts", ...args], { env });
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as Ended;
    return { code, stdout, stderr };
  }
}

/** A gateway with these conversations open, and the command that talks to it. */
async function aGateway(...open: readonly ConversationView[]) {
  const controlled = controlledInMemory(...open);
  const control = await controlOf(controlled);
  const keepwarm = (...args: readonly string[]) => keepwarmIn(control.directory, ...args);
  return { controlled, ...control, keepwarm };
}

const said = (stdout: string) => ({ code: 0, stdout: `${stdout}\n`, stderr: "" });
const refused = (code: 1 | 2, sentence: string) => ({ code, stdout: "", stderr: `keepwarm: ${sentence}\n` });

/** Shown as `3d 1h`, however long the command takes to start. */
const inThreeDays = () => Date.now() + 3 * 86_400_000 + 1.5 * 3_600_000;

describe("keepwarm report", () => {
  it("is told by the running gateway, as far back as it is asked", async () => {
    const { keepwarm, controlled } = await aGateway();
    const { code, stdout, stderr } = await keepwarm("report", "--since", "7d", "--json");
    expect([code, stderr]).toEqual([0, ""]);
    expect(JSON.parse(stdout)).toMatchObject({ until: "2026-11-20", total: { spentUsd: 0, netUsd: 0 } });
    const [, since] = controlled.calls[0]?.split(" ") ?? [];
    expect(Date.now() - Number(since) - 7 * 86_400_000).toBeLessThan(60_000);
    expect(Date.now() - Number(since)).toBeGreaterThanOrEqual(7 * 86_400_000);
  });

  it("is told by an older gateway too, which does not count all that this one would", async () => {
    const { keepwarm, controlled } = await aGateway();
    const { earliest: _, total, ...rest } = await controlled.report();
    const { warmsBySubscription: __, ...older } = { ...total, warms: 3, spentUsd: 1 };
    controlled.report = async () => Object.assign(rest, { total: older }) as never;
    const { code, stdout, stderr } = await keepwarm("report");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^Warming cost \$1\.00 and has saved nothing so far\.\n/);
  });

  it("needs no gateway: it reads what the last one has stored", async () => {
    const directory = aStateDirectory();
    expect((await keepwarmIn(directory, "report")).stdout).toMatch(/^Nothing was spent on warming/);
    expect(existsSync(join(directory, "keepwarm.sqlite"))).toBe(false);
    const storage = openSqliteStorage({ file: join(directory, "keepwarm.sqlite") });
    const logger = createRecordingLogger();
    const ledger = createLedger({ storage: storage.namespace("ledger"), logger, now: Date.now });
    const usage = { inputTokens: 1, outputTokens: 0, cacheReadTokens: 1, cacheWriteTokens: 0 };
    ledger.warmCompleted({ conversationId: "chat", usage, costUsd: 0.25, modelName: "claude-opus-5-5" });
    await ledger.stored();
    storage.close();
    const { code, stdout, stderr } = await keepwarmIn(directory, "report");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^Warming cost \$0\.25 and has saved nothing so far\./);
    expect(stdout).toMatch(/^ {2}chat +\$0\.25 +\$0\.00 +−\$0\.25 +0$/m);
  });

  it("does not take a folder that it cannot look into for an empty one", async () => {
    const file = join(aStateDirectory(), "file");
    writeFileSync(file, "");
    expect(await keepwarmIn(file, "report")).toEqual(
      refused(1, `${file} is no folder: remove it, or name another with KEEPWARM_HOME`),
    );
  });

  it("tells what a process has stored that was killed, and leaves a damaged store as it is", async () => {
    const directory = aStateDirectory();
    const file = join(directory, "keepwarm.sqlite");
    const script = join(import.meta.dirname, "../ledger/another-process.ts");
    const child = spawn(process.execPath, [script, file, "chat", "1000000"]);
    onTestFinished(() => void child.kill("SIGKILL"));
    const ended = once(child, "close");
    await once(child.stdout, "data");
    child.kill("SIGKILL");
    await ended;
    expect((await keepwarmIn(directory, "report")).stdout).toMatch(/^ {2}chat +\$\d/m);
    // Its log would heal the file.
    for (const companion of ["-wal", "-shm"]) rmSync(file + companion);
    writeFileSync(file, "no database");
    const { code, stdout, stderr } = await keepwarmIn(directory, "report");
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(
      /^keepwarm: \S+keepwarm\.sqlite is damaged \(.+\), so what it holds cannot be told\. .+\n$/,
    );
    expect(readFileSync(file, "utf8")).toBe("no database");
  });

  it("says which lifetime of cache entries would be cheapest, by what the last gateway learned", async () => {
    const directory = aStateDirectory();
    const storage = openSqliteStorage({ file: join(directory, "keepwarm.sqlite") });
    const ledger = createLedger({
      storage: storage.namespace("ledger"),
      logger: createRecordingLogger(),
      now: Date.now,
    });
    ledger.requestAnswered({ conversationId: "a", startedAt: 0, costUsd: 1, modelName: "claude-haiku-4-5" });
    ledger.requestAnswered({ conversationId: "a", startedAt: 0, costUsd: 2, modelName: "claude-opus-5-5" });
    await ledger.stored();
    const history = new TierHistory();
    history.add(0.05, { "5m alone": 1e9, "5m + warms": 9e8, "1h alone": 5e8, "1h + warms": 8e8 });
    await storage.namespace(POLICY_NAMESPACE).set(TIERS_KEY, history.toString());
    storage.close();
    expect((await keepwarmIn(directory, "report")).stdout).toMatch(
      /cache lifetime cheapest for claude-opus-5-5: 1h alone, \d+ % less than 5m alone \(by your own pauses\)/,
    );
    expect(JSON.parse((await keepwarmIn(directory, "report", "--json")).stdout).tier).toMatchObject({
      modelName: "claude-opus-5-5",
      cheapest: "1h alone",
      isOwn: true,
    });
  });

  it("tells what a gateway has stored that does not answer, and that it does not", async () => {
    const directory = aStateDirectory();
    await controlToken(directory);
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      silent.closeAllConnections();
      silent.close();
    });
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    await publish(directory, {
      pid: process.pid,
      gatewayUrl: url,
      controlUrl: url,
      startedAt: 1,
      version: "0",
    });
    const { code, stdout, stderr } = await keepwarmIn(directory, "report");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Nothing was spent on warming/);
    expect(stderr).toBe(
      `keepwarm: the gateway (process ${process.pid}) does not answer; this is what it has stored.\n`,
    );
  });

  it("refuses to tell it in two measures at once", async () => {
    const { code, stderr } = await keepwarmIn(aStateDirectory(), "report", "--tokens", "--dollars");
    expect(code).toBe(2);
    expect(stderr).toMatch(/^keepwarm: option '--dollars' cannot be used with option '--tokens'/);
  });

  it("refuses a period that is none", async () => {
    const { code, stderr } = await keepwarmIn(aStateDirectory(), "report", "--since", "yesterday");
    expect(code).toBe(2);
    expect(stderr).toMatch(/^keepwarm: --since must be a number with a unit, such as 24h, 7d or 4w/);
  });
});

describe("keepwarm console", () => {
  it("prints the link to the page, with the token in the fragment", async () => {
    const { keepwarm, url, token } = await aGateway();
    expect(await keepwarm("console")).toEqual(said(`${url}/#token=${token}`));
  });

  it("says what to do when the gateway serves no page, or there is no gateway", async () => {
    const { keepwarm, controlled, close } = await aGateway();
    const { info } = controlled;
    controlled.info = () => ({ ...info(), page: false });
    expect(await keepwarm("console")).toEqual(
      refused(
        1,
        "the running gateway serves no page: end it with keepwarm stop, and start it without --no-console (keepwarm config says who set it)",
      ),
    );
    await close();
    expect((await keepwarm("console")).stderr).toMatch(/^keepwarm: no gateway is running/);
  });
});

describe("keepwarm status", () => {
  it("shows what is kept warm", async () => {
    const { keepwarm } = await aGateway(
      aConversation({ id: "chat", nextWarmAt: inThreeDays(), lastPct: 98 }),
    );
    const { code, stdout, stderr } = await keepwarm("status");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^keepwarm 0\.1\.0, process 4321, up /);
    expect(stdout).toMatch(/Warm \(1\)\n {2}chat +in 3d 1h +—\/98 % +auto +auto +claude-opus-5-5\n$/);
  });

  it("prints the API's whole answer as JSON, fields of a newer gateway too", async () => {
    const { keepwarm, controlled } = await aGateway(
      aConversation({ id: "chat" }),
      aConversation({ id: "b" }),
    );
    const info = { ...controlled.info(), newer: { than: "this" } };
    controlled.info = () => info;
    const { code, stdout } = await keepwarm("status", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ gateway: info, conversations: controlled.conversations() });
    expect(Object.keys(JSON.parse(stdout).conversations[0])).toEqual([
      "id",
      "host",
      "named",
      "folder",
      "cwd",
      "run",
      "modelName",
      "phase",
      "why",
      "enabled",
      "intervalMs",
      "intervalChosen",
      "keepWarm",
      "plan",
      "lastPct",
      "lastExpectedPct",
      "lastTurnPct",
      "lastTurnExpectedPct",
      "lastWarmAt",
      "nextWarmAt",
      "lastTurnAt",
      "lastUsedAt",
      "lapsesAt",
      "ttlMs",
      "prefixTokens",
      "sideThreads",
      "money",
      "returnUsd",
      "surface",
    ]);
  });
});

describe("settings that are wrong", () => {
  it("are named by keepwarm status, which needs none of them", async () => {
    const { keepwarm, directory } = await aGateway(aConversation({ id: "chat" }));
    const file = join(directory, "config.json");
    writeFileSync(file, '{ "prot": 5000 }');
    const WRONG = [
      "keepwarm: the settings are wrong, so that no gateway can start anew with them:",
      `keepwarm: ${file}:1: there is no setting prot. Did you mean port?`,
      "",
    ].join("\n");
    const shown = await keepwarm("status");
    expect(shown).toMatchObject({ code: 0, stderr: WRONG });
    expect(shown.stdout).toContain("Waiting (1)");
    const { code, stdout, stderr } = await keepwarm("status", "--json");
    expect([code, stderr, JSON.parse(stdout).conversations.length]).toEqual([0, WRONG, 1]);
  });
});

describe("without a gateway", () => {
  const NONE =
    "no gateway is running: start one with keepwarm start, or run an agent with keepwarm run -- claude";

  it.each([
    ["status"],
    ["on"],
    ["off", "chat"],
    ["interval", "chat", "4m"],
    ["warm"],
    ["forget", "chat"],
    ["stop"],
  ])("keepwarm %s says so and ends with 1", async (...args) => {
    expect(await keepwarmIn(aStateDirectory(), ...args)).toEqual(refused(1, NONE));
  });

  it("keepwarm status --json says so in JSON too, and ends with 1", async () => {
    const { code, stdout, stderr } = await keepwarmIn(aStateDirectory(), "status", "--json");
    expect({ code, stderr }).toEqual({ code: 1, stderr: `keepwarm: ${NONE}\n` });
    expect(JSON.parse(stdout)).toEqual({ gateway: null, conversations: [], why: NONE });
  });

  it("one that left its record behind is none either", async () => {
    const { directory, close, keepwarm } = await aGateway();
    await close();
    expect(await keepwarm("status")).toEqual(refused(1, NONE));
    writeFileSync(join(directory, "gateway.json"), "half a rec");
    expect(await keepwarm("status")).toEqual(refused(1, NONE));
  });

  it("something else at its port is named, and told nothing", async () => {
    const directory = aStateDirectory();
    const token = await controlToken(directory);
    const heard: string[] = [];
    const other = createServer((request, response) => {
      heard.push(JSON.stringify(request.headers));
      response.end("{}");
    });
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void other.close());
    const controlUrl = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    await publish(directory, {
      pid: process.pid,
      gatewayUrl: "http://127.0.0.1:4777",
      controlUrl,
      startedAt: NOON,
      version: "0.1.0",
    });
    const { code, stderr } = await keepwarmIn(directory, "status");
    expect(code).toBe(1);
    expect(stderr).toMatch(
      `keepwarm: something that is not this gateway answers at ${controlUrl}; it was told nothing.`,
    );
    expect(heard).toHaveLength(1);
    expect(heard.join("")).not.toContain(token);
  });

  it("a token that others may read is named, with what to do", async () => {
    const { directory, keepwarm } = await aGateway();
    chmodSync(join(directory, "token"), 0o644);
    const { code, stderr } = await keepwarm("status");
    expect(code).toBe(1);
    expect(stderr).toMatch(/^keepwarm: others on this machine may read \S+\/token \(mode 644\)/);
  });
});

describe("keepwarm on and off", () => {
  it("switch the only conversation that is open", async () => {
    const { keepwarm, controlled } = await aGateway(aConversation({ id: "chat", nextWarmAt: inThreeDays() }));
    expect(await keepwarm("off")).toEqual(said("chat is off."));
    expect(await keepwarm("on")).toEqual(said("chat is on; the next warm is due in 3d 1h."));
    expect(controlled.calls).toEqual(["setEnabled chat false", "setEnabled chat true"]);
  });

  it("want to know which, where several are open, and do nothing", async () => {
    const { keepwarm, controlled } = await aGateway(aConversation({ id: "a" }), aConversation({ id: "b" }));
    expect(await keepwarm("off")).toEqual(refused(2, "several conversations are open, so say which: a, b"));
    expect(controlled.calls).toEqual([]);
  });

  it("mean the one of the Claude Code that they are run in, where it is open", async () => {
    const { keepwarm, controlled } = await aGateway(aConversation({ id: "a" }), aConversation({ id: "b" }));
    onTestFinished(() => void vi.unstubAllEnvs());
    vi.stubEnv("CLAUDE_CODE_SESSION_ID", "b");
    expect((await keepwarm("off")).code).toBe(0);
    vi.stubEnv("CLAUDE_CODE_SESSION_ID", "elsewhere");
    expect((await keepwarm("off")).code).toBe(2);
    expect(controlled.calls).toEqual(["setEnabled b false"]);
  });

  it("have nothing to do where none is open", async () => {
    const { keepwarm } = await aGateway();
    expect(await keepwarm("on")).toEqual(refused(1, "no conversation is open"));
  });

  it("take the beginning of an id", async () => {
    const { keepwarm, controlled } = await aGateway(
      aConversation({ id: "review" }),
      aConversation({ id: "refactor" }),
      aConversation({ id: "re" }),
      aConversation({ id: "keepwarm-thread-3f2a1c08-59f4", named: false }),
    );
    expect(await keepwarm("off", "rev")).toEqual(said("review is off."));
    expect(await keepwarm("off", "re")).toEqual(said("re is off."));
    expect(await keepwarm("off", "3f")).toEqual(said("3f2a1c08 is off."));
    expect(await keepwarm("off", "r")).toEqual(
      refused(2, "r may be any of these, so say which by its id: review, refactor, re"),
    );
    expect(await keepwarm("off", "")).toEqual(refused(2, "a conversation's id cannot be empty"));
    expect(controlled.calls).toEqual([
      "setEnabled review false",
      "setEnabled re false",
      "setEnabled keepwarm-thread-3f2a1c08-59f4 false",
    ]);
  });

  it.each([["on"], ["off"], ["interval"]])(
    "keepwarm %s stores nothing for a name that is not open, and says what was probably meant",
    async (command) => {
      const { keepwarm, controlled } = await aGateway(
        aConversation({ id: "chat" }),
        aConversation({ id: "0f6e8a2c-1b2a", folder: "cathedral" }),
      );
      const more = command === "interval" ? ["4m"] : [];
      expect(await keepwarm(command, "caht", ...more)).toEqual(
        refused(
          1,
          "no conversation caht is open. Did you mean chat? --store keeps the choice for one that is still to come",
        ),
      );
      expect(await keepwarm(command, "catedral", ...more)).toMatchObject({
        code: 1,
        stderr: expect.stringContaining("Did you mean cathedral?"),
      });
      expect(await keepwarm(command, "something-else-altogether", ...more)).toEqual(
        refused(
          1,
          "no conversation something-else-altogether is open: --store keeps the choice for one that is still to come",
        ),
      );
      expect(controlled.calls).toEqual([]);
    },
  );

  it("store the choice for one that is still to come where that is said", async () => {
    const { keepwarm, controlled } = await aGateway(aConversation({ id: "chat" }));
    const stored =
      "No conversation caht is open now. The setting is stored, for when one of that name comes.";
    expect(await keepwarm("on", "--store", "caht", "--for", "2h")).toEqual(said(stored));
    expect(controlled.stored.get("caht")).toEqual({ enabled: true, keepWarm: "2h" });
    expect(await keepwarm("off", "caht", "--store")).toEqual(said(stored));
    expect(await keepwarm("interval", "caht", "4m", "--store")).toEqual(said(stored));
    expect(controlled.stored.get("caht")).toMatchObject({ enabled: false, intervalMs: 240_000 });
    expect(await keepwarm("off", "--store")).toEqual(said("chat is off."));
  });

  it("say no for an unnamed one that has gone", async () => {
    const { keepwarm } = await aGateway();
    expect(await keepwarm("on", "keepwarm-thread-1")).toEqual(
      refused(1, "no conversation keepwarm-thread-1 is open: keepwarm status lists those that are"),
    );
    expect(await keepwarm("on", "--store", "keepwarm-thread-1")).toEqual(
      refused(1, "No conversation keepwarm-thread-1 is open."),
    );
  });

  it("take a project's folder, where that tells which", async () => {
    const uuid = "-1b2a-4c4d-8e8f-001122334455";
    const { keepwarm, controlled } = await aGateway(
      aConversation({ id: `0f6e8a2c${uuid}`, folder: "cathedral" }),
      aConversation({ id: `11aa22bb${uuid}`, folder: "bazaar" }),
      aConversation({ id: `33cc44dd${uuid}`, folder: "bazaar" }),
      aConversation({ id: "bazaars" }),
    );
    expect(await keepwarm("off", "cathedral")).toEqual(said("cathedral is off."));
    expect(await keepwarm("off", "cath")).toEqual(said("cathedral is off."));
    expect(await keepwarm("off", "bazaar")).toEqual(
      refused(2, "bazaar may be any of these, so say which by its id: 11aa22bb, 33cc44dd"),
    );
    expect(await keepwarm("off", "33cc")).toEqual(said("bazaar 33cc44dd is off."));
    expect(await keepwarm("off", "bazaars")).toEqual(said("bazaars is off."));
    expect(controlled.calls).toEqual([
      `setEnabled 0f6e8a2c${uuid} false`,
      `setEnabled 0f6e8a2c${uuid} false`,
      `setEnabled 33cc44dd${uuid} false`,
      "setEnabled bazaars false",
    ]);
  });

  it("say why nothing is warmed yet", async () => {
    const why = "Waiting for a turn: there is no prefix to keep warm yet.";
    const { keepwarm } = await aGateway(
      aConversation({ id: "chat", why }),
      aConversation({ id: "busy", phase: "generating" }),
    );
    expect(await keepwarm("on", "chat")).toEqual(said(`chat is on. ${why}`));
    expect(await keepwarm("on", "busy")).toEqual(said("busy is on; its turn is under way."));
  });

  it("pass on what the gateway says when it cannot", async () => {
    const { keepwarm, controlled } = await aGateway(aConversation({ id: "chat" }));
    controlled.failWith = new Error("a secret");
    expect(await keepwarm("on")).toEqual(refused(1, "The gateway could not do this; its log says why."));
  });

  it.each(["a/b", "with space", "東京 🌡️", "%2F", "-dash", "../up"])("know the id %s", async (id) => {
    const { keepwarm, controlled } = await aGateway(aConversation({ id }), aConversation({ id: "other" }));
    expect(await keepwarm("off", "--", id)).toEqual(said(`${id} is off.`));
    expect(controlled.calls).toEqual([`setEnabled ${id} false`]);
  });
});

describe("keepwarm interval", () => {
  it("sets how often a conversation is warmed", async () => {
    const { keepwarm, controlled } = await aGateway(
      aConversation({ id: "chat", nextWarmAt: inThreeDays(), intervalChosen: true }),
    );
    expect(await keepwarm("interval", "ch", "90s")).toEqual(
      said("chat is on, every 1m 30s; the next warm is due in 3d 1h."),
    );
    expect(controlled.calls).toEqual(["setIntervalMs chat 90000"]);
  });

  it("goes back to following the TTL", async () => {
    const { keepwarm, controlled } = await aGateway(
      aConversation({ id: "chat", nextWarmAt: inThreeDays(), intervalChosen: true }),
    );
    expect(await keepwarm("interval", "chat", "auto")).toEqual(
      said("chat is on, as often as its TTL of 5m asks; the next warm is due in 3d 1h."),
    );
    expect(controlled.calls).toEqual(["setIntervalMs chat null"]);
  });

  it("says what the TTL makes of it, and what holds once a conversation that is off is on", async () => {
    const { keepwarm } = await aGateway(
      aConversation({ id: "chat", nextWarmAt: inThreeDays() }),
      aConversation({ id: "away", enabled: false, phase: "off", ttlMs: null }),
    );
    expect(await keepwarm("interval", "chat", "10m")).toEqual(
      said("chat is on, every 10m, which its TTL of 5m makes 4m 40s at most; the next warm is due in 3d 1h."),
    );
    expect(await keepwarm("interval", "away", "10m")).toEqual(
      said("away is off; switched on, it is warmed every 10m."),
    );
    expect(await keepwarm("interval", "away", "auto")).toEqual(
      said("away is off; switched on, it is warmed as often as its TTL asks."),
    );
  });

  it.each(["500ms", "soon", "0s", "automatic", "90"])("does not take %s", async (text) => {
    const { keepwarm, controlled } = await aGateway(aConversation({ id: "chat" }));
    const { code, stderr } = await keepwarm("interval", "chat", text);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^keepwarm: /);
    expect(controlled.calls).toEqual([]);
  });
});

describe("keepwarm warm", () => {
  it("warms, and says what came of it", async () => {
    const { keepwarm } = await aGateway(aConversation({ id: "chat" }));
    expect(await keepwarm("warm")).toEqual(
      said("chat was warmed: 98 % of its prompt was read from the cache."),
    );
  });

  it("ends with 1 and the reason when nothing was sent", async () => {
    const { keepwarm } = await aGateway(aConversation({ id: "chat", enabled: false, phase: "off" }));
    expect(await keepwarm("warm", "chat")).toEqual(refused(1, "chat was not warmed: It is switched off."));
    expect(await keepwarm("warm", "other")).toEqual(
      refused(1, "no conversation other is open: keepwarm status lists those that are"),
    );
  });

  it("ends with 1 and the reason when it was sent in vain", async () => {
    const why = "The warm was refused: overloaded";
    const { keepwarm, controlled } = await aGateway(
      aConversation({ id: "chat", lastPct: 98, lastWarmAt: NOON, why }),
    );
    controlled.warmNow = async () => ({ sent: true });
    expect(await keepwarm("warm")).toEqual(
      refused(1, `a warm of chat was sent and has brought nothing: ${why}`),
    );
  });
});

describe("keepwarm forget", () => {
  it("lets go of what it knows, open or only stored", async () => {
    const { keepwarm, controlled } = await aGateway(aConversation({ id: "chat" }));
    controlled.stored.set("old", { enabled: true });
    expect(await keepwarm("forget", "ch")).toEqual(
      said("chat is forgotten, and what was stored of it removed."),
    );
    expect((await keepwarm("forget", "old")).code).toBe(0);
    expect(await keepwarm("forget", "old")).toEqual(refused(1, "Nothing is known of a conversation old."));
  });
});

describe("keepwarm stop", () => {
  it("waits until the gateway's process has ended", async () => {
    const { keepwarm, directory, record, controlled, close } = await aGateway();
    const process_ = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
    onTestFinished(() => void process_.kill("SIGKILL"));
    await publish(directory, { ...record, pid: process_.pid ?? 0 });
    controlled.stop = () => {
      rmSync(join(directory, "gateway.json"));
      void close();
      setTimeout(() => process_.kill(), 300);
    };
    const gone = new Promise((resolve) => process_.once("exit", resolve));
    expect(await keepwarm("stop")).toEqual(said("The gateway has stopped."));
    await gone;
  });

  it("says which runs get no answer by their folders, and when conversations are shown again", async () => {
    const { keepwarm, controlled } = await aGateway(aConversation({ id: "a" }));
    const run = { command: "node", pid: 1 };
    controlled.attachRun({ ...run, runId: "r1", cwd: "/home/ada/cathedral" });
    controlled.attachRun({ ...run, runId: "r2", cwd: "/home/ada/forge" });
    // Whoever stops it is asked whether its process is over: this one goes on.
    const { stdout } = await keepwarm("stop");
    expect(stdout).toContain(
      "Its runs (node in cathedral, node in forge) get no answer until keepwarm start, and then go on.\n",
    );
    expect(stdout).toContain(
      "After a start keepwarm status shows each conversation again with its next turn.\n",
    );
  }, 30_000);
});

describe("a shell", () => {
  it("is told which conversations are open", async () => {
    const { keepwarm } = await aGateway(aConversation({ id: "chat" }), aConversation({ id: "other" }));
    for (const command of ["on", "off", "warm", "forget", "interval"]) {
      const { stdout } = await keepwarm("__complete", "fish", "--", command, "c");
      expect(stdout).toBe("chat\tidle\n");
    }
  });

  it("is given a project's folder where that tells which, and an id where it does not", async () => {
    const { keepwarm } = await aGateway(
      aConversation({ id: "a", folder: "cathedral" }),
      aConversation({ id: "b", folder: "bazaar" }),
      aConversation({ id: "c", folder: "bazaar" }),
    );
    const { stdout } = await keepwarm("__complete", "fish", "--", "on", "");
    expect(stdout).toBe("cathedral\tidle, a\nb\tidle, in bazaar\nc\tidle, in bazaar\n");
  });
});
