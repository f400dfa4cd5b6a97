/** A loopback HTTP gateway: whatever passes through it passes unchanged, and conversations stay warm. */
import * as http from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { createKeeper, type Keeper, type KeeperOptions } from "../capture/index.ts";
import type { Logger } from "../host.ts";
import { observeMessages } from "./observation.ts";
import { type ExchangeObserver, passThrough } from "./pass-through.ts";
import { goesElsewhere, Runs, routeOf, runIdFor, runPath } from "./runs.ts";
import { mayUpgrade, passUpgrade } from "./upgrade.ts";
import { createUpstream, MAX_HEADER_BYTES, type Upstream } from "./upstream.ts";
import { fetchBy } from "./upstream-fetch.ts";

export interface GatewayOptions extends Omit<KeeperOptions, "enableNew" | "sideThreadsBegin"> {
  /** Where requests go on to. */
  readonly upstream: URL;
  /** Whether conversations without a setting of their own are switched on. */
  readonly enableNew: boolean;
}

export interface RunOptions {
  readonly id: string;
  /** Where its requests go, if not where the gateway's do. */
  readonly upstream?: URL | undefined;
  readonly enableNew?: boolean | undefined;
}

export interface AttachedRun {
  /** The base URL that its command is given. */
  readonly baseUrl: string;
  /** The command has ended: its conversations are let go of, and their settings stay. */
  detach(): void;
}

export interface Gateway {
  readonly keeper: Keeper;
  readonly upstreamUrl: string;
  /** Where it listens; null while it does not. */
  readonly url: string | null;
  /** Runs whose command has not ended. */
  readonly runs: number;
  /** Epoch ms at which something passed last. */
  readonly lastExchangeAt: number;
  /** Rejects with the system's error, such as EADDRINUSE. */
  listen(address: { readonly host: string; readonly port: number }): Promise<string>;
  attachRun(run: RunOptions): AttachedRun;
  /** Sends no warm any more, takes no connection, and gives what is under way `graceMs` to end. */
  close(graceMs?: number): Promise<void>;
}

/** Longer than any client keeps an idle connection, so that none is closed just as it is used. In ms. */
const KEEP_ALIVE_MS = 600_000;

/** After which the system probes a connection that says nothing, so that half-open ones end. In ms. */
const PROBE_AFTER_MS = 60_000;

/** How often a gateway that closes lets go of connections whose last response has ended, in ms. */
const TIDY_MS = 50;

export function createGateway({ upstream: upstreamUrl, enableNew, ...options }: GatewayOptions): Gateway {
  const { logger, now, monotonicNow } = options;
  const runs = new Runs();
  const attached = new Set<string>();
  const keeper = createKeeper({
    ...options,
    sideThreadsBegin: true,
    enableNew: (tag) => enableNew || (tag !== null && runs.get(tag)?.enableNew === true),
  });
  const upstream = createUpstream(upstreamUrl);
  let lastExchangeAt = now();
  let url: string | null = null;

  const server = http.createServer({
    // A request of 30 MB may take long to come, and an answer longer still.
    requestTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
    keepAlive: true,
    keepAliveInitialDelay: PROBE_AFTER_MS,
    noDelay: true,
    shouldUpgradeCallback: mayUpgrade,
  });
  // Else those beyond it would be refused.
  server.maxHeadersCount = 0;
  // Each request that waits for the one before it listens for its connection's end.
  server.on("connection", (socket) => socket.setMaxListeners(0));
  server.on("request", exchange);
  // The upstream says whether it wants the body.
  server.on("checkContinue", exchange);
  server.on("checkExpectation", exchange);
  // No connection of the server's any more: it does not close them.
  const upgraded = new Set<Socket>();
  server.on("upgrade", (request: http.IncomingMessage, socket: Socket, head: Buffer) => {
    const { path, to } = destinationOf(request);
    if (to === null) {
      socket.destroy();
      return;
    }
    upgraded.add(socket);
    socket.on("close", () => upgraded.delete(socket));
    try {
      passUpgrade(request, socket, head, {
        upstream: to,
        path,
        unreachable: (...it) => unreachable(to, ...it),
      });
    } catch (error) {
      logger.warn("keepwarm: a request could not be sent on", { code: codeOf(error) });
      socket.destroy();
    }
  });

  function destinationOf(request: http.IncomingMessage) {
    lastExchangeAt = now();
    const { runId, path } = routeOf(request.url ?? "/");
    const run = runId === null ? undefined : runs.get(runId);
    const isUnknown = runId !== null && run === undefined && goesElsewhere(runId);
    return { tag: runId, path, to: isUnknown ? null : (run?.upstream ?? upstream) };
  }

  function exchange(request: http.IncomingMessage, response: http.ServerResponse): void {
    const { tag, path, to } = destinationOf(request);
    if (to === null) {
      answerError(response, 503, "this run is not known here any more; keepwarm run makes it known again");
      return;
    }
    const isMessages = request.method === "POST" && /^[^?#]*\/v1\/messages\/?($|[?#])/.test(path);
    const observer = isMessages ? observerOf(request, to, path, tag) : undefined;
    try {
      passThrough(request, response, {
        upstream: to,
        path,
        observer,
        unreachable: (...it) => unreachable(to, ...it),
      });
    } catch (error) {
      logger.warn("keepwarm: a request could not be sent on", { code: codeOf(error) });
      answerError(response, 400, `this request cannot be sent on (${codeOf(error)})`);
    }
  }

  function unreachable(
    { url }: Upstream,
    response: http.ServerResponse,
    { code, message }: NodeJS.ErrnoException,
  ): void {
    logger.warn("keepwarm: the upstream could not be reached", { upstream: url, reason: code ?? message });
    answerError(response, 502, `${url} could not be reached (${code ?? message})`);
  }

  function observerOf(
    request: http.IncomingMessage,
    to: Upstream,
    path: string,
    tag: string | null,
  ): ExchangeObserver {
    const startedAt = { wallMs: now(), monotonicMs: monotonicNow() };
    const observed = { keeper, request, url: to.url + path, send: fetchBy(to), tag, startedAt, now };
    return guarded(observeMessages(observed), logger);
  }

  function attachRun({ id, upstream: elsewhere, enableNew = false }: RunOptions): AttachedRun {
    const runId = runIdFor(id, elsewhere !== undefined);
    runs.add({ id: runId, enableNew, upstream: elsewhere === undefined ? null : createUpstream(elsewhere) });
    attached.add(runId);
    return {
      baseUrl: `${url}${runPath(runId)}`,
      detach() {
        if (!attached.delete(runId)) return;
        for (const { id, tag } of keeper.conversations()) if (tag === runId) keeper.detach(id);
      },
    };
  }

  return {
    keeper,
    upstreamUrl: upstream.url,
    get url() {
      return url;
    },
    get runs() {
      return attached.size;
    },
    get lastExchangeAt() {
      return lastExchangeAt;
    },
    attachRun,
    async listen({ host, port }) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      server.once("error", reject);
      server.listen({ host, port }, resolve);
      await promise;
      server.off("error", reject);
      const { address, family, port: actual } = server.address() as AddressInfo;
      url = `http://${family === "IPv6" ? `[${address}]` : address}:${actual}`;
      return url;
    },
    async close(graceMs = 0) {
      keeper.dispose();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const tidying = setInterval(() => server.closeIdleConnections(), TIDY_MS);
      const impatient = setTimeout(() => {
        server.closeAllConnections();
        for (const socket of upgraded) socket.destroy();
      }, graceMs);
      await closed;
      clearInterval(tidying);
      clearTimeout(impatient);
      runs.close();
      upstream.close();
    },
  };
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}

/** In the API's own form, so that clients show it and try again as they do with the API's. */
function answerError(response: http.ServerResponse, status: number, message: string): void {
  if (response.headersSent || response.destroyed) return;
  const body = JSON.stringify({
    type: "error",
    error: { type: "api_error", message: `keepwarm: ${message}` },
  });
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
  });
  response.end(body);
}

/** An observer whose mistakes cost nobody a turn: it sees nothing more, and the log says so. */
function guarded(observer: ExchangeObserver, logger: Logger): ExchangeObserver {
  let broken = false;
  function guard<Arguments extends readonly unknown[]>(act: (...values: Arguments) => void) {
    return (...values: Arguments) => {
      if (broken) return;
      try {
        act(...values);
      } catch (error) {
        broken = true;
        const name = error instanceof Error ? error.name : typeof error;
        logger.error("keepwarm: could not watch an exchange; it goes on unwatched", { error: name });
      }
    };
  }
  return {
    requestChunk: guard((chunk: Buffer) => observer.requestChunk(chunk)),
    requestEnded: guard(() => observer.requestEnded()),
    responseBegan: guard((response: http.IncomingMessage) => observer.responseBegan(response)),
    responseChunk: guard((chunk: Buffer) => observer.responseChunk(chunk)),
    ended: guard((ending) => observer.ended(ending)),
  };
}
