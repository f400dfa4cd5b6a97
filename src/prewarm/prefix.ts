/** The part of a request that a catalogue's entry shares with real traffic: everything up to its last marker. */
import { createHmac } from "node:crypto";

/** A Messages request, read as far as the cache goes by it. */
export interface Parsed {
  readonly [field: string]: unknown;
}

/** One thing that the cache compares: a tool, a block of the system prompt, a block of a message. */
export interface Piece {
  readonly where: "tools" | "system" | "messages";
  /** For people: `tool 3`, `the system prompt`, `message 2`. */
  readonly name: string;
  readonly text: string;
  readonly isMarked: boolean;
  /** Of the message it belongs to; 0 elsewhere. */
  readonly message: number;
}

/** Undefined: it is no object. */
export function parsedRequest(body: Uint8Array): Parsed | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/** In the order in which the cache hashes them (docs/prompt-caching.md row 1.7), markers left out. */
export function piecesOf({ tools, system, messages }: Parsed): readonly Piece[] {
  return [
    ...listOf(tools).map((tool, index) => pieceOf("tools", `tool ${index + 1}`, tool)),
    ...blocksOf(system).map((block) => pieceOf("system", "the system prompt", block)),
    ...listOf(messages).flatMap((message, index) => {
      const { content, role } = recordOf(message);
      return blocksOf(content).map((block) => ({
        ...pieceOf("messages", `message ${index + 1}`, block),
        text: `${String(role)}\n${pieceOf("messages", "", block).text}`,
        message: index + 1,
      }));
    }),
  ];
}

/** Those up to the last explicit marker; none without one. */
export function sharedPieces(pieces: readonly Piece[]): readonly Piece[] {
  return pieces.slice(0, pieces.findLastIndex(({ isMarked }) => isMarked) + 1);
}

/** What a prefix is called where its content must not be: the same for the same pieces on the same model. */
export function prefixName(model: unknown, pieces: readonly Piece[], key: string): string {
  const name = createHmac("sha256", key).update(JSON.stringify([String(model)]));
  for (const { where, text } of pieces) name.update(`\0${where} ${text.length} `).update(text);
  return name.digest("base64url").slice(0, 22);
}

export function recordOf(value: unknown): Parsed {
  return typeof value === "object" && value !== null ? (value as Parsed) : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The same text may be sent as a string or as one block. */
function blocksOf(content: unknown): readonly unknown[] {
  if (typeof content === "string") return content === "" ? [] : [{ type: "text", text: content }];
  return listOf(content);
}

function pieceOf(where: Piece["where"], name: string, block: unknown): Piece {
  const { cache_control: marker, ...rest } = recordOf(block);
  const isPlain = rest.type === "text" && typeof rest.text === "string" && Object.keys(rest).length === 2;
  return {
    where,
    name,
    text: isPlain ? String(rest.text) : JSON.stringify(rest),
    isMarked: marker !== undefined && marker !== null,
    message: 0,
  };
}
