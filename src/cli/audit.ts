import { accessSync, constants, createWriteStream, realpathSync, statSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { setFlagsFromString } from "node:v8";
import { Command, Option } from "commander";
import type { Agent, AuditReport, Conversation, Read, Source } from "../audit/index.ts";
import { period } from "./arguments.ts";
import { sourcesOf, troubles } from "./audit-sources.ts";
import { UsageError } from "./errors.ts";
import { withExamples } from "./examples.ts";
import { tell } from "./invoked-as.ts";
import { pricesFrom } from "./price-file.ts";
import { type Progress, progressLine } from "./progress.ts";
import { settingsOf, withSettings } from "./setting-options.ts";

interface Asked {
  /** Ms. */
  readonly since?: number;
  readonly agent?: Agent;
  readonly json: boolean;
  readonly html?: string;
  readonly recordings?: string;
  /** Left out: of the agents' own transcripts. */
  readonly seed?: boolean;
}

/** As `AGENTS` of src/audit, which is loaded only when it runs. */
const AGENT_NAMES: readonly Agent[] = ["claude-code", "pi", "opencode", "codex"];

export function auditCommand(): Command {
  const command = new Command("audit")
    .description("say what idling has cost, and what each policy would have, from your agents' transcripts")
    .argument("[paths...]", "transcripts, or folders of them (default: those of your agents)")
    .addOption(new Option("--since <duration>", "how far to look back, such as 30d or 12w").argParser(period))
    .addOption(new Option("--agent <agent>", "only this agent's").choices(AGENT_NAMES))
    .option("--html <file>", "write a page with plots; it asks nothing of the network")
    .option("--json", "print JSON", false)
    .option(
      "--recordings <file>",
      "write the calls in numbers, under the agent's name alone, for keepwarm lab",
    )
    .option("--seed", "teach the policy auto how you pause (default: without paths)")
    .option("--no-seed", "teach it nothing")
    .addHelpText(
      "after",
      [
        "",
        "Transcripts are read on this machine and stay on it. No prompt is kept or",
        "printed, and no path but that of a file that cannot be read. What auto learns",
        "are counts of pauses by length: keepwarm forget --pauses removes them.",
      ].join("\n"),
    );
  withSettings(command, ["prices"]).action((paths: string[], asked: Asked) =>
    audit(paths, asked, settingsOf(command).settings.prices),
  );
  return withExamples(
    command,
    ["keepwarm audit", "all that your agents have kept"],
    ["keepwarm audit --since 90d --html audit.html", "three months, as a page to look at"],
    ["keepwarm audit ~/backup/claude --json | jq .idling.total", "others' transcripts, for a program"],
  );
}

async function audit(paths: readonly string[], asked: Asked, priceFile: string | undefined): Promise<void> {
  // What is parsed is let go of at once: room for new objects that grows to 100 MB would only be held, and so would
  // an old generation that may double before it is looked through.
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString("--heap-growing-percent=30");
  const { html, recordings, json, agent } = asked;
  // Before anything is read, which may take a minute.
  if (html !== undefined) mayWrite("--html", html);
  if (recordings !== undefined) mayWrite("--recordings", recordings);
  const prices = await pricesFrom(priceFile);
  const progress = progressLine();
  progress.show(0, "looking for transcripts");
  const found = await sourcesOf(paths, agent).finally(() => progress.end());
  if (html !== undefined) mustNotReplace("--html", html, found.sources);
  if (recordings !== undefined) mustNotReplace("--recordings", recordings, found.sources);
  const now = Date.now();
  const { auditOf, readTranscripts } = await import("../audit/index.ts");
  const { databaseClass } = await import("../storage/index.ts");
  const read = await readTranscripts(found, {
    databaseClass,
    ...(asked.since === undefined ? {} : { since: now - asked.since }),
    onProgress: ({ files, filesInAll, bytes, bytesInAll }) =>
      progress.show(
        bytesInAll === 0 ? files / Math.max(1, filesInAll) : bytes / bytesInAll,
        `reading ${files} of ${filesInAll} files, ${megabytes(Math.min(bytes, bytesInAll))} of ${megabytes(bytesInAll)}`,
      ),
  });
  const report = await auditOf(read, {
    onProgress: (done, inAll) => replaying(progress, done, inAll),
    ...(prices === undefined ? {} : { prices }),
  });
  progress.end();
  // Whoever reads what is printed may stop at any time, and that ends us: files come first.
  const notes = [
    ...troubles(read.reading, read.blocked),
    ...(html === undefined ? [] : [await writePage(html, report)]),
    ...(recordings === undefined ? [] : [await writeRecordings(recordings, read.conversations)]),
    ...(await taught(read, asked.seed ?? (paths.length === 0 ? "unasked" : false), now)),
  ];
  await show(report, json);
  for (const note of notes) console.error(`keepwarm: ${note}`);
}

async function replaying(progress: Progress, done: number, inAll: number): Promise<void> {
  progress.show(done / inAll, "replaying what each policy would have done");
  await new Promise((shown) => setImmediate(shown));
}

async function show(report: AuditReport, json: boolean): Promise<void> {
  if (json) return console.log(JSON.stringify(report, null, 2));
  const { auditText } = await import("./audit-text.ts");
  tell(auditText(report));
}

function mayWrite(flag: string, file: string): void {
  const known = statSync(file, { throwIfNoEntry: false });
  if (known?.isDirectory()) throw new UsageError(`${flag}: ${file} is a folder: name a file in it`);
  const folder = dirname(resolve(file));
  if (known === undefined && statSync(folder, { throwIfNoEntry: false }) === undefined) {
    throw new UsageError(`${flag}: there is no folder ${folder}: make it, or name another file`);
  }
  try {
    accessSync(known === undefined ? folder : file, constants.W_OK);
  } catch {
    throw new UsageError(`${flag}: ${file} may not be written: name another file`);
  }
}

/** A slip of the finger is not to cost a conversation. */
function mustNotReplace(flag: string, file: string, sources: readonly Source[]): void {
  if (statSync(file, { throwIfNoEntry: false }) === undefined) return;
  const real = realpathSync(file);
  if (sources.some(({ path }) => path === resolve(file) || realpathSync(path) === real)) {
    throw new UsageError(`${flag}: ${file} is a transcript, and would be written over: name another file`);
  }
}

async function writePage(file: string, report: AuditReport): Promise<string> {
  const { auditPage } = await import("../audit/index.ts");
  writeFileSync(file, auditPage(report));
  return `the page is ${file}`;
}

async function writeRecordings(file: string, conversations: readonly Conversation[]): Promise<string> {
  const { recordedLine } = await import("../audit/index.ts");
  const lines = function* () {
    for (const conversation of conversations) yield `${JSON.stringify(recordedLine(conversation))}\n`;
  };
  await pipeline(lines, createWriteStream(file));
  return `the calls are in ${file}; keepwarm lab ${file} replays them`;
}

/** @param whether `unasked`: a store that cannot be written then fails nothing */
async function taught({ conversations }: Read, whether: boolean | "unasked", now: number): Promise<string[]> {
  if (whether === false) return [];
  const { seed } = await import("./audit-seed.ts");
  try {
    const pauses = await seed(conversations, now);
    if (pauses === 0) return [];
    const what = `${pauses.toLocaleString("en")} ${pauses === 1 ? "pause" : "pauses"}`;
    return [`auto has learned from ${what} when you come back; keepwarm forget --pauses undoes it`];
  } catch (error) {
    if (whether === true) throw error;
    return [`what auto could have learned was not stored: ${error instanceof Error ? error.message : error}`];
  }
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6).toLocaleString("en")} MB`;
}
