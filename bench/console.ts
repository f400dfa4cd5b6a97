/**
 * What the console costs the gateway that serves it: nothing while it is closed, and under 1 % of a core with 1,000
 * conversations and one page open. And what a storm of changes costs the agents whose requests pass meanwhile.
 *
 * Of the first: 1,000 conversations that are kept warm, on a clock twice as fast as theirs is, and some turns a
 * second; the CPU time of the gateway's process with one listener to its events and with none, in turns. Of the
 * second: the time to the first byte of requests, calm, in a storm of 10,000 notices a second that nobody listens to,
 * and in one that a page listens to.
 *
 * Limits: a listener adds at most 1 % of a core (median), a storm at most 1 ms to the first byte (p50). Needs Linux,
 * where a process's CPU time is told to 10 ms, and `npm run build`.
 *
 * Run: npm run bench:console [-- --conversations 1000 --rounds 5 --seconds 20]
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type ControlClient, discover } from "../src/hub/index.ts";
import { type Served, startGateway, startScript } from "./support/child-process.ts";
import { Connection, messagesRequest } from "./support/load.ts";
import { median, percentile } from "./support/statistics.ts";
import { transcript } from "./support/transcript.ts";

const { values } = parseArgs({
  options: {
    conversations: { type: "string", default: "1000" },
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "20" },
  },
});
const CONVERSATIONS = Number(values.conversations);
const ROUNDS = Number(values.rounds);
const WINDOW_MS = Number(values.seconds) * 1_000;
const MOST_CORE = 0.01;
const MOST_ADDED_MS = 1;
/** Half of the API's: warms come twice as often as those of 1,000 conversations do. */
const TTL_MS = 150_000;
/** Turns that begin, beside the warms. */
const TURNS_PER_SECOND = 5;
const BODY_BYTES = 20_000;
const NOTICES_PER_SECOND = 10_000;
/** How long a listener that has left may come back, and is still watched for, in ms. */
const RETURN_MS = 60_000;

const script = (name: string) => fileURLToPath(new URL(`./support/${name}`, import.meta.url));

await cost();
await storm();

async function cost(): Promise<void> {
  const upstream = await startScript(script("emulator.ts"), [String(TTL_MS)]);
  const gateway = await startGateway({
    upstream: upstream.url,
    args: ["--enable-new", "--ttl-5m", `${TTL_MS}ms`],
  });
  try {
    const client = await clientOf(gateway.directory);
    // Spread over the life of their prefixes, as their warms are from then on.
    await turns(gateway.url, CONVERSATIONS, TTL_MS - 10_000);
    const talking = new AbortController();
    const talk = converse(gateway.url, talking.signal);
    await cpuShare(gateway, WINDOW_MS);
    const never = await cpuShare(gateway, WINDOW_MS);
    const open: number[] = [];
    const closed: number[] = [];
    let events = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const listening = new AbortController();
      const listener = listen(client, listening.signal, () => events++);
      await sleep(2_000);
      events = 0;
      open.push(await cpuShare(gateway, WINDOW_MS));
      listening.abort();
      await listener;
      closed.push(await cpuShare(gateway, WINDOW_MS));
    }
    await sleep(RETURN_MS);
    const afterwards = await cpuShare(gateway, WINDOW_MS);
    talking.abort();
    await talk;
    const { warms, turns: begun } = (await client.status()).gateway;
    const added = median(open.map((share, at) => share - (closed[at] ?? 0)));
    const shown = (share: number) => `${(share * 100).toFixed(2)} %`;
    console.log(`${CONVERSATIONS} conversations kept warm, ${begun} turns and ${warms} warms in all;`);
    console.log(`the gateway's process, of one core, ${ROUNDS} rounds of ${values.seconds} s:`);
    console.log(`  never opened ${shown(never)}   closed again a minute ago ${shown(afterwards)}`);
    console.log(`  closed ${shown(median(closed))}   one page open ${shown(median(open))}, ${events} events`);
    console.log(`  a page adds ${shown(added)} (median)`);
    verdict(`at most ${shown(MOST_CORE)} of a core for one page`, added <= MOST_CORE);
  } finally {
    await gateway.stop();
    await upstream.stop();
  }
}

async function storm(): Promise<void> {
  const upstream = await startScript(script("sse-upstream.ts"));
  const directory = mkdtempSync(join(tmpdir(), "keepwarm-storm-"));
  const gateway = await startScript(script("stormy-gateway.ts"), [upstream.url, directory]);
  try {
    const client = await clientOf(directory);
    await turns(gateway.url, CONVERSATIONS, 10_000);
    const connection = await Connection.open(gateway.url);
    const request = messagesRequest(transcript(5_000, 2_000), { "x-session-id": "asks-meanwhile" });
    const firstBytes = async () => {
      const samples: number[] = [];
      for (let asked = -20; asked < 400; asked++) {
        const { firstByteMs } = await connection.ask(request);
        if (asked >= 0) samples.push(firstByteMs);
        await sleep(5);
      }
      return samples;
    };
    const phases: Record<string, number[]> = {
      calm: [],
      "storm, nobody listens": [],
      "storm, a page listens": [],
    };
    let events = 0;
    for (let round = 0; round < 3; round++) {
      gateway.tell({ notices: 0 });
      phases.calm?.push(...(await firstBytes()));
      gateway.tell({ notices: NOTICES_PER_SECOND });
      phases["storm, nobody listens"]?.push(...(await firstBytes()));
      const listening = new AbortController();
      const listener = listen(client, listening.signal, () => events++);
      await sleep(1_000);
      phases["storm, a page listens"]?.push(...(await firstBytes()));
      listening.abort();
      await listener;
    }
    connection.close();
    console.log(
      `first byte through the gateway, ms, 1,200 requests each; ${NOTICES_PER_SECOND} notices a second:`,
    );
    const p50 = (samples: readonly number[] = []) => percentile(samples, 50);
    for (const [phase, samples] of Object.entries(phases)) {
      const figures = [50, 99].map((percent) => `p${percent} ${percentile(samples, percent).toFixed(2)}`);
      console.log(`  ${phase.padEnd(24)} ${figures.join("   ")}`);
    }
    const added = p50(phases["storm, a page listens"]) - p50(phases.calm);
    verdict(`a storm adds at most ${MOST_ADDED_MS} ms (p50)`, added <= MOST_ADDED_MS);
  } finally {
    await gateway.stop();
    await upstream.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function clientOf(directory: string): Promise<ControlClient> {
  const found = await discover(directory);
  if (found.state !== "running") throw new Error(`the gateway is ${found.state}`);
  return found.client;
}

async function listen(client: ControlClient, signal: AbortSignal, heard: () => void): Promise<void> {
  for await (const _ of client.events({ signal })) heard();
}

/** One turn of each conversation, spread over a time. */
async function turns(url: string, count: number, overMs: number): Promise<void> {
  const connections = await Promise.all(Array.from({ length: 8 }, () => Connection.open(url)));
  const startedAt = performance.now();
  let next = 0;
  await Promise.all(
    connections.map(async (connection) => {
      for (let session = next++; session < count; session = next++) {
        await sleep(Math.max(0, startedAt + (session / count) * overMs - performance.now()));
        await connection.ask(requestOf(session));
      }
      connection.close();
    }),
  );
}

function requestOf(session: number): Buffer {
  return messagesRequest(transcript(session, BODY_BYTES), { "x-session-id": `session-${session}` });
}

/** Some of them go on, for as long as they may. */
async function converse(url: string, signal: AbortSignal): Promise<void> {
  const connection = await Connection.open(url);
  for (let turn = 0; !signal.aborted; turn++) {
    await connection.ask(requestOf((turn * 37) % CONVERSATIONS));
    await sleep(1_000 / TURNS_PER_SECOND);
  }
  connection.close();
}

/** CPU time of a process while so much time passes, as a share of one core. */
async function cpuShare({ pid }: Pick<Served, "pid">, forMs: number): Promise<number> {
  const startedAt = performance.now();
  const before = cpuMs(pid);
  await sleep(forMs);
  return (cpuMs(pid) - before) / (performance.now() - startedAt);
}

/** In clock ticks of 10 ms (proc(5): utime and stime, after the name in brackets). */
function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function verdict(limit: string, isKept: boolean): void {
  console.log(`limit: ${limit}: ${isKept ? "kept" : "MISSED"}`);
  if (!isKept) process.exitCode = 1;
}
