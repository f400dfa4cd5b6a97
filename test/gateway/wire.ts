/** Bare connections on both sides of a gateway, for bytes that no HTTP library would send. */
import * as net from "node:net";
import { onTestFinished } from "vitest";
import type { Gateway, GatewayOptions } from "../../src/gateway/index.ts";
import type { RecordingLogger } from "../support/recording-logger.ts";
import { createVirtualClock } from "../support/virtual-clock.ts";
import { clockedGateway } from "./clocked-gateway.ts";

/** One side of a connection. */
export interface Line {
  readonly socket: net.Socket;
  /** What came, one character a byte. */
  readonly text: string;
  /** `open`, or how the other side ended it. */
  readonly state: "open" | "ended" | "reset";
  send(text: string | Uint8Array): Line;
  /** Resolves once what came contains it, or the connection is over. */
  until(wanted: string | ((text: string) => boolean)): Promise<string>;
  /** Resolves once the other side has ended it. */
  readonly over: Promise<void>;
  /** As a process that is killed does. */
  reset(): void;
  end(): void;
}

export function lineOf(socket: net.Socket): Line {
  const chunks: Buffer[] = [];
  let state: Line["state"] = "open";
  const told = new Set<() => void>();
  const tell = () => {
    for (const look of told) look();
  };
  const { promise: over, resolve } = Promise.withResolvers<void>();
  function finish(as: Line["state"]): void {
    if (state === "open") state = as;
    resolve();
    tell();
  }
  socket.on("data", (chunk) => {
    chunks.push(chunk);
    tell();
  });
  socket.on("end", () => finish("ended"));
  socket.on("error", () => finish("reset"));
  socket.on("close", () => finish("reset"));
  const line: Line = {
    socket,
    over,
    get text() {
      return Buffer.concat(chunks).toString("latin1");
    },
    get state() {
      return state;
    },
    send(text) {
      socket.write(typeof text === "string" ? Buffer.from(text, "latin1") : text);
      return line;
    },
    async until(wanted) {
      const has = typeof wanted === "string" ? (text: string) => text.includes(wanted) : wanted;
      while (state === "open" && !has(line.text)) {
        await new Promise<void>((resolve) => {
          const look = () => {
            told.delete(look);
            resolve();
          };
          told.add(look);
        });
      }
      return line.text;
    },
    reset: () => void socket.resetAndDestroy(),
    end: () => void socket.end(),
  };
  return line;
}

export interface RawServer {
  readonly port: number;
  readonly url: string;
  /** Every connection that was made to it, in order. */
  readonly lines: Line[];
  /** Connections that are open now. */
  open(): number;
  /** The one of this index, as soon as it is made. */
  line(index: number): Promise<Line>;
  close(): Promise<void>;
}

/** A server that says what the test says. */
export async function rawServer(
  connected: (line: Line, index: number) => void = () => {},
): Promise<RawServer> {
  const lines: Line[] = [];
  const waiting = new Set<() => void>();
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const line = lineOf(socket);
    lines.push(line);
    connected(line, lines.length - 1);
    for (const look of waiting) look();
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  async function close(): Promise<void> {
    for (const { socket } of lines) socket.destroy();
    if (server.listening) await new Promise<void>((resolve) => void server.close(() => resolve()));
  }
  onTestFinished(close);
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    lines,
    open: () => lines.filter(({ socket }) => !socket.destroyed).length,
    async line(index) {
      for (;;) {
        const line = lines[index];
        if (line) return line;
        await new Promise<void>((resolve) => {
          const look = () => {
            waiting.delete(look);
            resolve();
          };
          waiting.add(look);
        });
      }
    },
    close,
  };
}

/** A server that answers each whole request with the next of these, and the last again and again. */
export function answering(...answers: readonly (string | ((line: Line, request: string) => void))[]) {
  let asked = 0;
  return rawServer((line) => {
    let read = 0;
    line.socket.on("data", () => {
      for (;;) {
        const request = firstRequest(line.text.slice(read));
        if (request === null) return;
        read += request.length;
        const answer = answers[Math.min(asked++, answers.length - 1)];
        if (typeof answer === "function") answer(line, request);
        else if (answer !== undefined) line.send(answer);
      }
    });
  });
}

/** The first whole request in what came, head and body; null when there is none yet. */
export function firstRequest(text: string): string | null {
  const headEnd = text.indexOf("\r\n\r\n");
  if (headEnd < 0) return null;
  const head = text.slice(0, headEnd);
  const bodyAt = headEnd + 4;
  if (/^transfer-encoding:.*chunked/im.test(head)) {
    const end = /(^|\r\n)0\r\n(?:[^\r\n]+\r\n)*\r\n/.exec(text.slice(bodyAt));
    return end ? text.slice(0, bodyAt + end.index + end[0].length) : null;
  }
  const length = Number(/^content-length:\s*(\d+)/im.exec(head)?.[1] ?? 0);
  return text.length >= bodyAt + length ? text.slice(0, bodyAt + length) : null;
}

export function dial(port: number | string, options: Partial<net.TcpNetConnectOpts> = {}): Line {
  const to = typeof port === "string" ? Number(new URL(port).port) : port;
  const socket = net.connect({ port: to, host: "127.0.0.1", allowHalfOpen: true, noDelay: true, ...options });
  onTestFinished(() => void socket.destroy());
  return lineOf(socket);
}

export interface BareGateway {
  readonly gateway: Gateway;
  readonly port: number;
  readonly logger: RecordingLogger;
  /** Asks for what is given, over a connection of its own. */
  ask(request: string): Line;
}

/** A gateway before an upstream of the test's own. */
export async function bareGateway(
  upstream: string,
  options: Partial<GatewayOptions> = {},
): Promise<BareGateway> {
  const { gateway, url, logger } = await clockedGateway(createVirtualClock(), {
    upstream: new URL(upstream),
    enableNew: false,
    ...options,
  });
  const port = Number(new URL(url).port);
  onTestFinished(() => gateway.close());
  return { gateway, port, logger, ask: (request) => dial(port).send(request) };
}
