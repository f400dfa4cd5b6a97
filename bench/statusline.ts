/**
 * What a status line costs whoever draws it every second: `keepwarm statusline` as a whole process, beside Node
 * that starts and does nothing. For a session that Claude Code names on the input, and for all that are on, with one
 * conversation open and with many. Needs `npm run build`. Limit for a session: 80 ms where Node takes 20, so four
 * times as long.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type ServedGateway, startGateway, startScript } from "./support/child-process.ts";
import { median, percentile } from "./support/statistics.ts";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "31" }, many: { type: "string", default: "1000" } },
});
const ROUNDS = Number(values.rounds);
const MANY = Number(values.many);
const MOST_TIMES = 4;
const CLI = fileURLToPath(new URL("../dist/cli.js", import.meta.url));

const emulator = await startScript(fileURLToPath(new URL("support/emulator.ts", import.meta.url)), [
  "300000",
]);
const gateway = await startGateway({ upstream: emulator.url, args: ["--enable-new"] });

async function open(session: string): Promise<void> {
  const block = {
    type: "text",
    text: `${session} ${"word ".repeat(3_000)}`,
    cache_control: { type: "ephemeral" },
  };
  const answer = await fetch(`${gateway.url}/v1/messages`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-api-key": "sk-ant-api-any", "x-session-id": session },
    body: JSON.stringify({
      model: "claude-opus-5-5",
      max_tokens: 16,
      messages: [{ role: "user", content: [block] }],
    }),
  });
  await answer.arrayBuffer();
  if (!answer.ok) throw new Error(`the emulator answered ${answer.status}`);
}

interface Measured {
  readonly ms: number;
  readonly line: string;
}

function run(args: readonly string[], { directory }: ServedGateway, input = ""): Measured {
  const env = { ...process.env, KEEPWARM_HOME: directory, NO_COLOR: "1" };
  const startedAt = performance.now();
  const { stdout } = spawnSync(process.execPath, args, { env, input, encoding: "utf8" });
  return { ms: performance.now() - startedAt, line: stdout.trim() };
}

const session = JSON.stringify({ session_id: "session-0", cwd: "/home/ada/cathedral" });
const subjects = {
  "node -e 0": () => run(["-e", "0"], gateway),
  "of a session": () => run([CLI, "statusline"], gateway, session),
  "of all that are on": () => run([CLI, "statusline"], gateway),
} as const;

/** The median for a session, as so many times that of `node -e 0`. */
function measure(title: string): number {
  const times = Object.keys(subjects).map((name) => [name, [] as number[]] as const);
  let line = "";
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, taken] of times) {
      const measured = subjects[name as keyof typeof subjects]();
      taken.push(measured.ms);
      if (name !== "node -e 0" && measured.line === "") throw new Error(`there was no line ${name}`);
      line = measured.line;
    }
  }
  const base = median(times[0]?.[1] ?? []);
  console.log(`${title} (${line})`);
  for (const [name, taken] of times) {
    const ratio = (median(taken) / base).toFixed(2);
    console.log(
      `  ${name.padEnd(20)} ${median(taken).toFixed(1).padStart(6)} ms   p95 ${percentile(taken, 95).toFixed(1).padStart(6)} ms   ${ratio} of node -e 0`,
    );
  }
  return median(times[1]?.[1] ?? []) / base;
}

try {
  await open("session-0");
  const one = measure("one conversation open");
  for (let opened = 1; opened < MANY; opened += 20) {
    await Promise.all(Array.from({ length: 20 }, (_, index) => open(`session-${opened + index}`)));
  }
  const many = measure(`${MANY} conversations open`);
  console.log(`limit for a session    ${MOST_TIMES} times node -e 0`);
  if (Math.max(one, many) > MOST_TIMES) {
    console.error(`keepwarm: a status line takes longer than ${MOST_TIMES} times node -e 0`);
    process.exitCode = 1;
  }
} finally {
  await gateway.stop();
  await emulator.stop();
}
