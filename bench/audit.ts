/**
 * A gigabyte of transcripts: `keepwarm audit` as it is built, whole, and beside it the least that a program can
 * do with the same files: split them into lines and parse each. Alternating rounds, each in a process of its
 * own; medians, ratio, and the most memory each held. Then a quarter of that in a database of OpenCode's, and
 * thousands of small files.
 *
 * Run: npm run bench:audit [megabytes] [rounds]     (1000 and 3)
 */
import { spawnSync } from "node:child_process";
import { createReadStream, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { writeClaudeCode } from "../test/audit/written/claude-code.ts";
import { writeCodex } from "../test/audit/written/codex.ts";
import { type Content, type Exchange, exchange, type Session } from "../test/audit/written/exchange.ts";
import { writeOpenCodeDatabase2 } from "../test/audit/written/opencode.ts";
import { writePi } from "../test/audit/written/pi.ts";

const MINUTE_MS = 60_000;
const FIRST = Date.UTC(2026, 0, 5, 9);

/** Told to whoever ran it, at the end: what the process took, as the system counted it. */
const TELL = `process.on("exit", () => {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  require("node:fs").writeFileSync(process.env.BENCH_OUT, JSON.stringify({
    peakMb: maxRSS / 1024, cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
  }));
});`;
const SMALL_FILES = 5_000;
const CLI = join(import.meta.dirname, "..", "dist", "cli.js");

const [first = "1000", second = "3"] = process.argv.slice(2);
if (first === "parse") await parse(second);
else await measure(Number(first), Number(second));

interface Measured {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMb: number;
}

async function measure(megabytes: number, rounds: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "keepwarm-bench-"));
  try {
    const { bytes, files } = generate(folder, megabytes * 1e6);
    console.log(`${files} files, ${Math.round(bytes / 1e6)} MB`);
    const audits: Measured[] = [];
    const parses: Measured[] = [];
    for (let round = 0; round < rounds; round++) {
      audits.push(alone([CLI, "audit", "--json"], folder));
      parses.push(alone([import.meta.filename, "parse", folder], folder));
    }
    const [ours, plain] = [told("keepwarm audit", audits, bytes), told("split and parse", parses, bytes)];
    console.log(`ratio: ${(ours / plain).toFixed(1)} times a plain pass`);
  } finally {
    rmSync(folder, { recursive: true });
  }
  besides("OpenCode's database", rounds, (home) => database(home, (megabytes / 4) * 1e6));
  besides(`${SMALL_FILES} small files`, rounds, smallFiles);
}

/** @param generate gives the bytes that it wrote */
function besides(name: string, rounds: number, generate: (home: string) => number): void {
  const home = mkdtempSync(join(tmpdir(), "keepwarm-bench-"));
  try {
    const bytes = generate(home);
    const runs = Array.from({ length: rounds }, () => alone([CLI, "audit", "--json"], home));
    told(name, runs, bytes);
  } finally {
    rmSync(home, { recursive: true });
  }
}

function database(home: string, most: number): number {
  const random = seeded(11);
  const answers = 100;
  const bytesEach = answers * 8_000;
  const sessions = Array.from({ length: Math.ceil(most / bytesEach) }, (_, index) => ({
    id: `session-${index}`,
    cwd: `/home/someone/project-${index % 17}`,
    exchanges: exchanges(FIRST + index * 37 * MINUTE_MS, answers, random),
    content: contentOf(random),
  }));
  return statSync(writeOpenCodeDatabase2(join(home, ".local/share/opencode"), sessions)).size;
}

function smallFiles(home: string): number {
  const random = seeded(13);
  return Array.from({ length: SMALL_FILES }, (_, index) => {
    const id = `session-${index}`;
    const some = exchanges(FIRST + index * 37 * MINUTE_MS, 3, random);
    return statSync(
      writeClaudeCode(join(home, ".claude"), { id, cwd: `/home/x/p${index % 17}`, exchanges: some }),
    ).size;
  }).reduce((sum, size) => sum + size, 0);
}

function told(name: string, runs: readonly Measured[], bytes: number): number {
  const seconds = median(runs.map((run) => run.seconds));
  const cpu = median(runs.map(({ cpuSeconds }) => cpuSeconds));
  const peak = Math.max(...runs.map(({ peakMb }) => peakMb));
  const speed = Math.round(bytes / 1e6 / seconds);
  console.log(
    `${name.padEnd(20)} ${seconds.toFixed(1)} s (${cpu.toFixed(1)} s of processor), ${speed} MB/s, ${Math.round(peak)} MB at most`,
  );
  return seconds;
}

/** In a process of its own, whose memory is nobody else's, with nothing of this machine's own transcripts. */
function alone(command: readonly string[], home: string): Measured {
  const out = join(home, "measured.json");
  const preload = join(home, "tell.cjs");
  writeFileSync(preload, TELL);
  const startedAt = performance.now();
  const { stderr, status } = spawnSync(process.execPath, ["--require", preload, ...command], {
    env: { PATH: process.env.PATH, HOME: home, BENCH_OUT: out },
    stdio: ["ignore", "ignore", "pipe"],
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  const seconds = (performance.now() - startedAt) / 1_000;
  return { ...JSON.parse(readFileSync(out, "utf8")), seconds };
}

async function parse(folder: string): Promise<void> {
  for (const name of await readdir(folder, { recursive: true })) {
    if (!name.endsWith(".jsonl")) continue;
    for await (const line of createInterface({ input: createReadStream(join(folder, name)) }))
      JSON.parse(line);
  }
}

/** Sessions as long as they are in life: code comes back from tools, answers are short, and people pause. */
function generate(folder: string, most: number): { bytes: number; files: number } {
  const random = seeded(7);
  let bytes = 0;
  let files = 0;
  for (let index = 0; bytes < most; index++) {
    const session: Session = {
      id: `session-${index}`,
      cwd: `/home/someone/project-${index % 17}`,
      exchanges: exchanges(FIRST + index * 37 * MINUTE_MS, 40 + Math.floor(random() * 160), random),
      content: contentOf(random),
    };
    const kind = index % 10;
    const file =
      kind === 8
        ? writePi(join(folder, ".pi/agent"), session)
        : kind === 9
          ? writeCodex(join(folder, ".codex"), session)
          : writeClaudeCode(join(folder, ".claude"), session);
    bytes += statSync(file).size;
    files += 1;
  }
  return { bytes, files };
}

function contentOf(random: () => number): Content {
  return {
    person: prose(300),
    model: prose(1_200),
    tool: code(2_000 + Math.floor(random() * 12_000)),
  };
}

function exchanges(from: number, count: number, random: () => number): Exchange[] {
  let startedAt = from;
  let cached = 0;
  let pausedMs = 0;
  return Array.from({ length: count }, (_, index) => {
    // As recorded: about 3 % of the pauses are longer than five minutes.
    const ends = index % 12 === 11;
    const grown = 400 + Math.floor(random() * 2_000);
    const gapMs = ends ? MINUTE_MS * 10 ** (random() * 2.5 - 0.9) : 5_000 + random() * 20_000;
    const isCold = cached === 0 || pausedMs > 5 * MINUTE_MS;
    const one = exchange({
      startedAt: Math.round(startedAt),
      write5m: isCold ? cached + grown : grown,
      read: isCold ? 0 : cached,
      stop: ends ? "end_turn" : "tool_use",
    });
    cached += grown;
    startedAt += gapMs;
    pausedMs = gapMs;
    return one;
  });
}

function prose(length: number): string {
  return "What a person or a model says, in sentences of some length. ".repeat(length / 60).slice(0, length);
}

function code(length: number): string {
  const line = '  const value = readings.get("name") ?? { "usage": [1, 2, 3], text: `a\\tb` };\n';
  return line.repeat(length / line.length + 1).slice(0, length);
}

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
