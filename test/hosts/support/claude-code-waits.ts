/** Claude Code waits for something other than a tool, in auto: its person's word, a task in the background. */
import { setTimeout as wait } from "node:timers/promises";
import { expect } from "vitest";
import type { RecordedRequest } from "../../../src/emulator/index.ts";
import type { Claude } from "./claude-code.ts";
import type { ClaudeTerminal } from "./claude-code-terminal.ts";
import { exchanges, expectOnlyTheConversationWarmed, isWarm } from "./conversation.ts";

interface Waiting<C> {
  readonly claude: C;
  readonly requests: readonly RecordedRequest[];
  readonly ttlMs: number;
}

/** In a terminal, where it asks its person. */
export async function waitForPermission({ claude, requests, ttlMs }: Waiting<ClaudeTerminal>): Promise<void> {
  await claude.say("/warm on");
  await claude.say("Question 0, please.");
  await claude.enter('[[tool:Bash {"command":"touch here","description":"Touch"}]] Do it.');
  await claude.shows(/Do you want to proceed\?/);
  await wait(3 * ttlMs);
  // Yes.
  await claude.type("1");
  await claude.answered();
  found(requests);
}

/** Where it says that its turn is over, though a task of it still runs: that wakes it. */
export async function waitForTask({ claude, requests, ttlMs }: Waiting<Claude>): Promise<void> {
  await claude.say("Question 0, please.");
  await claude.say("/warm on");
  const task = { command: `sleep ${(4 * ttlMs) / 1_000}; echo done`, run_in_background: true };
  await claude.say(`[[tool:Bash ${JSON.stringify({ ...task, description: "Wait" })}]] Begin, please.`);
  await claude.says(/"type":"result".*\n/, claude.said().length);
  found(requests);
  // Nothing is pending any more, and nobody has ever come back: so it ends by itself.
  await wait(2 * ttlMs);
  const warms = requests.filter(isWarm).length;
  await wait(2 * ttlMs);
  expect(requests.filter(isWarm)).toHaveLength(warms);
}

function found(requests: readonly RecordedRequest[]): void {
  expect(requests.filter(isWarm).length).toBeGreaterThan(1);
  const { read, prefix } = exchanges(requests).at(-1) ?? { read: 0, prefix: 1 };
  expect(read / prefix).toBeGreaterThanOrEqual(0.99);
  expectOnlyTheConversationWarmed(requests);
}
