/**
 * How long it takes to turn a captured 4 MB request into its warm: facts, rules and edit, from bytes to bytes.
 * Measured against JSON.parse of the same bytes, in alternating rounds: the limit is a share of
 * that, so that a busy machine does not change the answer. Run with `node bench/warm-request.ts`.
 */
import { performance } from "node:perf_hooks";
import { type CapturedRequest, toWarmRequest } from "../src/anthropic/index.ts";

const TARGET_BYTES = 4 * 1024 * 1024;
const LIMIT = 2;
const AIM_MS = 20;
const ROUNDS = 40;
const WARM_UP_ROUNDS = 5;

const body = new TextEncoder().encode(JSON.stringify(conversation(TARGET_BYTES)));
const captured: CapturedRequest = {
  url: "https://api.anthropic.com/v1/messages",
  headers: { "x-api-key": "key", "anthropic-version": "2023-06-01", "content-type": "application/json" },
  body,
};

const ours: number[] = [];
const parse: number[] = [];
for (let round = 0; round < ROUNDS + WARM_UP_ROUNDS; round += 1) {
  const parseMs = timed(() => JSON.parse(new TextDecoder().decode(body)));
  const oursMs = timed(() => {
    const warm = toWarmRequest(captured);
    if (warm.kind !== "warm" || warm.maxTokens !== 0)
      throw new Error("the body was not warmed with 0 tokens");
  });
  if (round < WARM_UP_ROUNDS) continue;
  parse.push(parseMs);
  ours.push(oursMs);
}

const oursMedian = median(ours);
const parseMedian = median(parse);
const megabytes = (body.length / (1024 * 1024)).toFixed(2);
console.log(`captured request      ${megabytes} MB, ${ROUNDS} rounds`);
console.log(
  `to warm request       ${oursMedian.toFixed(2)} ms median, ${Math.max(...ours).toFixed(2)} ms worst`,
);
console.log(`JSON.parse of it      ${parseMedian.toFixed(2)} ms median`);
const share = oursMedian / parseMedian;
console.log(
  `share of JSON.parse   ${share.toFixed(2)}, limit ${LIMIT}: ${share <= LIMIT ? "kept" : "EXCEEDED"}`,
);
console.log(`aim                   ${AIM_MS} ms median on a quiet machine`);
process.exitCode = share <= LIMIT ? 0 : 1;

function timed(work: () => void): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

function median(values: readonly number[]): number {
  const inOrder = values.toSorted((a, b) => a - b);
  return inOrder[Math.floor(inOrder.length / 2)] ?? 0;
}

/** An agent's conversation: prose, edits of code full of quotes, and what its tools printed. */
function conversation(bytes: number): object {
  const messages: object[] = [
    { role: "user", content: "Please find out why the build is slow.\nThen fix it." },
  ];
  let size = 0;
  for (let turn = 0; size < bytes; turn += 1) {
    const exchange = exchangeOf(turn);
    size += JSON.stringify(exchange).length;
    messages.push(...exchange);
  }
  messages.push({
    role: "user",
    content: [{ type: "text", text: "Go on.", cache_control: { type: "ephemeral" } }],
  });
  return {
    model: "claude-opus-5-5",
    max_tokens: 32_000,
    stream: true,
    thinking: { type: "adaptive" },
    system: [{ type: "text", text: prose(40), cache_control: { type: "ephemeral" } }],
    tools: ["read", "edit", "run"].map((name) => ({
      name,
      description: prose(4),
      input_schema: { type: "object", properties: { path: { type: "string" } }, required: ["path"] },
    })),
    messages,
  };
}

function exchangeOf(turn: number): object[] {
  const id = `toolu_${turn}`;
  const input = { path: `src/module-${turn}.ts`, old: code(turn, 30), new: code(turn + 1, 30) };
  const content = [{ type: "text", text: code(turn, 90) + prose(12) }];
  return [
    {
      role: "assistant",
      content: [
        { type: "text", text: prose(6) },
        { type: "tool_use", id, name: "edit", input },
      ],
    },
    { role: "user", content: [{ type: "tool_result", tool_use_id: id, content }] },
  ];
}

function prose(lines: number): string {
  const line =
    "The bundler walks every module twice: once for the graph, and once more for “side effects”.\n";
  return line.repeat(lines);
}

function code(seed: number, lines: number): string {
  return Array.from(
    { length: lines },
    (_, line) =>
      `  log.info("module ${seed}:${line}", { "path": "src/${line}.ts", cost: ${seed * line} });\n`,
  ).join("");
}
