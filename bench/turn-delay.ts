/**
 * What watching costs a real turn: the same 4 MB request on a kept-alive connection, by plain `fetch` and by
 * keepwarm's, to a server of another process. Printed as medians of alternating rounds, and as ratios.
 *
 * Run: node bench/turn-delay.ts
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { createKeepwarm } from "../src/hosts/sdk/index.ts";

const ROUNDS = 40;
const BODY_BYTES = 4_000_000;

if (process.send) serve();
else await measure();

/** Answers with the times, on the clock that both processes share, at which a request and its end arrived. */
function serve(): void {
  const server = createServer((request, response) => {
    const headersAt = clock();
    request.resume().once("end", () => {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ headersAt, bodyAt: clock() }));
    });
  });
  server.listen(0, "127.0.0.1", () => process.send?.(server.address()));
}

async function measure(): Promise<void> {
  const child = fork(import.meta.filename, { stdio: "ignore" });
  const [{ port }] = (await once(child, "message")) as [{ port: number }];
  const keepwarm = createKeepwarm();
  const line = 'The "quick" brown fox jumps.\\n'.repeat(120);
  const messages = Array.from({ length: Math.floor(BODY_BYTES / line.length) }, (_, index) => ({
    role: index % 2 === 0 ? "user" : "assistant",
    content: [{ type: "text", text: line }],
  }));
  const body = JSON.stringify({ model: "claude-opus-5-5", max_tokens: 64, messages });
  const turn = async (fetch: typeof globalThis.fetch) => {
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const startedAt = clock();
    const response = await fetch(`http://127.0.0.1:${port}/v1/messages`, { method: "POST", body });
    const { headersAt, bodyAt } = (await response.json()) as { headersAt: number; bodyAt: number };
    const doneAt = clock();
    // What keepwarm does afterwards is not the next round's.
    await sleep(50);
    delay.disable();
    return {
      "headers at the server": headersAt - startedAt,
      "body at the server": bodyAt - startedAt,
      "answer back": doneAt - startedAt,
      "longest stall of the loop": delay.max / 1e6,
    };
  };
  type Turn = Awaited<ReturnType<typeof turn>>;
  const plain: Turn[] = [];
  const watched: Turn[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    plain.push(await turn(fetch));
    watched.push(await turn(keepwarm.fetch));
  }
  console.log(
    `${(body.length / 1e6).toFixed(1)} MB request, ${ROUNDS} rounds   plain fetch   keepwarm   ratio`,
  );
  for (const name of Object.keys(plain[0] ?? {}) as (keyof Turn)[]) {
    const [a, b] = [plain, watched].map((turns) => median(turns.map((one) => one[name])));
    console.log(`${name.padEnd(30)}${ms(a)}   ${ms(b)}   ${((b ?? 0) / (a ?? 1)).toFixed(2)}`);
  }
  keepwarm.dispose();
  child.kill();
}

function clock(): number {
  return performance.timeOrigin + performance.now();
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function ms(value: number | undefined): string {
  return `${(value ?? Number.NaN).toFixed(1)} ms`.padStart(9);
}
