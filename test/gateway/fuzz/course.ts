/** Runs one request and one response over the wire, straight or through a gateway, and tells what either side got. */
import * as net from "node:net";
import type { Made, MadeResponse } from "./messages.ts";
import { headerOf, type Message, readMessage, readResponse } from "./reading.ts";

export interface Seen {
  /** All that the client got. */
  readonly answer: string;
  /** How its connection ended. */
  readonly ending: "open" | "ended" | "reset";
  /** The whole requests that the upstream got. */
  readonly arrived: readonly Message[];
}

/** Longer than anything here takes, in ms. */
const HANGS_MS = 10_000;

export interface Upstream {
  readonly port: number;
  /** Connections that are open. */
  open(): number;
  /** From now on, requests are answered so. @returns the whole ones that came since */
  expect(response: MadeResponse): () => Message[];
  close(): Promise<void>;
}

export async function startUpstream(): Promise<Upstream> {
  const sockets = new Set<net.Socket>();
  let response: MadeResponse;
  let arrived: Message[] = [];

  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    let text = "";
    let isAnswering = false;
    socket.on("data", (chunk) => {
      // What comes after an answer belongs to the next request.
      text += chunk.toString("latin1");
      const request = readMessage(text, { isOver: false });
      if (request === null || !request.isComplete || isAnswering) return;
      text = text.slice(request.end);
      arrived.push(request);
      isAnswering = true;
      void answer(socket).then(() => {
        isAnswering = false;
        // It went while it was answered: nothing is left to be said.
        if (socket.readableEnded) socket.destroySoon();
      });
    });
    // A client that has no more to say gets no answer to half a request.
    socket.on("end", () => {
      if (!isAnswering) socket.destroy();
    });
  });

  async function answer(socket: net.Socket): Promise<void> {
    const { afterwards } = response;
    await sendIn(socket, response);
    if (afterwards === "end") socket.destroySoon();
    if (afterwards === "reset") setImmediate(() => socket.resetAndDestroy());
  }

  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  return {
    port,
    open: () => sockets.size,
    expect(next) {
      response = next;
      const since: Message[] = [];
      arrived = since;
      return () => since;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
}

/** In packets, each in a turn of the event loop of its own. */
async function sendIn(socket: net.Socket, { bytes, cuts }: Made): Promise<void> {
  let at = 0;
  for (const cut of [...cuts, bytes.length]) {
    if (cut > at) socket.write(Buffer.from(bytes.slice(at, cut), "latin1"));
    at = Math.max(at, cut);
    if (at < bytes.length) await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Under this name each request carries its number, so that one of before which comes late is told from it. */
const NUMBER = "X-Case";

let lastNumber = 0;

/** @throws when nothing happens any more and the client still waits */
export async function course(
  port: number,
  made: Made,
  upstream: Upstream,
  response: MadeResponse,
): Promise<Seen> {
  const arrived = upstream.expect(response);
  const number = String(++lastNumber);
  const request = { ...made, bytes: made.bytes.replace("\r\n", `\r\n${NUMBER}: ${number}\r\n`) };
  const method = methodOf(request);
  const socket = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
  let answer = "";
  let ending: Seen["ending"] = "open";
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const hanging = setTimeout(() => reject(new Error("it hangs")), HANGS_MS);
  socket.on("data", (chunk) => {
    answer += chunk.toString("latin1");
    if (readResponse(answer, { isOver: false, answers: method })?.isComplete) resolve();
  });
  socket.on("end", () => {
    ending = ending === "open" ? "ended" : ending;
    resolve();
  });
  socket.on("error", () => {
    ending = ending === "open" ? "reset" : ending;
  });
  socket.on("close", () => resolve());
  const sent = sendIn(socket, request).then(() => {
    // As a client that was killed in the middle of its request.
    if (!request.isWhole || !request.isSure) socket.end();
  });
  try {
    await Promise.all([promise, sent]);
  } finally {
    clearTimeout(hanging);
    socket.destroy();
  }
  const own = arrived()
    .filter(({ headers }) => headerOf(headers, NUMBER.toLowerCase()) === number)
    .map((message) => ({ ...message, headers: message.headers.filter(([name]) => name !== NUMBER) }));
  return { answer, ending, arrived: own };
}

export function methodOf({ bytes }: Made): string {
  return bytes.split(" ", 1)[0] ?? "";
}

export function answerOf({ answer, ending }: Seen, method: string): Message | null {
  return readResponse(answer, { isOver: ending === "ended", answers: method });
}
