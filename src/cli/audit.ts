import { createWriteStream, existsSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { setFlagsFromString } from "node:v8";
import { Command, Option } from "commander";
import type { Agent, Conversation, Read, Source } from "../audit/index.ts";
import { period } from "./arguments.ts";
import { UsageError } from "./errors.ts";
import { withExamples } from "./examples.ts";
import { type Progress, progressLine } from "./progress.ts";

interface Asked {
  /** Ms. */
  readonly since?: number;
  readonly agent?: Agent;
  readonly json: boolean;
  readonly html?: string;
  readonly recordings?: string;
  readonly seed: boolean;
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
    .option("--recordings <file>", "write the calls, in numbers alone, for keepwarm lab")
    .option("--seed", "teach the policy auto how you pause", false)
    .addHelpText(
      "after",
      "\nTranscripts are read on this machine and stay on it. No prompt and no path is kept or printed.",
    )
    .action(audit);
  return withExamples(
    command,
    ["keepwarm audit", "all that your agents have kept"],
    ["keepwarm audit --since 90d --html audit.html", "three months, as a page to look at"],
    ["keepwarm audit ~/backup/claude --json | jq .idling.total", "others' transcripts, for a program"],
  );
}

async function audit(paths: readonly string[], asked: Asked): Promise<void> {
  // What is parsed is let go of at once: room for new objects that grows to 100 MB would only be held.
  setFlagsFromString("--semi-space-growth-factor=1");
  const { html, recordings, json, seed } = asked;
  for (const [flag, file] of [
    ["--html", html],
    ["--recordings", recordings],
  ] as const)
    mayWrite(flag, file);
  if (seed) await mustNotRun();
  const { auditOf, auditPage, gapHistoryOf, readTranscripts, recordingOf } = await import(
    "../audit/index.ts"
  );
  const { databaseClass } = await import("../storage/index.ts");
  const progress = progressLine();
  const now = Date.now();
  const read = await readTranscripts(await sourcesOf(paths, asked, progress), {
    databaseClass,
    ...(asked.since === undefined ? {} : { since: now - asked.since }),
    ...(asked.agent === undefined ? {} : { agent: asked.agent }),
    onProgress: ({ files, filesInAll, bytes, bytesInAll }) =>
      progress.show(
        bytesInAll === 0 ? files / Math.max(1, filesInAll) : bytes / bytesInAll,
        `reading ${files} of ${filesInAll} files, ${megabytes(bytes)} of ${megabytes(bytesInAll)}`,
      ),
  });
  const report = await auditOf(read, {
    onProgress: async (done, inAll) => {
      progress.show(done / inAll, "replaying what each policy would have done");
      await new Promise((shown) => setImmediate(shown));
    },
  });
  progress.end();
  tellOfTrouble(read);
  if (html !== undefined) {
    writeFileSync(html, auditPage(report));
    console.error(`keepwarm: the page is ${html}`);
  }
  if (recordings !== undefined) await writeRecordings(recordings, read.conversations);
  if (seed) {
    await store(gapHistoryOf(read.conversations.map(recordingOf), now).toString());
    console.error("keepwarm: auto now knows how you pause; what it knew before is replaced");
  }
  if (json) return console.log(JSON.stringify(report, null, 2));
  const { auditText } = await import("./audit-text.ts");
  console.log(auditText(report));
}

async function sourcesOf(paths: readonly string[], { agent }: Asked, progress: Progress): Promise<Source[]> {
  const { agentFolders, findAt, findOwn } = await import("../audit/index.ts");
  progress.show(0, "looking for transcripts");
  if (paths.length > 0) {
    const found: Source[] = [];
    for (const path of paths) {
      const here = await findAt(path).catch((error: NodeJS.ErrnoException) => {
        throw new UsageError(unreadable(path, error));
      });
      if (here.length === 0) {
        throw new UsageError(
          `${path} holds no transcript of ${AGENT_NAMES.join(", ")}: give a file or a folder that does`,
        );
      }
      found.push(...here);
    }
    // Paths may lie inside of one another.
    return [...new Map(found.map((source) => [source.path, source])).values()];
  }
  const folders = agentFolders().filter((folder) => agent === undefined || folder.agent === agent);
  const found = await findOwn(folders);
  if (found.length === 0) {
    const looked = folders.map(({ folder }) => folder).join(", ");
    throw new Error(`no transcripts were found in ${looked}: give the path of some`);
  }
  return found;
}

function unreadable(path: string, { code, message }: NodeJS.ErrnoException): string {
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
      return `there is nothing at ${path}: give a transcript, or a folder of them`;
    case "EACCES":
    case "EPERM":
      return `${path} may not be read: give yourself the right to, or another path`;
    default:
      return `${path} cannot be read: ${message}`;
  }
}

/** Before anything is read, which may take a minute. */
function mayWrite(flag: string, file: string | undefined): void {
  if (file === undefined) return;
  const folder = dirname(resolve(file));
  if (!existsSync(folder))
    throw new UsageError(`${flag}: there is no folder ${folder}: make it, or name another file`);
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UsageError(`${flag}: ${file} is a folder: name a file in it`);
  }
}

function tellOfTrouble({ reading }: Read): void {
  const { brokenLines, unreadable: files } = reading;
  const codes = Object.entries(files).map(([code, count]) => `${count} with ${code}`);
  if (codes.length > 0)
    console.error(`keepwarm: files that could not be read were left out: ${codes.join(", ")}`);
  if (brokenLines > 0) console.error(`keepwarm: ${brokenLines} damaged or unfinished lines were left out`);
}

async function writeRecordings(file: string, conversations: readonly Conversation[]): Promise<void> {
  const { recordedLine } = await import("../audit/index.ts");
  const lines = function* () {
    for (const conversation of conversations) yield `${JSON.stringify(recordedLine(conversation))}\n`;
  };
  await pipeline(lines, createWriteStream(file));
  console.error(`keepwarm: the calls are in ${file}; keepwarm lab ${file} replays them`);
}

/** A gateway that runs writes what it has learned itself, over what we would write. */
async function mustNotRun(): Promise<void> {
  const [{ discover }, { stateDirectory }] = await Promise.all([
    import("../hub/index.ts"),
    import("../storage/index.ts"),
  ]);
  const found = await discover(stateDirectory());
  if (found.state === "running") {
    throw new Error(
      "a gateway is running, and would write over what it is to learn: keepwarm stop, then try again",
    );
  }
}

async function store(gaps: string): Promise<void> {
  const [{ GAPS_KEY, POLICY_NAMESPACE }, { openSqliteStorage }, { stateDirectory }] = await Promise.all([
    import("../policy/index.ts"),
    import("../storage/sqlite.ts"),
    import("../storage/index.ts"),
  ]);
  const database = openSqliteStorage({ file: join(stateDirectory(), "keepwarm.sqlite") });
  try {
    await database.namespace(POLICY_NAMESPACE).set(GAPS_KEY, gaps);
  } finally {
    database.close();
  }
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6).toLocaleString("en")} MB`;
}
