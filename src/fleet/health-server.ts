/** What an orchestrator asks a worker: whether it is alive, whether it is ready, and its figures. */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Queryable } from "./database.ts";
import type { Metrics } from "./metrics.ts";
import { type QueueDepth, queueDepth } from "./overview.ts";
import type { Worker } from "./worker.ts";
import { WorkerEnvironmentError } from "./worker-environment.ts";

export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

export interface HealthServerOptions {
  readonly port: number;
  readonly database: Queryable;
  readonly metrics: Pick<Metrics, "contentType" | "text">;
  /** Null until it is at work, and once it drains. */
  readonly worker: () => Pick<Worker, "active" | "silence"> | null;
}

/** After which a loop that asks twice a second has stalled, in ms. */
const STALLED_MS = 15_000;

/** How long the database may take to answer a question, in ms. */
const PATIENCE_MS = 3_000;

/**
 * Listens on every address: orchestrators ask from outside. Nothing secret is told.
 *
 * @throws {WorkerEnvironmentError} where the port cannot be had
 */
export async function serveHealth(options: HealthServerOptions): Promise<HealthServer> {
  const { database, metrics, worker } = options;

  async function depth(): Promise<QueueDepth | null> {
    const patience = Promise.withResolvers<null>();
    const timer = setTimeout(() => patience.resolve(null), PATIENCE_MS);
    try {
      return await Promise.race([queueDepth(database).catch(() => null), patience.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  async function health(response: ServerResponse): Promise<void> {
    const seen = await depth();
    const active_jobs = worker()?.active() ?? 0;
    const loopMs = worker()?.silence().loopMs ?? 0;
    if (seen === null)
      json(response, 503, { status: "unhealthy", reason: "the database does not answer", active_jobs });
    else if (loopMs > STALLED_MS) {
      const reason = `the worker has not asked for jobs for ${Math.round(loopMs / 1_000)} s`;
      json(response, 503, { status: "unhealthy", reason, active_jobs, queue_depth: seen.queued });
    } else json(response, 200, { status: "healthy", active_jobs, queue_depth: seen.queued });
  }

  async function ready(response: ServerResponse): Promise<void> {
    const isReady = worker() !== null && (await depth()) !== null;
    json(response, isReady ? 200 : 503, { ready: isReady });
  }

  async function figures(response: ServerResponse): Promise<void> {
    const text = await metrics.text({ active: worker()?.active() ?? 0, depth: await depth() });
    response.writeHead(200, { "content-type": metrics.contentType }).end(text);
  }

  const routes = new Map([
    ["/health", health],
    ["/ready", ready],
    ["/metrics", figures],
  ]);
  const server = createServer((request, response) => {
    const answer = request.method === "GET" ? routes.get(request.url?.split("?")[0] ?? "") : undefined;
    if (answer === undefined) json(response, 404, { error: "there are /health, /ready and /metrics" });
    else answer(response).catch(() => json(response, 500, { error: "it could not be answered" }));
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", ({ code }: NodeJS.ErrnoException) => {
    const why = code === "EADDRINUSE" ? "is taken" : `cannot be used (${code})`;
    reject(
      new WorkerEnvironmentError(
        `KEEPWARM_WORKER_HEALTH_PORT ${why} on this machine: ${options.port}; choose another, or 0 for any that is free`,
      ),
    );
  });
  server.listen(options.port, resolve);
  await promise;
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.closeAllConnections();
      return new Promise((done) => server.close(() => done()));
    },
  };
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
