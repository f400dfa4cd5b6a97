/**
 * What the gateway costs a client, with every conversation watched and kept warm: beside the same requests sent to
 * the upstream directly, and through `@fastify/reply-from`, which forwards and nothing else. Client, upstream and
 * proxies are processes of their own; rounds alternate, medians count.
 *
 * Limits: where every event comes in a packet of its own, as from a model, throughput at least 0.95 of reply-from's;
 * and at most 1 ms until the first byte beyond a direct call's (p50). Beside them: events that come as fast as they
 * can, some hundred in a packet, which measures little but how a proxy takes chunks apart.
 *
 * Run: npm run bench:gateway [-- --rounds 9]
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { residentMb, type Served, startGateway, startScript } from "./support/child-process.ts";
import { Connection, messagesRequest } from "./support/load.ts";
import { median, percentile } from "./support/statistics.ts";
import { transcript } from "./support/transcript.ts";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "9" } },
});
const ROUNDS = Number(values.rounds);
const CONNECTIONS = 64;
const SESSIONS = 64;
const EVENTS = 200;
const BODY_BYTES = 20_000;
const LARGE_BODY_BYTES = 800_000;
const LEAST_THROUGHPUT = 0.95;
const MOST_ADDED_MS = 1;

const PEER = "@fastify/reply-from";
const names = ["direct", PEER, "keepwarm"] as const;
type Name = (typeof names)[number];

installPeers();
const script = (name: string) => fileURLToPath(new URL(`./support/${name}`, import.meta.url));
const upstream = await startScript(script("sse-upstream.ts"));
const peer = await startScript(script("reply-from.js"), [upstream.url]);
const gateway = await startGateway({ upstream: upstream.url, args: ["--enable-new"] });
const served: Record<Name, Served> = { direct: upstream, [PEER]: peer, keepwarm: gateway };

try {
  const share = await throughput("one in a packet", 10, { "x-bench-pace": "event" });
  await throughput("as fast as they come", 40, {});
  const residentAfter = memory();
  const small = await firstBytes("2 kB", 2_000, 400, 2);
  await firstBytes("800 kB", LARGE_BODY_BYTES, 60, 40);
  console.log(residentAfter);
  verdict(share, small);
} finally {
  for (const one of [gateway, peer, upstream]) await one.stop();
}

/**
 * Returns keepwarm's share of the peer's events a second.
 *
 * @param times requests of each connection in a round
 */
async function throughput(
  how: string,
  times: number,
  headers: Readonly<Record<string, string>>,
): Promise<number> {
  const requests = Array.from({ length: SESSIONS }, (_, session) =>
    messagesRequest(transcript(session, BODY_BYTES), { "x-session-id": `session-${session}`, ...headers }),
  );
  const rounds: Record<Name, number[]> = { direct: [], [PEER]: [], keepwarm: [] };
  for (let round = -1; round < ROUNDS; round++) {
    for (const name of inTurn(round)) {
      const perSecond = await load(served[name].url, requests, times);
      // What one puts off until it is idle is not the next one's; and the first round only warms up.
      await sleep(100);
      if (round >= 0) rounds[name].push(perSecond);
    }
  }
  const [direct, forwarded, ours] = names.map((name) => median(rounds[name]));
  const k = (perSecond = Number.NaN) => `${Math.round(perSecond / 1_000)}k`;
  console.log(
    `events a second, ${how}, ${CONNECTIONS} connections x ${times} requests x ${EVENTS} events, ${ROUNDS} rounds:`,
  );
  console.log(`  direct ${k(direct)}   ${PEER} ${k(forwarded)}   keepwarm ${k(ours)}`);
  const share = (ours ?? 0) / (forwarded ?? 1);
  console.log(
    `  keepwarm / direct ${((ours ?? 0) / (direct ?? 1)).toFixed(2)}   keepwarm / ${PEER} ${share.toFixed(2)}`,
  );
  return share;
}

/** Events a second. */
async function load(url: string, requests: readonly Buffer[], times: number): Promise<number> {
  const connections = await Promise.all(Array.from({ length: CONNECTIONS }, () => Connection.open(url)));
  const startedAt = performance.now();
  await Promise.all(
    connections.map(async (connection, at) => {
      const request = requests[at % requests.length] as Buffer;
      for (let asked = 0; asked < times; asked++) await connection.ask(request);
    }),
  );
  const seconds = (performance.now() - startedAt) / 1_000;
  for (const connection of connections) connection.close();
  return (CONNECTIONS * times * EVENTS) / seconds;
}

/** Returns how much later keepwarm's first byte comes than a direct call's, at p50 in ms. */
async function firstBytes(what: string, bodyBytes: number, times: number, pauseMs: number): Promise<number> {
  const request = messagesRequest(transcript(1_000, bodyBytes), {
    "x-session-id": `first-byte-${bodyBytes}`,
  });
  const connections = new Map<Name, Connection>();
  for (const name of names) connections.set(name, await Connection.open(served[name].url));
  const samples: Record<Name, number[]> = { direct: [], [PEER]: [], keepwarm: [] };
  for (let round = -20; round < times; round++) {
    for (const name of inTurn(round + 20)) {
      const answered = await connections.get(name)?.ask(request);
      await sleep(pauseMs);
      if (round >= 0) samples[name].push(answered?.firstByteMs ?? Number.NaN);
    }
  }
  for (const connection of connections.values()) connection.close();
  const at = (name: Name, percent: number) => percentile(samples[name], percent);
  const added = (name: Name, percent: number) => at(name, percent) - at("direct", percent);
  console.log(`first byte of a ${what} request, ms, ${times} rounds (added to direct):`);
  for (const name of names) {
    const figures = [50, 99].map(
      (percent) => `p${percent} ${at(name, percent).toFixed(2)} (+${added(name, percent).toFixed(2)})`,
    );
    console.log(`  ${name.padEnd(20)} ${figures.join("   ")}`);
  }
  return added("keepwarm", 50);
}

function memory(): string {
  const figures = ([PEER, "keepwarm"] as const).map(
    (name) => `${name} ${Math.round(residentMb(served[name].pid))} MB`,
  );
  return `resident after the load: ${figures.join("   ")}`;
}

function verdict(share: number, addedMs: number): void {
  const isFast = share >= LEAST_THROUGHPUT;
  const isPrompt = addedMs <= MOST_ADDED_MS;
  console.log(`limit: throughput ≥ ${LEAST_THROUGHPUT} of ${PEER}'s: ${isFast ? "kept" : "MISSED"}`);
  console.log(`limit: first byte at most ${MOST_ADDED_MS} ms later (p50): ${isPrompt ? "kept" : "MISSED"}`);
  if (!isFast || !isPrompt) process.exitCode = 1;
}

/** Each begins as often as the others. */
function inTurn(round: number): Name[] {
  const first = (round + names.length) % names.length;
  return [...names.slice(first), ...names.slice(0, first)];
}

/** Only here, and not with the project's own: `npm ci` stays small. */
function installPeers(): void {
  const bench = fileURLToPath(new URL(".", import.meta.url));
  if (existsSync(`${bench}node_modules/${PEER}`)) return;
  console.log("installing what keepwarm is measured against, into bench/node_modules");
  const flags = ["--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"];
  execFileSync("npm", ["install", ...flags], { cwd: bench, stdio: ["ignore", "ignore", "inherit"] });
}
