/**
 * Keeps back what most of a stream consists of, while it is still bytes: to decode and parse every delta of an
 * answer costs as much as to pass it on.
 */

const EVENT_END = Buffer.from("\n\n");
/** As the API sends them: an event of these two lines and no other. */
const DELTA_START = Buffer.from("event: content_block_delta\ndata: ");
const CR = 0x0d;
const LF = 0x0a;

export interface EventSieveOptions {
  /** Takes whole events, or a stream as it comes where its events cannot be told apart as bytes. */
  readonly pass: (bytes: Uint8Array) => void;
  /** Whether a delta of a content block is to pass. Everything else does. */
  readonly isWanted: (delta: Buffer) => boolean;
  /** An event longer than this is an error, in bytes. */
  readonly maxEventBytes: number;
}

export class EventSieve {
  readonly #options: EventSieveOptions;
  /** The event that has not come to its end. */
  #begun: Buffer[] = [];
  #begunBytes = 0;
  /** Lines may end in CR as well (HTML Living Standard § 9.2.5): then everything passes. */
  #open = false;

  constructor(options: EventSieveOptions) {
    this.#options = options;
  }

  /**
   * Bytes as they come, split anywhere; their owner may reuse them afterwards.
   *
   * @throws {RangeError} for an event that is too long
   */
  feed(chunk: Uint8Array): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (!this.#open && bytes.includes(CR)) {
      this.#open = true;
      this.#options.pass(this.#take());
    }
    if (this.#open) this.#options.pass(bytes);
    else this.#sift(bytes);
  }

  #sift(bytes: Buffer): void {
    let from = 0;
    if (this.#begunBytes > 0) {
      const end = this.#endIn(bytes);
      this.#begin(end === -1 ? bytes : bytes.subarray(0, end));
      if (end === -1) return;
      this.#offer(this.#take());
      from = end;
    }
    const end = bytes.lastIndexOf(EVENT_END) + EVENT_END.length;
    if (end > from + 1) {
      this.#offer(bytes.subarray(from, end));
      from = end;
    }
    if (from < bytes.length) this.#begin(bytes.subarray(from));
  }

  /** Where the event that has begun ends in the bytes that follow; -1 when it goes on. */
  #endIn(bytes: Buffer): number {
    if (this.#begun.at(-1)?.at(-1) === LF && bytes[0] === LF) return 1;
    const at = bytes.indexOf(EVENT_END);
    return at === -1 ? -1 : at + EVENT_END.length;
  }

  #begin(bytes: Buffer): void {
    this.#begunBytes += bytes.length;
    if (this.#begunBytes > this.#options.maxEventBytes) throw new RangeError("an event is too long");
    this.#begun.push(Buffer.from(bytes));
  }

  #take(): Buffer {
    const bytes = Buffer.concat(this.#begun);
    this.#begun = [];
    this.#begunBytes = 0;
    return bytes;
  }

  /** Whole events. */
  #offer(events: Buffer): void {
    const { pass, isWanted } = this.#options;
    for (let at = 0; at < events.length; ) {
      const deltaEnd = endOfDelta(events, at);
      const end = deltaEnd ?? endOf(events, at);
      const event = events.subarray(at, end);
      if (deltaEnd === null || isWanted(event)) pass(event);
      at = end;
    }
  }
}

/** Null: what begins there is another event, or has other lines. */
function endOfDelta(events: Buffer, from: number): number | null {
  const { length } = DELTA_START;
  for (let at = 0; at < length; at++) if (events[from + at] !== DELTA_START[at]) return null;
  const lineEnd = events.indexOf(LF, from + length);
  return events[lineEnd + 1] === LF ? lineEnd + EVENT_END.length : null;
}

/** A line break beyond the last event's end is of that event. */
function endOf(events: Buffer, from: number): number {
  const at = events.indexOf(EVENT_END, from);
  return at === -1 ? events.length : at + EVENT_END.length;
}
