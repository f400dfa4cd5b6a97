/** Clients that cost next to nothing: raw sockets, which write a request and read to the end of its answer. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** Ends every answer of the upstream: chunked, in HTTP/1.1. */
const LAST_CHUNK = Buffer.from("\r\n0\r\n\r\n");

export interface Answered {
  /** From the request's first byte to the answer's, in ms. */
  readonly firstByteMs: number;
  readonly bytes: number;
}

export class Connection {
  readonly #socket: Socket;
  #answer: ((chunk: Buffer) => void) | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => this.#answer?.(chunk));
  }

  static async open(url: string): Promise<Connection> {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    await once(socket, "connect");
    return new Connection(socket);
  }

  /** Whether the other side has not closed it. */
  get isOpen(): boolean {
    return this.#socket.writable && this.#socket.readable;
  }

  /** @throws when the answer is no 200, or breaks off */
  ask(request: Buffer): Promise<Answered> {
    const { promise, resolve, reject } = Promise.withResolvers<Answered>();
    const broken = () => reject(new Error("the connection ended before the answer did"));
    const startedAt = performance.now();
    let firstByteMs = -1;
    let bytes = 0;
    let tail: Buffer = Buffer.alloc(0);
    this.#answer = (chunk) => {
      if (firstByteMs < 0) {
        firstByteMs = performance.now() - startedAt;
        if (!chunk.subarray(0, 13).equals(OK))
          reject(new Error(`not a 200: ${chunk.toString("latin1", 0, 300)}`));
      }
      bytes += chunk.length;
      tail = chunk.length >= LAST_CHUNK.length ? chunk : Buffer.concat([tail, chunk]);
      tail = tail.subarray(-LAST_CHUNK.length);
      if (!tail.equals(LAST_CHUNK)) return;
      this.#answer = null;
      this.#socket.off("close", broken);
      resolve({ firstByteMs, bytes });
    };
    this.#socket.once("close", broken);
    this.#socket.write(request);
    return promise;
  }

  close(): void {
    this.#socket.destroy();
  }
}

const OK = Buffer.from("HTTP/1.1 200 ");

/** A POST of Messages, as bytes. */
export function messagesRequest(body: string, headers: Readonly<Record<string, string>> = {}): Buffer {
  const all = {
    host: "localhost",
    "content-type": "application/json",
    "anthropic-version": "2023-06-01",
    "x-api-key": "sk-ant-api-bench",
    ...headers,
    "content-length": Buffer.byteLength(body),
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`POST /v1/messages HTTP/1.1\r\n${lines.join("")}\r\n${body}`);
}
