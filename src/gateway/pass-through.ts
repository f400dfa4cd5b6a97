/** Takes one exchange from a client to an upstream and back: the same bytes, as they come, both ways. */
import type { ClientRequest, IncomingMessage, ServerResponse } from "node:http";
import { forwardedHeaders } from "./forwarded-headers.ts";
import { headerPairsOf } from "./raw-headers.ts";
import type { Upstream } from "./upstream.ts";

/** Hears what passes by. None of it may throw, and none of it is waited for. */
export interface ExchangeObserver {
  requestChunk(chunk: Buffer): void;
  /** The request has come in whole. */
  requestEnded(): void;
  /** The upstream began to answer. */
  responseBegan(response: IncomingMessage): void;
  responseChunk(chunk: Buffer): void;
  /** Told once, when nothing of the exchange is on its way any more. */
  ended(ending: Ending): void;
}

/**
 * `complete`: the client got the whole answer · `abandoned`: the client went away · `cut`: the upstream broke
 * off in the middle · `unreachable`: it never answered.
 */
export type Ending = "complete" | "abandoned" | "cut" | "unreachable";

export interface PassThroughOptions {
  readonly upstream: Upstream;
  /** Path and query to ask the upstream for, as the client wrote them. */
  readonly path: string;
  readonly observer?: ExchangeObserver | undefined;
  /** Answers a client whose upstream could not be reached. */
  readonly unreachable: (response: ServerResponse, error: NodeJS.ErrnoException) => void;
}

export function passThrough(
  request: IncomingMessage,
  response: ServerResponse,
  { upstream, path, observer, unreachable }: PassThroughOptions,
): void {
  let outgoing: ClientRequest;
  let incoming: IncomingMessage | null = null;
  let open = true;
  /** What the client has sent so far, while it may have to be sent again; null when it cannot be. */
  let sent: Buffer[] | null = [];
  let sentBytes = 0;

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
      headers: forwardedHeaders(request.rawHeaders, { host: upstream.host, bodyless: isBodyless(request) }),
      fresh,
    });
    outgoing.on("response", answer);
    outgoing.on("continue", () => response.writeContinue());
    outgoing.on("information", ({ statusCode }) => {
      if (statusCode === 102) response.writeProcessing();
    });
    outgoing.on("drain", () => request.resume());
    // What is left of a request that was answered early is read all the same, or nothing could follow it.
    outgoing.on("close", () => request.resume());
    outgoing.on("error", (error: NodeJS.ErrnoException) => failed(outgoing, error));
    return outgoing;
  }

  /** Before its answer began; afterwards the answer itself tells. */
  function failed(failing: ClientRequest, error: NodeJS.ErrnoException): void {
    if (incoming !== null || failing !== outgoing || !open) return;
    // A kept-alive connection that the other side had just closed never reached it: once more, on a new one.
    if (failing.reusedSocket && sent !== null && (error.code === "ECONNRESET" || error.code === "EPIPE")) {
      outgoing = send(true);
      for (const chunk of sent) outgoing.write(chunk);
      if (request.complete && request.readableEnded) outgoing.end();
      else request.resume();
      return;
    }
    end("unreachable");
    unreachable(response, error);
    // What is left of the body has nowhere to go, yet its sender should get to read the answer.
    request.resume();
  }

  function answer(from: IncomingMessage): void {
    incoming = from;
    sent = null;
    observer?.responseBegan(from);
    response.sendDate = false;
    response.writeHead(from.statusCode ?? 502, from.statusMessage, forwardedHeaders(from.rawHeaders));
    const write = inOnePiece(response, () => from.pause());
    write.soon();
    from.on("data", (chunk: Buffer) => {
      write.chunk(chunk);
      observer?.responseChunk(chunk);
    });
    from.on("end", () => {
      write.rest();
      if (from.rawTrailers.length > 0) response.addTrailers(headerPairsOf(from.rawTrailers));
      response.end();
    });
    from.on("error", () => {});
    from.on("close", () => {
      if (from.complete || !open) return;
      end("cut");
      write.rest();
      // What has come gets through, and then the client sees what we saw: a connection that ends too early.
      response.socket?.destroySoon();
    });
    response.on("drain", () => from.resume());
  }

  response.on("finish", () => end("complete"));
  response.on("close", () => {
    end("abandoned");
    if (!outgoing.destroyed && !incoming?.complete) outgoing.destroy();
  });
  response.on("error", () => {});
  request.on("error", () => {});

  outgoing = send(false);
  request.on("data", (chunk: Buffer) => {
    sentBytes += chunk.length;
    if (sentBytes > MAX_RESENT_BYTES) sent = null;
    sent?.push(chunk);
    if (!outgoing.destroyed && !outgoing.write(chunk)) request.pause();
    observer?.requestChunk(chunk);
  });
  request.on("end", () => {
    if (request.rawTrailers.length > 0) outgoing.addTrailers(headerPairsOf(request.rawTrailers));
    outgoing.end();
    observer?.requestEnded();
  });
}

/** A larger request is not kept to be sent again over a new connection, in bytes: twice the API's limit. */
const MAX_RESENT_BYTES = 64 * 1024 * 1024;

/**
 * Everything that came in one packet leaves in one piece, the head along with what followed it: written piece by
 * piece, a fast stream costs a fifth of the throughput.
 */
function inOnePiece(response: ServerResponse, full: () => void) {
  let chunks: Buffer[] = [];
  let scheduled = false;
  let begun = false;

  function now(): void {
    scheduled = false;
    const [first] = chunks;
    // Nobody waits for a body to see the head.
    if (first === undefined && !begun) response.flushHeaders();
    begun = true;
    if (first === undefined) return;
    const piece = chunks.length === 1 ? first : Buffer.concat(chunks);
    chunks = [];
    if (!response.write(piece)) full();
  }

  function soon(): void {
    if (scheduled) return;
    scheduled = true;
    process.nextTick(() => {
      if (scheduled) now();
    });
  }

  return {
    soon,
    chunk(chunk: Buffer): void {
      chunks.push(chunk);
      soon();
    },
    /** What is left, before the end. */
    rest(): void {
      if (scheduled) now();
    },
  };
}

function isBodyless({ headers }: IncomingMessage): boolean {
  return headers["content-length"] === undefined && headers["transfer-encoding"] === undefined;
}
