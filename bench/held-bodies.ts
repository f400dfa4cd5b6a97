/**
 * What a gateway's memory holds of 1,000 conversations whose people are away: each the last request of an agent's
 * conversation, of 1 MB, compressed once it is idle. All are enabled, so none may be let go of.
 *
 * Limit: 400 MB resident (of 1,000,000 bytes) once they are idle. Needs `npm run build`.
 *
 * Run: npm run bench:held-bodies [-- --conversations 1000 --body-bytes 1000000]
 */
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { discover } from "../src/hub/index.ts";
import { residentMb, startGateway, startScript } from "./support/child-process.ts";
import { Connection, messagesRequest } from "./support/load.ts";
import { transcript } from "./support/transcript.ts";

const { values } = parseArgs({
  options: {
    conversations: { type: "string", default: "1000" },
    "body-bytes": { type: "string", default: "1000000" },
  },
});
const CONVERSATIONS = Number(values.conversations);
const BODY_BYTES = Number(values["body-bytes"]);
const MOST_MB = 400;
/** Requests at once, at most. */
const CONNECTIONS = 4;
/** Each with 1 MB: many times what 1,000 people and their agents send. */
const TURNS_PER_SECOND = 20;
/** How long they are idle before they are measured, in ms: a few seconds more than it takes to compress them. */
const IDLE_MS = 20_000;

const upstream = await startScript(fileURLToPath(new URL("./support/sse-upstream.ts", import.meta.url)));
const gateway = await startGateway({
  upstream: upstream.url,
  args: ["--enable-new", "--max-held-mb", "2000"],
});
try {
  await measure();
} finally {
  await gateway.stop();
  await upstream.stop();
}

async function measure(): Promise<void> {
  const found = await discover(gateway.directory);
  if (found.state !== "running") throw new Error(`the gateway is ${found.state}`);
  const { client } = found;
  const beforeMb = residentMb(gateway.pid);
  let peakMb = beforeMb;
  const watch = setInterval(() => {
    peakMb = Math.max(peakMb, residentMb(gateway.pid));
  }, 200);
  const { sentBytes, gzipRatio } = await converse();
  await sleep(IDLE_MS);
  clearInterval(watch);
  const afterMb = residentMb(gateway.pid);
  const { gateway: info, conversations } = await client.status();
  const kept = conversations.filter(({ nextWarmAt }) => nextWarmAt !== null).length;
  const heldMb = info.heldBytes / 1e6;
  const mb = (amount: number) => `${Math.round(amount)} MB`;
  console.log(
    `${CONVERSATIONS} idle conversations, ${mb(sentBytes / 1e6)} of bodies (gzip -6 makes 1/${gzipRatio.toFixed(1)} of one)`,
  );
  console.log(`resident: before ${mb(beforeMb)}   peak ${mb(peakMb)}   idle ${mb(afterMb)}`);
  console.log(`held: ${mb(heldMb)}, 1/${(sentBytes / info.heldBytes).toFixed(1)} of what was sent`);
  console.log(`beyond what is held: ${mb(afterMb - beforeMb - heldMb)}; ${kept} are about to be warmed`);
  const isKept = afterMb <= MOST_MB && kept === CONVERSATIONS;
  console.log(`limit: ${MOST_MB} MB resident, and none let go of: ${isKept ? "kept" : "MISSED"}`);
  if (!isKept) process.exitCode = 1;
}

/** One turn of each, with a few of them at once. */
async function converse(): Promise<{ sentBytes: number; gzipRatio: number }> {
  const startedAt = performance.now();
  let next = 0;
  let sentBytes = 0;
  let gzipRatio = 0;
  async function some(connection: Connection): Promise<void> {
    for (let at = next++; at < CONVERSATIONS; at = next++) {
      const body = transcript(at, BODY_BYTES);
      const bytes = Buffer.byteLength(body);
      await sleep(startedAt + (at * 1_000) / TURNS_PER_SECOND - performance.now());
      if (at === 0) gzipRatio = bytes / gzipSync(body, { level: 6 }).length;
      sentBytes += bytes;
      await connection.ask(messagesRequest(body, { "x-session-id": `conversation-${at}` }));
    }
  }
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      const connection = await Connection.open(gateway.url);
      await some(connection);
      connection.close();
    }),
  );
  return { sentBytes, gzipRatio };
}
