/** The programs that have linked themselves to this hub, and their conversations as they tell them. */
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import {
  type ConversationView,
  createLineReader,
  type FromProgram,
  fromProgram,
  type HistoryEntry,
  type HostView,
  LINK_PATH,
  LINK_PROTOCOL,
  type LinkAnswer,
  linkLineOf,
  parsedAs,
  type Wish,
} from "../hub/index.ts";
import { Refused } from "./controlled.ts";

export interface Links {
  /** @param head what the program has sent already */
  accept(socket: Socket, head: Uint8Array): void;
  programs(): readonly HostView[];
  conversationIds(): readonly string[];
  /** As the program tells it that had its last turn; null: no linked program has it. */
  conversation(conversationId: string): ConversationView | null;
  /**
   * Has it done by every program that has the conversation. Resolves with the answer of the one whose conversation
   * is shown. @throws {Refused} when one of them cannot do it, or has gone
   */
  ask(conversationId: string, wish: Wish): Promise<LinkAnswer>;
  /** Has it done by all programs, as far as they are there. */
  askAll(wish: Wish): Promise<void>;
  /** Tells what happened in conversations of programs. Returns the way to end it. */
  onHistory(listener: (conversationId: string, entry: HistoryEntry) => void): () => void;
  /** Tells of conversations that are new, gone, or changed. Returns the way to end it. */
  subscribe(listener: (conversationId: string) => void): () => void;
  close(): void;
}

export interface LinksOptions {
  readonly now: () => number;
  /** How long a program may take to do what is asked of it, in ms. @default 5_000 */
  readonly deadlineMs?: number;
}

interface Waiting {
  readonly done: (answer: LinkAnswer) => void;
  readonly gone: (why: Refused) => void;
}

interface Program extends Omit<HostView, "conversations"> {
  readonly socket: Socket;
  readonly conversations: Map<string, ConversationView>;
  readonly waiting: Map<number, Waiting>;
}

const DEADLINE_MS = 5_000;
/** A warm takes as long as the API takes, in ms. */
const WARM_DEADLINE_MS = 130_000;
/** Of one program; what it tells beyond it is not kept. */
const MOST_CONVERSATIONS = 2_000;
/** Of one person; something that links itself without end has more. */
const MOST_PROGRAMS = 200;

export function isLink(request: IncomingMessage): boolean {
  return request.url === LINK_PATH && request.headers.upgrade === LINK_PROTOCOL;
}

export function createLinks({ now, deadlineMs = DEADLINE_MS }: LinksOptions): Links {
  const programs = new Set<Program>();
  const listeners = new Set<(conversationId: string) => void>();
  const historians = new Set<(conversationId: string, entry: HistoryEntry) => void>();
  let lastAsk = 0;

  function tell(conversationId: string): void {
    for (const listener of listeners) listener(conversationId);
  }

  function holdersOf(conversationId: string): Program[] {
    return [...programs]
      .filter(({ conversations }) => conversations.has(conversationId))
      .toSorted((a, b) => lastTurnOf(b, conversationId) - lastTurnOf(a, conversationId));
  }

  function accept(socket: Socket, head: Uint8Array): void {
    const read = createLineReader();
    let program: Program | null = null;
    const take = (chunk: Uint8Array) => {
      const lines = read(chunk);
      if (lines === null) return void socket.destroy();
      for (const line of lines) {
        const message = parsedAs(fromProgram, line);
        if (message?.type === "hello") program ??= welcome(socket, message);
        // Whatever comes before it has said who it is.
        else if (message !== undefined && program !== null) hear(program, message);
      }
    };
    socket.setNoDelay(true);
    socket.setTimeout(0);
    socket.on("error", () => {});
    // A server's sockets stay half open otherwise.
    socket.on("end", () => socket.destroy());
    socket.on("data", take);
    socket.once("close", () => program && leave(program));
    if (head.length > 0) take(head);
  }

  function welcome(
    socket: Socket,
    { host, pid, version }: Pick<HostView, "host" | "pid" | "version">,
  ): Program | null {
    if (programs.size >= MOST_PROGRAMS) {
      socket.destroy();
      return null;
    }
    const program = {
      socket,
      host,
      pid,
      version,
      since: now(),
      conversations: new Map(),
      waiting: new Map(),
    };
    programs.add(program);
    return program;
  }

  function hear(program: Program, message: Exclude<FromProgram, { type: "hello" }>): void {
    const { conversations, waiting, host } = program;
    if (message.type === "conversations") {
      for (const view of message.conversations) {
        if (conversations.size >= MOST_CONVERSATIONS && !conversations.has(view.id)) continue;
        conversations.set(view.id, { ...view, host });
        tell(view.id);
      }
    } else if (message.type === "history") {
      for (const { conversationId, entry } of message.entries) {
        if (!conversations.has(conversationId)) continue;
        for (const historian of historians) historian(conversationId, entry);
      }
    } else if (message.type === "gone") {
      for (const id of message.conversationIds) if (conversations.delete(id)) tell(id);
    } else {
      const { conversation } = message;
      if (conversation !== undefined && conversations.has(conversation.id)) {
        conversations.set(conversation.id, { ...conversation, host });
        tell(conversation.id);
      }
      waiting.get(message.id)?.done(message);
      waiting.delete(message.id);
    }
  }

  function leave(program: Program): void {
    programs.delete(program);
    const { conversations, waiting } = program;
    for (const { gone } of waiting.values()) gone(hasGone(program));
    for (const id of conversations.keys()) tell(id);
  }

  function askOne(program: Program, conversationId: string, wish: Wish): Promise<LinkAnswer> {
    const id = ++lastAsk;
    const { socket, waiting } = program;
    const { promise, resolve, reject } = Promise.withResolvers<LinkAnswer>();
    waiting.set(id, { done: resolve, gone: reject });
    const timer = setTimeout(
      () => reject(new Refused(503, `${nameOf(program)} did not answer in time.`)),
      wish.what === "warm" ? WARM_DEADLINE_MS : deadlineMs,
    );
    timer.unref();
    if (socket.destroyed) reject(hasGone(program));
    else socket.write(linkLineOf({ type: "ask", id, conversationId, ...wish }));
    return promise
      .then((answer) => {
        if (answer.failed === undefined) return answer;
        throw new Refused(503, `${nameOf(program)} could not do this: ${answer.failed}`);
      })
      .finally(() => {
        clearTimeout(timer);
        waiting.delete(id);
      });
  }

  return {
    accept,
    programs: () =>
      [...programs].map(({ host, pid, version, since, conversations }) => ({
        host,
        pid,
        version,
        since,
        conversations: conversations.size,
      })),
    conversationIds: () => [
      ...new Set([...programs].flatMap(({ conversations }) => [...conversations.keys()])),
    ],
    conversation: (conversationId) => holdersOf(conversationId)[0]?.conversations.get(conversationId) ?? null,
    async ask(conversationId, wish) {
      const holders = holdersOf(conversationId);
      // All of them, whatever becomes of one: what is switched off is off wherever it can be.
      const [first, ...others] = await Promise.allSettled(
        holders.map((program) => askOne(program, conversationId, wish)),
      );
      const failed = [first, ...others].find((one) => one?.status === "rejected");
      if (failed?.status === "rejected") throw failed.reason;
      if (first?.status !== "fulfilled") throw new Refused(404, `No conversation ${conversationId} is open.`);
      return first.value;
    },
    async askAll(wish) {
      await Promise.allSettled([...programs].map((program) => askOne(program, "", wish)));
    },
    onHistory(listener) {
      historians.add(listener);
      return () => void historians.delete(listener);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close() {
      for (const { socket } of programs) socket.destroy();
    },
  };
}

function lastTurnOf({ conversations }: Program, conversationId: string): number {
  return conversations.get(conversationId)?.lastTurnAt ?? 0;
}

function nameOf({ host, pid }: Pick<HostView, "host" | "pid">): string {
  return `${host} (process ${pid})`;
}

function hasGone(program: Pick<HostView, "host" | "pid">): Refused {
  return new Refused(503, `${nameOf(program)} has gone, and its conversations with it.`);
}
