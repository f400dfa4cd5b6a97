import type { EmulatedUsage } from "./usage.ts";

/** One request as it came in, and what became of it. */
export interface RecordedRequest {
  /** When it started, milliseconds since the epoch on the emulator's clock. */
  readonly at: number;
  readonly method: string;
  /** Path with its query string. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The body as sent, after its content-encoding is undone; empty when bodies are not recorded. */
  readonly body: Uint8Array;
  readonly model: string | null;
  /** Hash of the credential, so that a log shows whose request it was without holding a key. */
  readonly apiKeyHash: string | null;
  /** HTTP status; 0 as long as nothing has been answered. */
  readonly status: number;
  /** Usage of the whole answer, even where the client left before its end; null for anything but a message. */
  readonly usage: EmulatedUsage | null;
  readonly stream: boolean;
  readonly maxTokens: number | null;
  /** Whether the connection closed before the response was complete. */
  readonly aborted: boolean;
}

export type OpenRecord = { -readonly [Key in keyof RecordedRequest]: RecordedRequest[Key] };

export interface RequestLogOptions {
  readonly maxRecords: number;
  readonly maxBytes: number;
  readonly recordBodies: boolean;
}

/** The requests of the recent past, bounded so that a long run does not grow: the oldest goes first. */
export class RequestLog {
  readonly records: OpenRecord[] = [];
  readonly #options: RequestLogOptions;
  #bytes = 0;

  constructor(options: RequestLogOptions) {
    this.#options = options;
  }

  open(request: Pick<RecordedRequest, "at" | "method" | "path" | "headers">): OpenRecord {
    const record: OpenRecord = {
      ...request,
      body: new Uint8Array(),
      model: null,
      apiKeyHash: null,
      status: 0,
      usage: null,
      stream: false,
      maxTokens: null,
      aborted: false,
    };
    this.records.push(record);
    this.#trim();
    return record;
  }

  keepBody(record: OpenRecord, body: Uint8Array): void {
    if (!this.#options.recordBodies || !this.records.includes(record)) return;
    record.body = body;
    this.#bytes += body.length;
    this.#trim();
  }

  clear(): void {
    this.records.length = 0;
    this.#bytes = 0;
  }

  #trim(): void {
    while (
      this.records.length > this.#options.maxRecords ||
      (this.#bytes > this.#options.maxBytes && this.records.length > 1)
    ) {
      this.#bytes -= this.records.shift()?.body.length ?? 0;
    }
  }
}
