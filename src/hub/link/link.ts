/**
 * Links a program with keepwarm inside it to the hub: its conversations are seen there, and what a person does there is
 * done here. It is the program's guest: no socket or timer keeps it alive, nothing is thrown at it, and without a hub
 * it only looks for one from time to time, at the price of one `stat`.
 */
import { stat } from "node:fs/promises";
import type { Socket } from "node:net";
import type { Logger, Timers } from "../../host.ts";
import { readRecord, recordFile } from "../record.ts";
import { readToken } from "../token.ts";
import type { ConversationView, HistoryEntry } from "../views/index.ts";
import { connectToHub } from "./connect.ts";
import {
  type Answer,
  type Ask,
  askIn,
  createLineReader,
  type FromProgram,
  type Happened,
  lineOf,
  type Wish,
} from "./protocol.ts";

/** The program, as far as a link needs it. */
export interface LinkedProgram {
  readonly host: string;
  /** Of keepwarm. */
  readonly version: string;
  conversationIds(): readonly string[];
  /** Null: it is gone. */
  view(conversationId: string): ConversationView | null;
  /** Rejects with a sentence when it cannot be done. */
  perform(conversationId: string, wish: Wish): Promise<Omit<Answer, "type" | "id">>;
}

export interface LinkOptions {
  readonly stateDirectory: string;
  readonly program: LinkedProgram;
  readonly timers: Timers;
  readonly logger: Pick<Logger, "debug">;
  /** How often it looks for a hub that has started, in ms. @default 5_000 */
  readonly lookMs?: number;
}

export interface Link {
  /** It is new, gone, or changed. Costs nothing to speak of; the hub is told a moment later. */
  changed(conversationId: string): void;
  /** The hub keeps it, as soon as there is one, beside what the gateway itself has seen. */
  happened(conversationId: string, entry: HistoryEntry): void;
  isLinked(): boolean;
  /** Lets go at once. */
  close(): void;
}

const LOOK_MS = 5_000;
/** How long changes are gathered before they are told, in ms. */
const GATHER_MS = 100;
/** After its connection has ended a hub may be starting anew, in ms. */
const AGAIN_MS = 1_000;
/** How often one is tried again whose record is there and which does not answer, in ms. */
const UNCHANGED_MS = 60_000;
const TIMEOUT_MS = 2_000;
/** Without a hub only the last of what happened is kept for the next. */
const MOST_UNTOLD = 200;
/** Conversations told in one line. */
const MOST_AT_ONCE = 50;

/** Nothing is done before the first conversation has changed. */
export function createLink(options: LinkOptions): Link {
  const { stateDirectory, program, timers, logger, lookMs = LOOK_MS } = options;
  const changed = new Set<string>();
  /** What the hub has been told last. */
  const told = new Map<string, string>();
  let untold: Happened[] = [];
  let socket: Socket | null = null;
  let looking: number | null = null;
  let telling: number | null = null;
  let failed: { readonly stamp: string; readonly at: number } | null = null;
  let begun = false;
  let closed = false;

  function lookIn(ms: number): void {
    if (closed) return;
    if (looking !== null) timers.clearTimer(looking);
    looking = timers.setTimer(() => {
      looking = null;
      void look();
    }, ms);
  }

  /** Never rejects. */
  async function look(): Promise<void> {
    const stamp = await stampOf(recordFile(stateDirectory));
    const isKnown = stamp !== null && failed?.stamp === stamp && performance.now() - failed.at < UNCHANGED_MS;
    if (stamp === null || isKnown) return lookIn(lookMs);
    try {
      const [found, token] = await Promise.all([readRecord(stateDirectory), readToken(stateDirectory)]);
      if (found.state !== "read" || token === null) throw new Error("it has left no record");
      const { controlUrl } = found.record;
      const connected = await connectToHub({ controlUrl, token, timeoutMs: TIMEOUT_MS });
      failed = null;
      if (closed) connected.socket.destroy();
      else talk(connected.socket, connected.head);
    } catch (error) {
      failed = { stamp, at: performance.now() };
      logger.debug("keepwarm: no hub to link to", {
        reason: error instanceof Error ? error.message : String(error),
      });
      lookIn(lookMs);
    }
  }

  function talk(connected: Socket, head: Uint8Array): void {
    socket = connected;
    told.clear();
    const read = createLineReader();
    const take = (chunk: Uint8Array) => {
      const lines = read(chunk);
      if (lines === null) connected.destroy();
      for (const line of lines ?? []) {
        const ask = askIn(line);
        if (ask !== null) void answer(connected, ask);
      }
    };
    connected.on("data", take);
    connected.on("drain", tellSoon);
    connected.once("close", () => {
      if (socket === connected) socket = null;
      lookIn(AGAIN_MS);
    });
    say(connected, { type: "hello", host: program.host, pid: process.pid, version: program.version });
    for (const id of program.conversationIds()) changed.add(id);
    tell();
    if (head.length > 0) take(head);
    connected.resume();
  }

  async function answer(connected: Socket, { type: _, id, conversationId, ...wish }: Ask): Promise<void> {
    let done: Omit<Answer, "type" | "id">;
    try {
      done = await program.perform(conversationId, wish);
    } catch (error) {
      done = { failed: error instanceof Error ? error.message : String(error) };
    }
    say(connected, { type: "answer", id, ...done });
  }

  function say(connected: Socket, message: FromProgram): void {
    if (!connected.destroyed && connected.writable) connected.write(lineOf(message));
  }

  function tellSoon(): void {
    if (socket === null || telling !== null || (changed.size === 0 && untold.length === 0)) return;
    telling = timers.setTimer(() => {
      telling = null;
      tell();
    }, GATHER_MS);
  }

  /** Only what is not what was told last; and no more than is read. */
  function tell(): void {
    if (socket === null || socket.writableNeedDrain) return;
    const fresh: ConversationView[] = [];
    const gone: string[] = [];
    for (const id of changed) {
      if (fresh.length === MOST_AT_ONCE) break;
      changed.delete(id);
      const view = viewOf(id);
      const text = view && JSON.stringify(view);
      if (text === told.get(id)) continue;
      if (view !== null && text !== null) {
        told.set(id, text);
        fresh.push(view);
      } else if (told.delete(id)) gone.push(id);
    }
    if (fresh.length > 0) say(socket, { type: "conversations", conversations: fresh });
    // Before the conversation goes that it is about.
    if (untold.length > 0) say(socket, { type: "history", entries: untold.splice(0) });
    if (gone.length > 0) say(socket, { type: "gone", conversationIds: gone });
    tellSoon();
  }

  function viewOf(conversationId: string): ConversationView | null {
    try {
      return program.view(conversationId);
    } catch (error) {
      logger.debug("keepwarm: a conversation cannot be shown", { error: String(error) });
      return null;
    }
  }

  return {
    changed(conversationId) {
      if (closed) return;
      // A new link tells of all of them.
      if (socket !== null) changed.add(conversationId);
      if (begun) return tellSoon();
      begun = true;
      // Not now: somebody may be waiting for whoever calls.
      lookIn(0);
    },
    happened(conversationId, entry) {
      if (closed) return;
      untold.push({ conversationId, entry });
      if (untold.length > MOST_UNTOLD) untold = untold.slice(-MOST_UNTOLD);
      tellSoon();
    },
    isLinked: () => socket !== null,
    close() {
      closed = true;
      for (const timer of [looking, telling]) if (timer !== null) timers.clearTimer(timer);
      socket?.destroy();
      socket = null;
    },
  };
}

/** What tells one state of the file from another; null where there is none. */
async function stampOf(file: string): Promise<string | null> {
  try {
    const { ino, mtimeMs } = await stat(file);
    return `${ino} ${mtimeMs}`;
  } catch {
    return null;
  }
}
