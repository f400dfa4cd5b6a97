/**
 * The real OpenCode in front of the emulator, where a 5-minute entry lives some seconds, on real clocks:
 * its person comes back after four lifetimes, three times in one conversation.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, describe, expect, it, type TestContext } from "vitest";
import { createEmulator, type RecordedRequest } from "../../src/emulator/index.ts";
import {
  exchanges,
  expectOnlyTheConversationWarmed,
  expectWrittenAgain,
  isTitle,
} from "./support/conversation.ts";
import { KEEPWARM, keepwarmEnv } from "./support/keepwarm.ts";
import { normalised } from "./support/normalised.ts";
import { exported, openCodeEnv, pointedAt, runTurn, serve } from "./support/opencode.ts";
import { start } from "./support/process.ts";

const TTL_MS = 5_000;
const PAUSE_MS = 4 * TTL_MS;
const PAUSES = 3;
const TOOL_SECONDS = (3 * TTL_MS) / 1_000;
const TOOL = `[[tool:bash {"command":"sleep ${TOOL_SECONDS}","description":"Wait"}]] Wait, please.`;

interface Place {
  /** For what OpenCode keeps. */
  readonly home: string;
  /** Where it works; of the same name for all, since its prompt names it. */
  readonly project: string;
  readonly env: Record<string, string>;
  readonly url: string;
  readonly requests: readonly RecordedRequest[];
  readonly test: TestContext;
}

const root = mkdtempSync(join(tmpdir(), "keepwarm-hosts-"));
afterAll(() => rmSync(root, { recursive: true, force: true, maxRetries: 10 }));

/** A home for one OpenCode, and an emulator of its own. */
async function place(name: string, test: TestContext): Promise<Place> {
  const home = join(root, name);
  const project = join(root, "project");
  mkdirSync(project, { recursive: true });
  const emulator = createEmulator({ ttl5mMs: TTL_MS });
  const { url } = await emulator.listen();
  test.onTestFinished(() => emulator.close());
  return { home, project, env: openCodeEnv(home), url, requests: emulator.requests, test };
}

type Say = (text: string) => Promise<void>;

/** Three pauses, and a tool that runs for three lifetimes. */
async function longConversation(say: Say): Promise<void> {
  await say("Question 0, please.");
  for (let pause = 1; pause <= PAUSES; pause += 1) {
    await wait(PAUSE_MS);
    await say(`Question ${pause}, please.`);
  }
  await say(TOOL);
}

async function shortConversation(say: Say): Promise<void> {
  for (const text of ["One.", '[[tool:bash {"command":"echo hi","description":"Say hi"}]] Two.', "Three."])
    await say(text);
}

interface Held {
  readonly requests: readonly RecordedRequest[];
  /** As OpenCode stored it. */
  readonly stored: unknown;
}

/** A conversation with one OpenCode that lives as long as the conversation does. */
async function converse(
  at: Place,
  talk: (say: Say) => Promise<void>,
  mode: "kept warm" | "alone",
): Promise<Held> {
  const { home, project, url, requests, test } = at;
  const kept = mode === "kept warm";
  const settings = kept ? await keepwarmEnv(home, { upstream: url, ttlMs: TTL_MS, test }) : pointedAt(url);
  const options = { env: { ...at.env, ...settings }, cwd: project, test };
  const server = await serve(kept ? [...KEEPWARM, "run", "--enable", "--"] : [], options);
  const session = await server.newSession();
  await talk((text) => server.say(session, text));
  await server.titled(session);
  const seen = [...requests];
  await server.process.end();
  return { requests: seen, stored: await exported(session, { env: at.env, cwd: project }) };
}

describe.concurrent("OpenCode through keepwarm run", () => {
  it("finds its whole prefix on every return, and after a tool of three lifetimes", async (test) => {
    const [warm, alone] = await Promise.all([
      converse(await place("warm", test), longConversation, "kept warm"),
      converse(await place("none", test), longConversation, "alone"),
    ]);
    const [first, ...returns] = exchanges(warm.requests);
    expect(first?.read).toBe(0);
    expect(returns).toHaveLength(PAUSES + 2);
    for (const { read, written, prefix } of returns) {
      expect(read / prefix).toBeGreaterThanOrEqual(0.99);
      expect(written).toBeLessThan(prefix / 20);
    }

    // Without it, every one of them is written again, but for what the tool's own turn had just written.
    expectWrittenAgain(alone.requests, { ttlMs: TTL_MS, times: PAUSES + 1 });

    expect(warm.requests.filter(isTitle)).toHaveLength(1);
    expectOnlyTheConversationWarmed(warm.requests);
    expect(normalised(warm.stored, { usage: "left out" })).toEqual(
      normalised(alone.stored, { usage: "left out" }),
    );
  });

  it("stores to the token what it stores without keepwarm, where nobody pauses", async (test) => {
    const [warm, alone] = await Promise.all([
      converse(await place("fast", test), shortConversation, "kept warm"),
      converse(await place("bare", test), shortConversation, "alone"),
    ]);
    expect(normalised(warm.stored, { usage: "compared" })).toEqual(
      normalised(alone.stored, { usage: "compared" }),
    );
  });
});

describe.concurrent("OpenCode, a process a turn, in front of a gateway that stays", () => {
  it("finds its whole prefix on every return", async (test) => {
    const at = await place("turn", test);
    const settings = await keepwarmEnv(at.home, { upstream: at.url, ttlMs: TTL_MS, test });
    const gateway = start(KEEPWARM[0], [KEEPWARM[1], "start", "--enable-new"], {
      env: { ...at.env, ...settings },
      cwd: at.project,
      test,
    });
    await gateway.says(new RegExp(`:${settings.KEEPWARM_PORT}`));
    const env = { ...at.env, ...pointedAt(`http://127.0.0.1:${settings.KEEPWARM_PORT}`) };
    const options = { env, cwd: at.project, test };
    const session = await runTurn("Question 0, please.", options);
    for (let pause = 1; pause <= PAUSES; pause += 1) {
      await wait(PAUSE_MS);
      await runTurn(`Question ${pause}, please.`, { ...options, session });
    }
    const [, ...returns] = exchanges(at.requests);
    expect(returns).toHaveLength(PAUSES);
    for (const { read, prefix } of returns) expect(read / prefix).toBeGreaterThanOrEqual(0.99);
    expect(at.requests.filter(isTitle)).toHaveLength(1);
    expectOnlyTheConversationWarmed(at.requests);
  });
});
