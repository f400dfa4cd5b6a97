/**
 * A gateway at work for long: 500 conversations with turns at random times, all kept warm, on a clock on which a cache
 * entry of 5 minutes lives 10 seconds, so that half an hour holds 180 of them. Client, gateway and emulator are
 * processes of their own.
 *
 * It must hold that: memory is flat (the resident median of the last third is at most 1.1 of the first's, after a
 * warm-up) · warms do not go out later and later · the gateway counts exactly as many turns and warms as the
 * emulator got · no warm finds its prefix gone, unless the machine was so busy that it left too late.
 *
 * Run: npm run bench:soak [-- --minutes 30 --conversations 500]
 */
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { discover } from "../src/hub/index.ts";
import { marginMs } from "../src/pure.ts";
import { residentMb, startGateway, startScript } from "./support/child-process.ts";
import type { Answered } from "./support/emulator.ts";
import { Connection, messagesRequest } from "./support/load.ts";
import { median, percentile } from "./support/statistics.ts";
import { transcript } from "./support/transcript.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "30" },
    conversations: { type: "string", default: "500" },
  },
});
const MINUTES = Number(values.minutes);
const CONVERSATIONS = Number(values.conversations);
const TTL_MS = 10_000;
/** From one turn to the next, on average. */
const GAP_MS = 3 * TTL_MS;
/** After so many turns a conversation starts anew: cleared, or summarised. */
const MOST_TURNS = 12;
const MOST_GROWTH = 1.1;
/** By how much the median warm may be later in the last third than in the first, in ms. */
const MOST_DRIFT_MS = 25;
/** Not measured: until all have begun, and the engine's heap has its size. Half of a short run. */
const WARM_UP_MS = Math.min(MINUTES * 30_000, Math.max(MINUTES * 6_000, 180_000));

const requests: Answered[] = [];
const memory: { at: number; mb: number }[] = [];
/** Due times as the gateway told them, and how much later each warm came. */
const due = new Map<string, number>();
const lateness: { at: number; ms: number }[] = [];
let failures = 0;

const emulator = await startScript(
  fileURLToPath(new URL("./support/emulator.ts", import.meta.url)),
  [String(TTL_MS)],
  (told) => requests.push(told as Answered),
);
const gateway = await startGateway({
  upstream: emulator.url,
  args: ["--enable-new", "--ttl-5m", `${TTL_MS}ms`, "--ttl-1h", `${12 * TTL_MS}ms`, "--max-warms", "100"],
});
const found = await discover(gateway.directory);
if (found.state !== "running") throw new Error(`the gateway is ${found.state}`);
const { client } = found;

const startedAt = Date.now();
const endsAt = startedAt + MINUTES * 60_000;
const idle: Connection[] = [];
let isCorrect = false;
try {
  const watching = watch();
  await Promise.all(Array.from({ length: CONVERSATIONS }, (_, at) => converse(at)));
  await watching;
  isCorrect = await verdict();
} finally {
  for (const connection of idle) connection.close();
  await gateway.stop();
  await emulator.stop();
}
if (!isCorrect) process.exitCode = 1;

/** Turns at random times, until the end. */
async function converse(at: number): Promise<void> {
  const body = JSON.parse(transcript(at, 20_000)) as { messages: object[] };
  const last = body.messages.at(-1);
  const begun = body.messages.slice(0, -1);
  let messages = begun;
  await sleep(Math.random() * GAP_MS);
  for (let turn = 1; Date.now() < endsAt; turn++) {
    await ask(JSON.stringify({ ...body, messages: [...messages, last] }), `soak-${at}`);
    const said = { role: "user", content: [{ type: "text", text: `Turn ${turn}.` }] };
    messages = turn % MOST_TURNS === 0 ? begun : [...messages, said, { role: "assistant", content: "Done." }];
    const gapMs = -Math.log(1 - Math.random()) * GAP_MS;
    await sleep(Math.min(gapMs, Math.max(0, endsAt - Date.now())));
  }
}

async function ask(body: string, session: string): Promise<void> {
  const connection = await anyConnection();
  try {
    await connection.ask(messagesRequest(body, { "x-session-id": session }));
    idle.push(connection);
  } catch (error) {
    failures++;
    connection.close();
    console.error(`a turn failed: ${error instanceof Error ? error.message : error}`);
  }
}

/** The one used last, and none that the gateway has closed because it was idle for long. */
async function anyConnection(): Promise<Connection> {
  for (let last = idle.pop(); last !== undefined; last = idle.pop()) if (last.isOpen) return last;
  return Connection.open(gateway.url);
}

/** Asks the gateway when its warms are due, weighs it, and says each minute how things are. */
async function watch(): Promise<void> {
  let taken = 0;
  for (let second = 1; Date.now() < endsAt; second++) {
    await sleep(1_000);
    for (; taken < requests.length; taken++) note(requests[taken] as Answered);
    if (second % 3 === 0) {
      const { conversations } = await client.status();
      for (const { id, nextWarmAt } of conversations) if (nextWarmAt !== null) due.set(id, nextWarmAt);
    }
    if (second % 5 === 0) memory.push({ at: Date.now(), mb: residentMb(gateway.pid) });
    if (second % 60 === 0) report();
  }
}

function note({ session, isWarm, at }: Answered): void {
  const dueAt = due.get(session);
  due.delete(session);
  // Otherwise it was armed after the gateway was last asked.
  if (isWarm && dueAt !== undefined && Math.abs(at - dueAt) < TTL_MS / 4)
    lateness.push({ at, ms: at - dueAt });
}

function report(): void {
  const minute = Math.round((Date.now() - startedAt) / 60_000);
  const warms = requests.filter(({ isWarm }) => isWarm).length;
  const late = lateness.filter(({ at }) => at > Date.now() - 60_000).map(({ ms }) => ms);
  console.log(
    `minute ${minute}: ${requests.length - warms} turns, ${warms} warms, ${coldWarms().length} cold; ` +
      `late p50 ${median(late).toFixed(1)} ms, p99 ${percentile(late, 99).toFixed(1)} ms; ` +
      `resident ${Math.round(memory.at(-1)?.mb ?? 0)} MB`,
  );
}

/** Warms that found nothing to read. */
function coldWarms(): Answered[] {
  return requests.filter(({ isWarm, status, readTokens }) => isWarm && status === 200 && readTokens === 0);
}

async function verdict(): Promise<boolean> {
  // Until what is under way has landed; then what both counted is looked at in one moment.
  const counted = await agreed();
  const from = startedAt + WARM_UP_MS;
  const third = (endsAt - from) / 3;
  const thirds = <T extends { at: number }>(samples: readonly T[]) =>
    [0, 1, 2].map((nth) =>
      samples.filter(({ at }) => at >= from + nth * third && at < from + (nth + 1) * third),
    );
  const mb = thirds(memory).map((samples) => median(samples.map((sample) => sample.mb)));
  const late = thirds(lateness).map((samples) => samples.map(({ ms }) => ms));
  const growth = (mb[2] ?? Number.NaN) / (mb[0] ?? Number.NaN);
  const driftMs = median(late[2] ?? []) - median(late[0] ?? []);
  const cold = coldWarms();
  const excused = cold.filter(leftTooLate);
  const shown = (figures: readonly number[], digits: number) =>
    figures.map((one) => one.toFixed(digits)).join(", ");
  console.log(`\n${MINUTES} minutes, ${CONVERSATIONS} conversations, ${(MINUTES * 60_000) / TTL_MS} TTLs`);
  const checks = [
    check(`resident by thirds: ${shown(mb, 0)} MB, growth ${growth.toFixed(2)}`, growth <= MOST_GROWTH),
    check(
      `lateness by thirds: p50 ${shown(late.map(median), 1)} ms, p99 ${shown(
        late.map((ms) => percentile(ms, 99)),
        1,
      )} ms (${lateness.length} warms)`,
      driftMs <= MOST_DRIFT_MS,
    ),
    check(`turns: gateway ${counted.ours.turns}, emulator ${counted.theirs.turns}`, counted.isEqual),
    check(`warms: gateway ${counted.ours.warms}, emulator ${counted.theirs.warms}`, counted.isEqual),
    check(
      `cold warms: ${cold.length}, of which ${excused.length} left too late`,
      cold.length === excused.length,
    ),
    check(`failed turns: ${failures}`, failures === 0),
  ];
  return checks.every((isGood) => isGood);
}

function check(what: string, isGood: boolean): boolean {
  console.log(`${isGood ? "ok    " : "MISSED"} ${what}`);
  return isGood;
}

/** Whether a warm left so late, because the machine was busy, that its entry had gone. */
function leftTooLate(warm: Answered): boolean {
  const before = requests.findLast(
    ({ session, at, status }) => session === warm.session && at < warm.at && status === 200,
  );
  return before !== undefined && warm.at - before.at >= TTL_MS - marginMs(TTL_MS) / 4;
}

/** Both counts at one moment at which nothing is on its way, or the last ones. */
async function agreed() {
  for (let attempt = 0; ; attempt++) {
    const { gateway: info } = await client.status();
    await sleep(20);
    const warms = requests.filter(({ isWarm }) => isWarm).length;
    const theirs = { turns: requests.length - warms, warms };
    const ours = { turns: info.turns, warms: info.warms };
    const isEqual = ours.turns === theirs.turns && ours.warms === theirs.warms;
    if (isEqual || attempt >= 500) return { ours, theirs, isEqual };
  }
}
