/** Reads transcripts, whatever agent wrote them, into conversations. */
import { readClaudeCode } from "./claude-code.ts";
import { readCodex } from "./codex.ts";
import { AGENTS, type Agent, type Call, type Conversation } from "./conversation.ts";
import type { Blocked, Found, Source } from "./find.ts";
import type { Format } from "./format.ts";
import { Gathering } from "./gather.ts";
import { type DatabaseClass, openCodeDatabaseReader } from "./opencode-database.ts";
import { readOpenCodeExport, readOpenCodeStorage } from "./opencode-files.ts";
import { readPi } from "./pi.ts";
import type { Reader } from "./transcript.ts";

export interface ReadOptions {
  /** Loads SQLite, when there is a database to read. */
  readonly databaseClass: () => DatabaseClass;
  /** Calls before this are left out, in epoch ms. @default all calls */
  readonly since?: number;
  readonly onProgress?: (progress: ReadProgress) => void;
}

export interface ReadProgress {
  readonly files: number;
  readonly filesInAll: number;
  readonly bytes: number;
  readonly bytesInAll: number;
}

/** How much was read, and what could not be. */
export interface Reading {
  readonly files: number;
  readonly bytes: number;
  /** Lines or rows that were damaged or cut off. */
  readonly brokenLines: number;
  /** Lines that were too long to be records of calls. */
  readonly longLines: number;
  /** Files and folders that could not be opened or read, by the reason: an error's code. */
  readonly unreadable: Readonly<Record<string, number>>;
  /** Calls that were told of again, in forked and resumed sessions. */
  readonly repeatedCalls: number;
  readonly byAgent: Readonly<Partial<Record<Agent, { files: number; conversations: number; calls: number }>>>;
}

export interface Read {
  readonly conversations: readonly Conversation[];
  readonly reading: Reading;
  /** What could not be read: for the person at the terminal alone, because paths tell of them. */
  readonly blocked: readonly Blocked[];
}

/** A folder's own time does not tell of what is in it, and what is newest of a database lies beside it. */
const TIMELESS: ReadonlySet<Format> = new Set(["opencode-storage", "opencode-database"]);

export async function readTranscripts(found: Found, options: ReadOptions): Promise<Read> {
  const { since = Number.NEGATIVE_INFINITY, onProgress } = options;
  const readers = readersWith(options.databaseClass);
  // Older ones first: what is resumed or forked comes after what it repeats.
  const wanted = found.sources
    .filter(({ changedAt, format }) => changedAt >= since || TIMELESS.has(format))
    .toSorted((a, b) => a.changedAt - b.changedAt || (a.path < b.path ? -1 : 1));
  const bytesInAll = wanted.reduce((sum, { bytes }) => sum + bytes, 0);
  const gathering = new Gathering();
  const blocked = [...found.blocked];
  let brokenLines = 0;
  let longLines = 0;
  let files = 0;
  let bytes = 0;
  const tell = () => onProgress?.({ files, filesInAll: wanted.length, bytes, bytesInAll });
  for (const { path, agent, format } of wanted) {
    tell();
    try {
      const transcript = await readers[format](path, {
        onBytes: (more) => {
          bytes += more;
          tell();
        },
      });
      gathering.add(agent, transcript);
      brokenLines += transcript.broken;
      longLines += transcript.tooLong ?? 0;
    } catch (error) {
      const { code = "unknown" } = error as NodeJS.ErrnoException;
      // Another process may have tidied it away meanwhile.
      if (code !== "ENOENT") blocked.push({ path, code });
    }
    files += 1;
  }
  tell();
  const conversations = gathering.conversations().flatMap((conversation) => from(since, conversation) ?? []);
  return {
    conversations,
    reading: {
      files,
      bytes: Math.round(bytes),
      brokenLines,
      longLines,
      unreadable: countByCode(blocked),
      repeatedCalls: gathering.repeated,
      byAgent: countByAgent(wanted, conversations),
    },
    blocked,
  };
}

function readersWith(databaseClass: () => DatabaseClass): Readonly<Record<Format, Reader>> {
  return {
    "claude-code": readClaudeCode,
    pi: readPi,
    codex: readCodex,
    "opencode-storage": readOpenCodeStorage,
    "opencode-database": openCodeDatabaseReader(databaseClass),
    "opencode-export": readOpenCodeExport,
  };
}

function from(since: number, conversation: Conversation): Conversation | null {
  const isRecent = ({ startedAt }: Call) => startedAt >= since;
  const calls = conversation.calls.filter(isRecent);
  const sideCalls = conversation.sideCalls.filter(isRecent);
  return calls.length + sideCalls.length === 0 ? null : { ...conversation, calls, sideCalls };
}

function countByCode(blocked: readonly Blocked[]): Reading["unreadable"] {
  const byCode = Map.groupBy(blocked, ({ code }) => code);
  return Object.fromEntries([...byCode].map(([code, { length }]) => [code, length]));
}

function countByAgent(
  sources: readonly Source[],
  conversations: readonly Conversation[],
): Reading["byAgent"] {
  const counts = AGENTS.map((agent) => {
    const own = conversations.filter((conversation) => conversation.agent === agent);
    const calls = own.reduce((sum, { calls, sideCalls }) => sum + calls.length + sideCalls.length, 0);
    const files = sources.filter((source) => source.agent === agent).length;
    return [agent, { files, conversations: own.length, calls }] as const;
  });
  return Object.fromEntries(counts.filter(([, { files }]) => files > 0));
}
