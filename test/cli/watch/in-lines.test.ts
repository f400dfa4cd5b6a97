import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { tellAsJson, tellInLines } from "../../../src/cli/watch/in-lines.ts";
import type { ConsoleEvent, GatewayRecord } from "../../../src/hub/index.ts";
import { aSnapshot } from "../../support/console-events.ts";
import { aConversation, NOON } from "../../support/controlled-in-memory.ts";

beforeEach(() => {
  vi.stubEnv("TZ", "UTC");
  onTestFinished(() => void vi.unstubAllEnvs());
});

const record: GatewayRecord = {
  pid: 4_321,
  gatewayUrl: "http://127.0.0.1:4777",
  controlUrl: "http://127.0.0.1:4778",
  startedAt: NOON,
  version: "0.1.0",
};

const open: ConsoleEvent = {
  type: "conversations",
  id: null,
  data: { conversations: [aConversation({ id: "0f6e8a2c-1b2a-4c4d", folder: "cathedral" })] },
};

const history: ConsoleEvent = {
  type: "history",
  id: "e-2",
  data: {
    entries: [
      {
        conversationId: "0f6e8a2c-1b2a-4c4d",
        entry: { kind: "lapse", seq: 3, at: NOON, why: "The cache entry has\u001b[2J expired." },
      },
      { conversationId: "gone", entry: { kind: "switch", seq: 1, at: NOON + 1_000, enabled: false } },
      {
        conversationId: "0f6e8a2c-1b2a-4c4d",
        entry: {
          ...{ kind: "warm", seq: 4, at: NOON + 2_000, outcome: "cut-off", ttlMs: null, usage: null },
          ...{ costUsd: null, policy: null, foreign: false },
        },
      },
    ],
  },
};

describe("keepwarm watch without a screen", () => {
  it("tells what happens, a line each, and that the gateway is there or has gone", () => {
    const lines: string[] = [];
    const told = tellInLines(
      (line) => lines.push(line),
      () => NOON,
    );
    told.onThere(record);
    for (const event of [aSnapshot(), open, history]) told.onEvent(event);
    told.onGone("the gateway has gone");
    expect(lines).toEqual([
      "09:00:00  listening to http://127.0.0.1:4777, process 4321",
      "09:00:00  cathedral  The cache entry has expired.",
      "09:00:01  gone  switched off",
      "09:00:02  cathedral  a warm was cut off",
      "09:00:00  the gateway has gone: waiting for the next one",
    ]);
  });
});

describe("keepwarm watch --json", () => {
  it("passes on every event as a line, and tells that the gateway is there or has gone", () => {
    const lines: string[] = [];
    const told = tellAsJson((line) => lines.push(line));
    told.onThere(record);
    for (const event of [aSnapshot(), open, history]) told.onEvent(event);
    told.onGone("the gateway has gone");
    expect(lines.join("")).not.toContain("\n");
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { type: "connected", id: null, data: record },
      aSnapshot(),
      open,
      history,
      { type: "disconnected", id: null, data: { why: "the gateway has gone" } },
    ]);
  });
});
