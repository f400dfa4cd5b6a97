/**
 * How late warms go out, and what an armed conversation weighs, with 100,000 of them in one warmer.
 *
 * Real timers. Turns start and settle at 5,000 a second across all conversations, each re-arming its own,
 * while the others fall due; beside it, in the same run, the same schedule on bare `setTimeout`s.
 *
 * Run: node bench/timers.ts [--conversations 100000] [--turns 5000] [--seconds 14]
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { dueAt, marginMs } from "../src/pure.ts";
import { createMemoryStorage } from "../src/storage/index.ts";
import { systemTimers } from "../src/timers.ts";
import { createCacheWarmer } from "../src/warmer.ts";

const { values } = parseArgs({
  options: {
    conversations: { type: "string", default: "100000" },
    turns: { type: "string", default: "5000" },
    seconds: { type: "string", default: "14" },
  },
});
const CONVERSATIONS = Number(values.conversations);
const TURNS_PER_SECOND = Number(values.turns);
const SECONDS = Number(values.seconds);
/** Short enough that about half of the conversations fall due before their next turn. */
const TTL_MS = 12_000;

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc") as () => void;
const now = () => performance.timeOrigin + performance.now();

const ids = Array.from({ length: CONVERSATIONS }, (_, index) => `conversation-${index}`);
/** Epoch ms at which each conversation's warm is due. */
const dues = new Float64Array(CONVERSATIONS);

interface Subject {
  readonly name: string;
  /** A turn of this conversation has settled: (re-)arms it, and sets its due time. */
  turn(index: number): void;
  dispose(): void;
}

interface Result {
  readonly name: string;
  readonly bytesPerConversation: number;
  readonly warms: number;
  readonly turns: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

type Fired = (index: number) => void;

/** What anybody would write first: one timer a conversation, and nothing else. */
function bareTimers(fired: Fired): Subject {
  const timers = new Map<string, NodeJS.Timeout>();
  const settings = { enabled: true, intervalMs: 240_000 };
  function turn(index: number): void {
    const id = ids[index] ?? "";
    clearTimeout(timers.get(id));
    const at = { wallMs: now(), monotonicMs: performance.now() };
    const use = { lastUsedAt: at, startKnown: true, ttlMs: TTL_MS };
    const due = dueAt(use, settings, at.wallMs, at, Math.random());
    dues[index] = due;
    const timer = setTimeout(() => {
      fired(index);
      turn(index);
    }, due - at.wallMs);
    timers.set(id, timer);
  }
  return {
    name: "setTimeout",
    turn,
    dispose() {
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
    },
  };
}

async function keepwarm(fired: Fired): Promise<Subject> {
  const indexOf = new Map(ids.map((id, index) => [id, index]));
  const usage = { inputTokens: 1_000, outputTokens: 0, cacheReadTokens: 1_000, cacheWriteTokens: 0 };
  const quiet = () => {};
  const warmer = createCacheWarmer({
    async warm(conversationId, { warmId } = {}) {
      fired(indexOf.get(conversationId) ?? 0);
      warmer.onWarmCompleted({ conversationId, usage, ...(warmId === undefined ? {} : { warmId }) });
      return usage;
    },
    storage: createMemoryStorage(),
    logger: { debug: quiet, info: quiet, warn: quiet, error: console.error },
    timers: systemTimers(),
    now,
    monotonicNow: () => performance.now(),
    onSurfaceChange(conversationId) {
      const { nextWarmAt } = warmer.getState(conversationId);
      if (nextWarmAt !== null) dues[indexOf.get(conversationId) ?? 0] = nextWarmAt;
    },
  });
  for (const id of ids) await warmer.setEnabled(id, true);
  return {
    name: "keepwarm",
    turn(index) {
      const id = ids[index] ?? "";
      warmer.onTurnStarted(id);
      warmer.onTurnSettled(id, {
        requestStartedAt: now(),
        ttlMs: TTL_MS,
        cwd: "/project",
        modelName: "model",
      });
    },
    dispose: warmer.dispose,
  };
}

async function measure(create: (fired: Fired) => Subject | Promise<Subject>): Promise<Result> {
  const lateness: number[] = [];
  let measuring = false;
  const heapBefore = heapUsed();
  const subject = await create((index) => {
    if (measuring) lateness.push(now() - (dues[index] ?? 0));
  });
  // Armed over one span from turn to due, so that they do not fall due together.
  const spanMs = TTL_MS - marginMs(TTL_MS);
  await at(CONVERSATIONS / (spanMs / 1_000), spanMs, (turn) => subject.turn(turn % CONVERSATIONS));
  const heapArmed = heapUsed();

  let seed = 1;
  const randomTurn = () => {
    seed = (seed * 48_271) % 2_147_483_647;
    subject.turn(seed % CONVERSATIONS);
  };
  // What fell due while the heap was measured is caught up with first.
  await at(TURNS_PER_SECOND, 1_000, randomTurn);
  measuring = true;
  const turns = await at(TURNS_PER_SECOND, SECONDS * 1_000, randomTurn);
  measuring = false;
  subject.dispose();
  lateness.sort((a, b) => a - b);
  return {
    name: subject.name,
    bytesPerConversation: Math.round((heapArmed - heapBefore) / CONVERSATIONS),
    warms: lateness.length,
    turns,
    p50: percentile(lateness, 50),
    p99: percentile(lateness, 99),
    max: percentile(lateness, 100),
  };
}

/** Does it at this rate for so long, in small steps, as much as the event loop lets it; returns how often. */
async function at(perSecond: number, forMs: number, run: (count: number) => void): Promise<number> {
  const startMs = performance.now();
  let done = 0;
  for (let pastMs = 0; pastMs < forMs; pastMs = performance.now() - startMs) {
    const owed = Math.floor((pastMs / 1_000) * perSecond);
    while (done < owed) run(done++);
    await sleep(2);
  }
  return done;
}

function heapUsed(): number {
  gc();
  gc();
  return process.memoryUsage().heapUsed;
}

function percentile(sorted: readonly number[], percent: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? Number.NaN;
}

const peer = await measure(bareTimers);
const ours = await measure(keepwarm);
console.log(
  `${CONVERSATIONS.toLocaleString("en")} armed conversations, ${TURNS_PER_SECOND.toLocaleString("en")} turns a second, ${SECONDS} s each`,
);
const ms = (value: number) => Number(value.toFixed(1));
console.table(
  Object.fromEntries(
    [peer, ours].map(({ name, ...result }) => [
      name,
      {
        "lateness p50 (ms)": ms(result.p50),
        "p99 (ms)": ms(result.p99),
        "max (ms)": ms(result.max),
        "bytes a conversation": result.bytesPerConversation,
        warms: result.warms,
        turns: result.turns,
      },
    ]),
  ),
);
const ratio = (mine: number, theirs: number) => `${(mine / theirs).toFixed(1)}x`;
console.log(
  `keepwarm / setTimeout: p99 ${ratio(ours.p99, peer.p99)}, max ${ratio(ours.max, peer.max)}, bytes ${ratio(ours.bytesPerConversation, peer.bytesPerConversation)}`,
);
