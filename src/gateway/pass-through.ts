/** Takes one exchange from a client to an upstream and back: the same bytes, as they come, both ways. */
import type { ClientRequest, IncomingMessage, ServerResponse } from "node:http";
import { forwardedRequestHeaders, forwardedResponseHeaders } from "./forwarded-headers.ts";
import { inOnePiece } from "./in-one-piece.ts";
import { headerPairsOf, headText, reasonOf } from "./raw-headers.ts";
import type { Upstream } from "./upstream.ts";

/** Hears what passes by. None of it may throw, and none of it is waited for. */
export interface ExchangeObserver {
  requestChunk(chunk: Buffer): void;
  /** The request has come in whole, which may be after the answer to it. */
  requestEnded(): void;
  /** The upstream began to answer. */
  responseBegan(response: IncomingMessage): void;
  /** As it was passed on: several chunks that came together are one. */
  responseChunk(chunk: Buffer): void;
  /** Told once, when nothing of the answer is on its way any more. */
  ended(ending: Ending): void;
}

/**
 * `complete`: the client got the whole answer · `abandoned`: the client went away · `cut`: the upstream broke
 * off in the middle · `unreachable`: it never answered.
 */
export type Ending = "complete" | "abandoned" | "cut" | "unreachable";

/** What has come of a request's body already. */
export interface Came {
  readonly chunks: readonly Buffer[];
  /** What is to be sent in place of them, once all has come; null: they are. */
  readonly edited: Buffer | null;
  /** The upstream turned that away (400). True: they are to be sent instead. */
  readonly refused: () => boolean;
}

export interface PassThroughOptions {
  readonly upstream: Upstream;
  /** Path and query to ask the upstream for, as the client wrote them. */
  readonly path: string;
  readonly observer?: ExchangeObserver | undefined;
  /** Known to the observer by now. @default nothing */
  readonly came?: Came | undefined;
  /** Answers a client whose upstream could not be reached, or gave no answer that can be passed on. */
  readonly unreachable: (response: ServerResponse, error: NodeJS.ErrnoException) => void;
}

/** A larger request is not kept to be sent again over a new connection, in bytes: twice the API's limit. */
const MAX_RESENT_BYTES = 64 * 1024 * 1024;

/** How soon a connection that the other side had closed shows itself as such, in ms. */
const STALE_WITHIN_MS = 1_000;

/** @throws when Node refuses to send such a request; nothing has been done then */
export function passThrough(
  request: IncomingMessage,
  response: ServerResponse,
  { upstream, path, observer, came, unreachable }: PassThroughOptions,
): void {
  const { socket } = request;
  let outgoing: ClientRequest;
  let incoming: IncomingMessage | null = null;
  let open = true;
  let isHeadSent = false;
  /** What the client has sent so far, while it may have to be sent again; null when it cannot be. */
  let sent: Buffer[] | null = [];
  let sentBytes = 0;
  /** What is sent in place of what came. */
  let edited = came?.edited ?? null;
  /** When something of it was sent last, on the monotonic clock. */
  let sentAt = performance.now();

  function end(ending: Ending): void {
    if (!open) return;
    open = false;
    sent = null;
    observer?.ended(ending);
  }

  function send(fresh: boolean): ClientRequest {
    const outgoing = upstream.request({
      method: request.method ?? "GET",
      path,
      headers: forwardedRequestHeaders(request, upstream.host, edited?.length),
      fresh,
    });
    let isAnswered = false;
    outgoing.on("socket", (socket) => socket.once("data", () => (isAnswered = true)));
    outgoing.on("response", answer);
    outgoing.on("continue", () => response.writeContinue());
    outgoing.on("information", inform);
    outgoing.on("drain", () => request.resume());
    outgoing.on("error", (error: NodeJS.ErrnoException) => {
      // A kept-alive connection that the other side had just closed never reached it.
      const isBroken = error.code === "ECONNRESET" || error.code === "EPIPE";
      // Later it has been taken, and may be at work on what would be paid for twice.
      const isFresh = performance.now() - sentAt <= STALE_WITHIN_MS;
      const isStale = outgoing.reusedSocket && isBroken && isFresh;
      failed(outgoing, error, isStale && !isAnswered);
    });
    outgoing.on("close", () => {
      failed(outgoing, new Error("it gave no answer that HTTP knows"), false);
      takeRest(outgoing);
    });
    return outgoing;
  }

  /** Before its answer began; afterwards the answer itself tells. */
  function failed(failing: ClientRequest, error: NodeJS.ErrnoException, isStale: boolean): void {
    if (incoming !== null || failing !== outgoing || !open) return;
    if (isStale && sent !== null) {
      // Once more, and a new connection is never a stale one.
      sendAgain(sent, true);
      return;
    }
    end("unreachable");
    unreachable(response, error);
    takeRest(failing);
  }

  function sendAgain(chunks: readonly Buffer[], fresh: boolean): void {
    outgoing = send(fresh);
    sentAt = performance.now();
    for (const chunk of chunks) outgoing.write(chunk);
    if (request.readableEnded) finish();
    else request.resume();
  }

  /** What is left of a body may have nowhere to go, yet its sender should get to read the answer. */
  function takeRest(of: ClientRequest): void {
    if (of === outgoing) request.resume();
  }

  function finish(): void {
    if (request.rawTrailers.length > 0) outgoing.addTrailers(headerPairsOf(request.rawTrailers));
    outgoing.end();
  }

  function inform(information: Parameters<typeof headText>[0]): void {
    // `continue` tells of a 100. HTTP/1.0 knows none, and a response that waits for one before it has no connection yet.
    if (information.statusCode !== 100 && request.httpVersion === "1.1")
      response.socket?.write(headText(information), "latin1");
  }

  function answer(from: IncomingMessage): void {
    from.on("error", () => {});
    const { statusCode = 0 } = from;
    if (statusCode === 400 && edited !== null && came?.refused() === true) {
      // Whatever was wrong with it: its client asked for something else.
      from.resume();
      edited = null;
      sent = [...came.chunks];
      sendAgain(sent, false);
      return;
    }
    try {
      // Nothing below is the answer to a request, and Node refuses some of it.
      if (statusCode < 200) throw new Error("it answered with a status that HTTP does not know");
      response.sendDate = false;
      response.writeHead(statusCode, reasonOf(from), forwardedResponseHeaders(from, request));
    } catch (error) {
      failed(outgoing, error instanceof Error ? error : new Error(String(error)), false);
      outgoing.destroy();
      return;
    }
    incoming = from;
    sent = null;
    observer?.responseBegan(from);
    const write = inOnePiece(response, (piece, takesMore) => {
      if (!takesMore) from.pause();
      observer?.responseChunk(piece);
    });
    write.begin();
    from.on("data", write.chunk);
    from.on("end", () => {
      write.rest();
      if (from.rawTrailers.length > 0) response.addTrailers(headerPairsOf(from.rawTrailers));
      response.end();
    });
    from.on("close", () => {
      if (from.complete || !open) return;
      // What has come gets through, and then the client sees what we saw: a connection that ends too early.
      const rest: Buffer | null = from.read();
      if (rest) write.chunk(rest);
      write.rest();
      end("cut");
      cutOff(response);
    });
    response.on("drain", () => from.resume());
  }

  function gone(): void {
    end("abandoned");
    if (!outgoing.destroyed && !(incoming?.complete && request.complete)) outgoing.destroy();
  }

  outgoing = send(false);
  // Not the response's own end, which one that waits for another before it never sees.
  socket.on("close", gone);
  response.on("finish", () => end("complete"));
  response.on("close", () => {
    // It may be answered before it has come in whole, and break off then.
    if (request.complete || socket.destroyed) {
      socket.off("close", gone);
      gone();
    }
  });
  response.on("error", () => {});
  request.on("error", () => {});
  request.on("close", () => {
    if (response.closed) socket.off("close", gone);
  });

  function sendOn(chunk: Buffer): void {
    isHeadSent = true;
    sentBytes += chunk.length;
    if (sentBytes > MAX_RESENT_BYTES) sent = null;
    sent?.push(chunk);
    sentAt = performance.now();
    if (!outgoing.destroyed && !outgoing.write(chunk)) request.pause();
  }

  for (const chunk of edited === null ? (came?.chunks ?? []) : [edited]) sendOn(chunk);
  if (came !== undefined && request.readableEnded) {
    isHeadSent = true;
    finish();
  }
  request.on("data", (chunk: Buffer) => {
    sendOn(chunk);
    observer?.requestChunk(chunk);
  });
  request.on("end", () => {
    isHeadSent = true;
    finish();
    observer?.requestEnded();
  });
  // With what came in the same packet, or else before it: the upstream may answer to the head alone.
  setImmediate(() => {
    if (!isHeadSent && !outgoing.destroyed) outgoing.write("", "latin1");
  });
}

/** Ends the connection once what was written has left. */
function cutOff(response: ServerResponse): void {
  if (response.socket) response.socket.destroySoon();
  // It waits for a response before it, and gets the connection when that has ended.
  else response.once("socket", (socket) => setImmediate(() => socket.destroySoon()));
}
