/** A loopback HTTP gateway: whatever passes through it passes unchanged, and conversations stay warm. */
import * as http from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { DEFAULT_MAX_BODY_BYTES } from "../anthropic/index.ts";
import {
  createKeeper,
  createTiering,
  type Keeper,
  type KeeperChange,
  type KeeperOptions,
} from "../capture/index.ts";
import { HOOKS_PATH } from "../hub/index.ts";
import { answerError } from "./api-error.ts";
import { guarded } from "./guarded.ts";
import type { Health } from "./health.ts";
import { type HoldingObserver, hold, mayBeHeld } from "./hold.ts";
import { createHooks, type HooksOptions } from "./hooks.ts";
import { observeMessages } from "./observation.ts";
import { type Came, passThrough } from "./pass-through.ts";
import { createReach } from "./reach.ts";
import { asksForMessage, goesElsewhere, type Run, Runs, routeOf, runIdFor, runPath } from "./runs.ts";
import { mayUpgrade, passUpgrade, type UpgradeOptions } from "./upgrade.ts";
import { createUpstream, MAX_HEADER_BYTES, type Upstream } from "./upstream.ts";
import { fetchBy } from "./upstream-fetch.ts";

export interface GatewayOptions extends Omit<KeeperOptions, "enableNew" | "sideThreadsBegin" | "tiering"> {
  /** Where requests go on to. */
  readonly upstream: URL;
  /** Whether conversations without a setting of their own are switched on. */
  readonly enableNew: boolean;
  /** Told whether the upstream can be reached. */
  readonly health?: Pick<Health, "trouble" | "fine">;
  /** Told when its person has switched a conversation from inside an agent. */
  readonly switched?: HooksOptions["switched"];
}

export interface RunOptions {
  readonly id: string;
  /** Where its requests go, if not where the gateway's do. */
  readonly upstream?: URL | undefined;
  readonly enableNew?: boolean | undefined;
}

export interface AttachedRun {
  /** What its requests come with. */
  readonly tag: string;
  /** The base URL that its command is given. */
  readonly baseUrl: string;
  /** The command has ended: its conversations are let go of, and their settings stay. */
  detach(): void;
}

/** What its person may change while it works. */
export interface GatewayChange extends KeeperChange {
  readonly enableNew: boolean;
}

export interface Gateway {
  readonly keeper: Keeper;
  readonly upstreamUrl: string;
  /** Where it listens; null while it does not. */
  readonly url: string | null;
  /** For how long nothing has been passing, no run was attached and no warm due, in ms. */
  quietMs(): number;
  /** Turns of main threads that have begun, and warms that were sent, since it was created. */
  readonly counts: Readonly<Record<"turns" | "warms", number>>;
  /** In force at once. */
  change(change: GatewayChange): void;
  /** Rejects with the system's error, such as EADDRINUSE. */
  listen(address: { readonly host: string; readonly port: number }): Promise<string>;
  /** @throws {TypeError} for an upstream that has more than an origin and a path */
  attachRun(run: RunOptions): AttachedRun;
  /** Sends no warm any more, takes no connection, and gives what is under way `graceMs` to end. */
  close(graceMs?: number): Promise<void>;
}

/** Longer than any client keeps an idle connection, so that none is closed just as it is used. In ms. */
const KEEP_ALIVE_MS = 600_000;

/** After which the system probes a connection that says nothing, so that half-open ones end. In ms. */
const PROBE_AFTER_MS = 60_000;

const [NODE_MAJOR = 0, NODE_MINOR = 0] = process.versions.node.split(".").map(Number);
const KNOWS_UPGRADES = NODE_MAJOR > 24 || (NODE_MAJOR === 24 && NODE_MINOR >= 9);

/** Who listens on every address of a machine is reached from there at this one; nobody connects to those. */
const IN_PLACE_OF_ALL = new Map([
  ["0.0.0.0", "127.0.0.1"],
  ["::", "::1"],
]);

/** How often a gateway that closes lets go of connections whose last response has ended, in ms. */
const TIDY_MS = 50;

export function createGateway(gatewayOptions: GatewayOptions): Gateway {
  const { upstream: upstreamUrl, enableNew: firstEnableNew, ...options } = gatewayOptions;
  const { logger, now, monotonicNow } = options;
  let enableNew = firstEnableNew;
  const runs = new Runs();
  const keeper = createKeeper({
    ...options,
    tiering: createTiering,
    sideThreadsBegin: true,
    // Not for what an ended run has left behind: nobody could end that.
    enableNew: (tag) => {
      const run = tag === null ? undefined : runs.get(tag);
      return run ? run.isAttached && (enableNew || run.enableNew) : enableNew;
    },
  });
  const counts = { turns: 0, warms: 0 };
  keeper.events.on("turnStarted", () => counts.turns++);
  const { switched } = options;
  const hooks = createHooks({ keeper, logger, now, ...(switched === undefined ? {} : { switched }) });
  const upstream = createUpstream(upstreamUrl);
  const reach = createReach(options.health);
  let lastExchangeAt = monotonicNow();
  let passing = 0;
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
  // Before Node 24.9 it cannot be told which requests may: there all of them stay HTTP.
  if (KNOWS_UPGRADES)
    server.on("upgrade", (request: http.IncomingMessage, socket: Socket, head: Buffer) => {
      const { path, to } = destinationOf(request);
      if (to === null) {
        socket.destroy();
        return;
      }
      upgraded.add(socket);
      pass(socket);
      socket.on("close", () => upgraded.delete(socket));
      const unreachableHere: UpgradeOptions["unreachable"] = (...it) => unreachable(to, ...it);
      safely(
        () => passUpgrade(request, socket, head, { upstream: to, path, unreachable: unreachableHere }),
        () => socket.destroy(),
      );
    });

  function destinationOf(request: http.IncomingMessage) {
    const { runId, path } = routeOf(request.url ?? "/");
    const run = runId === null ? undefined : runs.get(runId);
    const isUnknown = runId !== null && run === undefined && goesElsewhere(runId);
    return { tag: runId, path, to: isUnknown ? null : (run?.upstream ?? upstream) };
  }

  /** Something passes until this closes. */
  function pass(until: Socket | http.ServerResponse): void {
    passing++;
    until.once("close", () => {
      passing--;
      lastExchangeAt = monotonicNow();
    });
  }

  /** What Node refuses to send on must not end the others' exchanges. */
  function safely(act: () => void, refuse: (code: string) => void): void {
    try {
      act();
    } catch (error) {
      const code = codeOf(error);
      logger.warn("keepwarm: a request could not be sent on", { code });
      refuse(code);
    }
  }

  function exchange(request: http.IncomingMessage, response: http.ServerResponse): void {
    pass(response);
    safely(
      () => passOn(request, response),
      (code) => refuse(response, code),
    );
  }

  function passOn(request: http.IncomingMessage, response: http.ServerResponse): void {
    const { tag, path, to } = destinationOf(request);
    if (tag !== null && path === HOOKS_PATH) {
      hooks.answer(request, response, runs.get(tag)?.isAttached ? tag : null);
      return;
    }
    if (to === null) {
      answerError(response, 503, "this run is not known here any more; keepwarm run makes it known again");
      return;
    }
    reach.ask(to.url, response);
    const isWatched = request.method === "POST" && asksForMessage(path);
    const observer = isWatched ? observerOf(request, to, path, tag) : undefined;
    const go = (came?: Came) =>
      passThrough(request, response, {
        upstream: to,
        path,
        observer,
        came,
        unreachable: (...it) => unreachable(to, ...it),
      });
    if (observer === undefined || !keeper.mayEdit() || !mayBeHeld(request)) {
      go();
      return;
    }
    hold(request, observer, DEFAULT_MAX_BODY_BYTES, (came) =>
      safely(
        () => go(came),
        (code) => {
          observer.ended("unreachable");
          refuse(response, code);
        },
      ),
    );
  }

  function refuse(response: http.ServerResponse, code: string): void {
    answerError(response, 400, `this request cannot be sent on (${code})`);
  }

  function unreachable(
    { url }: Upstream,
    response: http.ServerResponse,
    { code, message }: NodeJS.ErrnoException,
  ): void {
    logger.warn("keepwarm: the upstream could not be reached", { upstream: url, reason: code ?? message });
    reach.missed(url, response, code ?? message);
    answerError(response, 502, `${url} could not be reached (${code ?? message})`);
  }

  function observerOf(
    request: http.IncomingMessage,
    to: Upstream,
    path: string,
    tag: string | null,
  ): HoldingObserver {
    const startedAt = { wallMs: now(), monotonicMs: monotonicNow() };
    const fetch = fetchBy(to);
    const send: typeof fetch = (url, warm) => {
      if (warm.signal?.aborted !== true) counts.warms++;
      return fetch(url, warm);
    };
    const observed = { keeper, request, url: to.url + path, send, tag, startedAt, now };
    return guarded(observeMessages(observed), logger);
  }

  function attachRun({ id, upstream: elsewhere, enableNew = false }: RunOptions): AttachedRun {
    const runId = runIdFor(id, elsewhere !== undefined);
    const run: Run = {
      id: runId,
      enableNew,
      upstream: elsewhere === undefined ? null : createUpstream(elsewhere),
      isAttached: true,
    };
    runs.add(run);
    return {
      tag: runId,
      baseUrl: `${url}${runPath(runId)}`,
      detach() {
        if (!run.isAttached) return;
        run.isAttached = false;
        lastExchangeAt = monotonicNow();
        // Unless it has been attached again meanwhile.
        if (runs.get(runId) === run) keeper.detachTag(runId);
      },
    };
  }

  return {
    keeper,
    upstreamUrl: upstream.url,
    counts,
    get url() {
      return url;
    },
    quietMs() {
      const { warmer } = keeper;
      const isWarming = warmer.conversations().some((id) => warmer.getState(id).nextWarmAt !== null);
      const isQuiet = passing === 0 && !isWarming && !runs.isAnyAttached();
      if (!isQuiet) lastExchangeAt = monotonicNow();
      return monotonicNow() - lastExchangeAt;
    },
    change({ enableNew: changed, ...others }) {
      enableNew = changed;
      keeper.change(others);
    },
    attachRun,
    async listen({ host, port }) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      server.once("error", reject);
      server.listen({ host, port }, resolve);
      await promise;
      server.off("error", reject);
      const { address, family, port: actual } = server.address() as AddressInfo;
      const here = IN_PLACE_OF_ALL.get(address) ?? address;
      url = `http://${family === "IPv6" ? `[${here}]` : here}:${actual}`;
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
