/**
 * Tells the threads of a conversation apart: a title, a sub-agent or another model's request must not be
 * taken for the next request of the thread that a person is in.
 */
import { areSame, includesText } from "./bytes.ts";
import { digestOf, sharedDigestOf } from "./digest.ts";
import { Shape, type Span, scanJson, WANTED } from "./json-scan.ts";

/** A request's place in its thread, as keyed hashes: nothing of its content can be read from it. */
export interface ThreadPrint {
  /** Of where it was sent, and with whose credential. */
  readonly realm: string;
  /** Of model, tools and system. */
  readonly base: string;
  /** Of the messages up to and including each one. */
  readonly chain: readonly string[];
  /** Size of the request body in bytes. */
  readonly bytes: number;
  readonly hasTools: boolean;
  /** It asks for something to be cached. */
  readonly isMarked: boolean;
  /** Of how the answer to its first message begins; null where none stands there. See {@link printOpening}. */
  readonly opening: string | null;
}

/** Of an answer's text as much counts as tells two conversations apart that began alike, in characters. */
export const OPENING_CHARS = 64;

/** A request that has a print. */
export interface Printed {
  readonly body: Uint8Array;
  readonly print: ThreadPrint;
}

/**
 * The print of a Messages request body, or null when it is none.
 *
 * @param realm where it is sent, and with whose credential; threads of different realms have nothing in common
 * @param earlier one that it may go on from: what both begin with, byte for byte, is not read again
 */
export function printThread(body: Uint8Array, realm = "", earlier?: Printed): ThreadPrint | null {
  const onwards = earlier && printOnwards(body, earlier);
  return onwards ? { ...onwards, realm: digestOf(realm) } : printWhole(body, realm);
}

function printWhole(body: Uint8Array, realm: string): ThreadPrint | null {
  const request = parse(body);
  if (request === null || !Array.isArray(request.messages)) return null;
  const { model, tools, system } = request;
  const base = digestOf(JSON.stringify([model, withoutMarkers(tools)]) + contentText(system));
  let soFar = "";
  const chain = request.messages.map((message: unknown) => {
    soFar = digestOf(soFar + messageText(message));
    return soFar;
  });
  const opening = openingOf(request.messages[1]);
  return {
    realm: digestOf(realm),
    base,
    chain,
    bytes: body.length,
    hasTools: Array.isArray(tools) && tools.length > 0,
    isMarked: isMarked(body),
    opening: opening === null ? null : printOpening(opening),
  };
}

const eachMessage = new Shape().member("messages", new Shape().each(WANTED));

/** Undefined when it does not begin as the earlier one does. Its realm is the earlier one's. */
function printOnwards(body: Uint8Array, { body: before, print }: Printed): ThreadPrint | undefined {
  const scan = scanJson(body, eachMessage);
  if (!scan.ok) return undefined;
  const sharedBytes = sharedLength(body, before);
  const isShared = ({ end }: Span) => end <= sharedBytes && CLOSING.includes(body[end - 1] ?? 0);
  // Each is there once, or it is not plain which one counts.
  const isBaseShared = ["model", "tools", "system", "messages"].every((name) => {
    const [member, ...others] = scan.members.filter(({ key }) => key === name);
    return member !== undefined && others.length === 0 && (name === "messages" || isShared(member.value));
  });
  const messages = scan.found.map(({ value }) => value);
  const unshared = messages.findIndex((message) => !isShared(message));
  const known = unshared === -1 ? messages.length : unshared;
  if (!isBaseShared || known === 0) return undefined;
  const chain = print.chain.slice(0, known);
  const rest = messages.slice(known).map(({ start, end }) => parseAny(body.subarray(start, end)));
  if (rest.includes(undefined)) return undefined;
  for (const message of rest) chain.push(digestOf(chain.at(-1) + messageText(message)));
  const opening = openingOf(rest[0]);
  return {
    ...print,
    chain,
    bytes: body.length,
    isMarked: isMarked(body),
    opening: known > 1 ? print.opening : opening === null ? null : printOpening(opening),
  };
}

/** How a value ends that cannot go on: in `}`, `]` or a quote. */
const CLOSING = [0x7d, 0x5d, 0x22];

/** Bytes that both begin with. */
function sharedLength(a: Uint8Array, b: Uint8Array): number {
  let shared = 0;
  let most = Math.min(a.length, b.length);
  while (shared < most) {
    const middle = (shared + most + 1) >> 1;
    if (areSame(a, b, shared, middle)) shared = middle;
    else most = middle - 1;
  }
  return shared;
}

/** Inside a text its quotes would be escaped. */
function isMarked(body: Uint8Array): boolean {
  return includesText(body, '"cache_control"');
}

/** The print of how an answer's text begins, to be compared with {@link ThreadPrint.opening}; null without text. */
export function printOpening(text: string): string | null {
  const opening = text.trimStart().slice(0, OPENING_CHARS);
  return opening === "" ? null : digestOf(opening);
}

/**
 * A name for what a request sends to be cached: the same for all who send the same to the same model, whatever
 * their markers, and whose key is the same. Null when it is no Messages request.
 */
export function namePrefix(body: Uint8Array, sharedKey: string): string | null {
  const request = parse(body);
  if (request === null || !Array.isArray(request.messages)) return null;
  const { model, tools, system, messages } = request;
  const base = JSON.stringify([model, withoutMarkers(tools)]) + contentText(system);
  return sharedDigestOf(base + messages.map(messageText).join(""), sharedKey).slice(0, 32);
}

/** How many leading messages two requests have in common. */
export function sharedMessages(a: ThreadPrint, b: ThreadPrint): number {
  const shortest = Math.min(a.chain.length, b.chain.length);
  let shared = 0;
  while (shared < shortest && a.chain[shared] === b.chain[shared]) shared++;
  return shared;
}

/** Whether the request repeats or extends the thread's last one. */
export function continues(thread: ThreadPrint, print: ThreadPrint): boolean {
  return thread.base === print.base && sharedMessages(thread, print) === thread.chain.length;
}

function parse(body: Uint8Array): Record<string, unknown> | null {
  const value = parseAny(body);
  return typeof value === "object" && value !== null ? { ...value } : null;
}

/** Undefined when it is no JSON. */
function parseAny(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

/** How an assistant's message begins: its first text, or the id of the tool call that stands before any. */
export function openingOf(message: unknown): string | null {
  if (typeof message !== "object" || message === null || !("content" in message)) return null;
  if (!("role" in message) || message.role !== "assistant") return null;
  const { content } = message;
  if (typeof content === "string") return content;
  const blocks: readonly unknown[] = Array.isArray(content) ? content : [];
  for (const block of blocks) {
    if (typeof block !== "object" || block === null || !("type" in block)) continue;
    if (block.type === "text" && "text" in block && typeof block.text === "string" && block.text !== "")
      return block.text;
    if (block.type === "tool_use" && "id" in block && typeof block.id === "string") return block.id;
  }
  return null;
}

/** A message as it is hashed: without its markers, and told apart from any other. */
function messageText(message: unknown): string {
  if (typeof message !== "object" || message === null || !("content" in message)) {
    return `\0message ${JSON.stringify(message)}`;
  }
  const { content, ...rest } = message;
  return `\0message ${JSON.stringify(rest)}${contentText(content)}`;
}

/** Clients send the same text as a string or as one block, depending on where their marker stands. */
function contentText(content: unknown): string {
  const blocks = Array.isArray(content) ? content : [content];
  let all = "";
  for (const block of blocks) {
    const text = typeof block === "string" ? block : plainText(block);
    if (text === null) all += `\0block ${JSON.stringify(withoutMarker(block))}`;
    // By its length it is told apart from what follows; as it is, because most of a body is text.
    else all += `\0text ${text.length} ${text}`;
  }
  return all;
}

/** The text of a block that holds nothing else, its marker aside. */
function plainText(block: unknown): string | null {
  if (typeof block !== "object" || block === null || !("text" in block) || !("type" in block)) return null;
  const others = Object.keys(block).length - ("cache_control" in block ? 3 : 2);
  return block.type === "text" && typeof block.text === "string" && others === 0 ? block.text : null;
}

/** Markers are not part of the prefix and move from request to request (docs/prompt-caching.md row 1.11). */
function withoutMarker(block: unknown): unknown {
  if (typeof block !== "object" || block === null) return block;
  const { cache_control: _, ...rest } = block as Record<string, unknown>;
  return "content" in rest ? { ...rest, content: withoutMarkers(rest.content) } : rest;
}

function withoutMarkers(value: unknown): unknown {
  return Array.isArray(value) ? value.map(withoutMarker) : value;
}
