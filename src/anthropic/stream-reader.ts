import type { RawMessageStreamEvent } from "@anthropic-ai/sdk/resources/messages/messages";
import { createParser, type EventSourceMessage, type EventSourceParser } from "eventsource-parser";
import { EventSieve } from "./event-sieve.ts";
import { OPENING_CHARS, printOpening } from "./threads.ts";
import {
  type LooseUsage,
  laterUsage,
  type MessageUsage,
  missReasonOf,
  type ResponseFacts,
  readMessage,
  recordOf,
  textOf,
  usageOf,
} from "./usage.ts";

/** A longer event is no event of the Messages API; reading stops there, in bytes. */
const MAX_EVENT_BYTES = 64 * 1024 * 1024;

type EventType = RawMessageStreamEvent["type"] | "error";

/** Events that say something about usage or what is called; all others are stepped over unparsed. */
const READ_EVENTS: readonly EventType[] = [
  "message_start",
  "content_block_start",
  "message_delta",
  "message_stop",
  "error",
];

/** Read as well until it is known how the answer begins. */
const OPENING_EVENTS: readonly EventType[] = [...READ_EVENTS, "content_block_delta", "content_block_stop"];

/**
 * Reads usage and stop reason out of a streamed response while its bytes pass by. Feed it every chunk as it
 * comes; look at it any time. Garbage leaves it as it was: it never throws, because nothing it reads is
 * worth breaking a turn for.
 */
export class MessageStreamReader implements ResponseFacts {
  #started = false;
  #complete = false;
  #apiUsage: LooseUsage = {};
  #stopReason: string | null = null;
  readonly #toolNames = new Set<string>();
  #model: string | null = null;
  #messageId: string | null = null;
  #missReason: string | null = null;
  #error: StreamError | null = null;
  #broken = false;
  /** How the first text begins; null once it is known. */
  #openingText: string | null = "";
  #opening: string | null = null;
  readonly #decoder = new TextDecoder();
  readonly #parser: EventSourceParser = createParser({
    maxBufferSize: MAX_EVENT_BYTES,
    onEvent: (event) => this.#read(event),
  });
  readonly #sieve = new EventSieve({
    isWanted: (delta) => this.#mayOpen(delta),
    maxEventBytes: MAX_EVENT_BYTES,
    pass: (bytes) => this.#parser.feed(this.#decoder.decode(bytes, { stream: true })),
  });

  /** Bytes as they come, split anywhere. */
  feed(chunk: Uint8Array): void {
    if (this.#broken || this.#complete) return;
    try {
      this.#sieve.feed(chunk);
    } catch {
      this.#broken = true;
    }
  }

  /** The response began: from here on the entry can be read by other requests. */
  get started(): boolean {
    return this.#started;
  }

  /** The response came to its end. */
  get complete(): boolean {
    return this.#complete;
  }

  /** What the stream told so far; final once `complete`. */
  get usage(): MessageUsage | null {
    return usageOf(this.#apiUsage);
  }

  get stopReason(): string | null {
    return this.#stopReason;
  }

  get toolNames(): readonly string[] {
    return [...this.#toolNames];
  }

  get model(): string | null {
    return this.#model;
  }

  get messageId(): string | null {
    return this.#messageId;
  }

  get missReason(): string | null {
    return this.#missReason;
  }

  get opening(): string | null {
    return this.#opening ?? printOpening(this.#openingText ?? "");
  }

  /** An error the API sent inside the stream. */
  get error(): StreamError | null {
    return this.#error;
  }

  /** Whether a delta may belong to how the text begins: one of a text has that as a key. */
  #mayOpen(delta: Buffer): boolean {
    if (this.#openingText === null) return false;
    return this.#openingText !== "" || delta.includes('"text"');
  }

  #read({ event, data }: EventSourceMessage): void {
    const wanted = this.#openingText === null ? READ_EVENTS : OPENING_EVENTS;
    const mayMatter = wanted.some((type) => (event === undefined ? data.includes(type) : event === type));
    if (!mayMatter) return;
    const record = parsedRecord(data);
    // The type inside the data decides; the event's name is a courtesy that proxies leave out.
    switch (textOf(record.type) ?? event) {
      case "message_start":
        this.#start(recordOf(record.message));
        return;
      case "message_delta":
        this.#apiUsage = laterUsage(this.#apiUsage, record.usage);
        this.#stopReason = textOf(recordOf(record.delta).stop_reason) ?? this.#stopReason;
        this.#missReason = missReasonOf(record.diagnostics) ?? this.#missReason;
        return;
      case "content_block_start": {
        const { type, id, name } = recordOf(record.content_block);
        if (type !== "tool_use") return;
        if (typeof name === "string") this.#toolNames.add(name);
        this.#openWith(textOf(id) ?? "");
        this.#opened();
        return;
      }
      case "content_block_delta":
        this.#openWith(textOf(recordOf(record.delta).text) ?? "");
        return;
      case "content_block_stop":
        if (this.#openingText !== "") this.#opened();
        return;
      case "message_stop":
        this.#complete = true;
        this.#opened();
        return;
      case "error":
        this.#error = {
          type: textOf(recordOf(record.error).type) ?? "error",
          message: textOf(recordOf(record.error).message),
        };
        return;
    }
  }

  #openWith(text: string): void {
    if (this.#openingText === null) return;
    this.#openingText += text;
    if (this.#openingText.trimStart().length >= OPENING_CHARS) this.#opened();
  }

  /** As much as counts of it is known: from here on its text is stepped over. */
  #opened(): void {
    this.#opening ??= printOpening(this.#openingText ?? "");
    this.#openingText = null;
  }

  #start(message: Readonly<Record<string, unknown>>): void {
    const facts = readMessage(message);
    this.#started = true;
    this.#apiUsage = recordOf(message.usage);
    this.#stopReason = facts.stopReason;
    this.#model = facts.model;
    this.#messageId = facts.messageId;
    this.#missReason = facts.missReason;
  }
}

export interface StreamError {
  readonly type: string;
  readonly message: string | null;
}

function parsedRecord(data: string): Readonly<Record<string, unknown>> {
  try {
    return recordOf(JSON.parse(data));
  } catch {
    return {};
  }
}
