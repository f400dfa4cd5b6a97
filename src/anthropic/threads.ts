/**
 * Tells the threads of a conversation apart: a title, a sub-agent or another model's request must not be
 * taken for the next request of the thread that a person is in.
 */
import { createHmac, randomBytes } from "node:crypto";

/** A request's place in its thread, as keyed hashes: nothing of its content can be read from it. */
export interface ThreadPrint {
  /** Of model, tools and system. */
  readonly base: string;
  /** Of the messages up to and including each one, on top of `base`. */
  readonly chain: readonly string[];
  /** Size of the request body in bytes. */
  readonly bytes: number;
}

/** What is kept of a thread: the print of its last request, without the chain's middle. */
export interface Thread {
  readonly base: string;
  /** Hash after its last message, and how many messages that were. */
  readonly head: string;
  readonly messages: number;
  readonly bytes: number;
}

// Hashes of content are keyed, and the key dies with the process.
const key = randomBytes(32);

/** The print of a Messages request body, or null when it is none. */
export function printThread(body: Uint8Array): ThreadPrint | null {
  const request = parse(body);
  if (request === null || !Array.isArray(request.messages)) return null;
  const { model, tools, system } = request;
  let hash = digest(JSON.stringify([model, withoutMarkers(tools), asBlocks(withoutMarkers(system))]));
  const base = hash;
  const chain = request.messages.map((message: unknown) => {
    hash = digest(hash + JSON.stringify(normalised(message)));
    return hash;
  });
  return { base, chain, bytes: body.length };
}

export function threadOf({ base, chain, bytes }: ThreadPrint): Thread {
  return { base, head: chain.at(-1) ?? base, messages: chain.length, bytes };
}

/** Whether the request repeats or extends the thread's last one. */
export function continues(thread: Thread, print: ThreadPrint): boolean {
  const reached = thread.messages === 0 ? print.base : print.chain[thread.messages - 1];
  return thread.base === print.base && thread.head === reached;
}

/**
 * Whether the request becomes its conversation's main thread: it continues it, or replaces it on the same
 * model, tools and system (compaction, rewind), or is no smaller (another model took over). Anything else
 * (a title, a sub-agent) is a side thread.
 */
export function isMain(thread: Thread, print: ThreadPrint): boolean {
  return thread.base === print.base || print.bytes >= thread.bytes;
}

function parse(body: Uint8Array): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body));
    return typeof value === "object" && value !== null ? { ...value } : null;
  } catch {
    return null;
  }
}

function digest(text: string): string {
  return createHmac("sha256", key).update(text).digest("base64url");
}

/** Clients send the same text as a string or as one block, depending on where their marker stands. */
function normalised(message: unknown): unknown {
  if (typeof message !== "object" || message === null || !("content" in message)) return message;
  return { ...message, content: asBlocks(withoutMarkers(message.content)) };
}

function asBlocks(content: unknown): unknown {
  return typeof content === "string" ? [{ type: "text", text: content }] : content;
}

/** Markers are not part of the prefix and move from request to request (docs/prompt-caching.md row 1.11). */
function withoutMarkers(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  return value.map((block: unknown) => {
    if (typeof block !== "object" || block === null) return block;
    const { cache_control: _, ...rest } = block as Record<string, unknown>;
    return "content" in rest ? { ...rest, content: withoutMarkers(rest.content) } : rest;
  });
}
