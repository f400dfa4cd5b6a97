import { hash, randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { ApiError } from "./errors.ts";
import { FAULT_HEADER, Faults, faultError } from "./faults.ts";
import type { JsonObject } from "./json.ts";
import { limitKeyOf, Messages, type Turn } from "./messages.ts";
import { modelPage, oneModel } from "./model-list.ts";
import type { Settings } from "./options.ts";
import { parseBody } from "./request.ts";
import { readBody } from "./request-body.ts";
import { type OpenRecord, RequestLog } from "./request-log.ts";
import { type Exchange, sendError, sendJson, sendStream, sendWhole } from "./respond.ts";

/** Longer than any client keeps a connection it may still reuse, so that none is cut under a request. */
const KEEP_ALIVE_MS = 65_000;

interface Arrival {
  readonly request: IncomingMessage;
  readonly record: OpenRecord;
  readonly startedAt: number;
}

/** The HTTP side: routes, credentials, recording, faults, and what goes onto the wire. */
export class EmulatorServer {
  readonly messages: Messages;
  readonly faults = new Faults();
  readonly log: RequestLog;
  readonly #settings: Settings;
  readonly #server: Server;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.messages = new Messages(settings);
    this.log = new RequestLog({
      maxRecords: settings.maxRecords,
      maxBytes: settings.maxRecordedBytes,
      recordBodies: settings.recordBodies,
    });
    this.#server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
      void this.#serve(request, response);
    });
  }

  async listen(host: string, port: number): Promise<{ url: string; port: number }> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, host, () => {
        this.#server.off("error", reject);
        resolve();
      });
    });
    const address = this.#server.address() as AddressInfo;
    const name = host.includes(":") ? `[${host}]` : host;
    return { url: `http://${name}:${address.port}`, port: address.port };
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const startedAt = this.#settings.now();
    const record = this.log.open({
      at: startedAt,
      method: request.method ?? "GET",
      path: request.url ?? "/",
      headers: headersOf(request),
    });
    const gone = new AbortController();
    response.on("close", () => {
      if (response.writableFinished) return;
      record.aborted = true;
      gone.abort();
    });
    const exchange: Exchange = {
      response,
      requestId: `req_${randomBytes(12).toString("hex")}`,
      gone: gone.signal,
      sleep: this.#settings.sleep,
    };
    try {
      await this.#route({ request, record, startedAt }, exchange);
    } catch (error) {
      this.#fail(exchange, record, error);
    }
    this.#settings.onRequest(record);
  }

  async #route(arrival: Arrival, exchange: Exchange): Promise<void> {
    const { request, record } = arrival;
    const path = record.path.replace(/[?#].*$/, "");
    const bytes = await readBody(request, this.#settings.maxBodyBytes);
    this.log.keepBody(record, bytes);
    const endpoint = `${record.method} ${path}`;
    if (endpoint === "POST /v1/messages") return this.#create(arrival, bytes, exchange);
    if (path === "/" && (record.method === "GET" || record.method === "HEAD")) {
      record.status = 200;
      return sendJson(exchange, 200, { type: "emulator" });
    }
    const workspace = this.#authenticate(record, request);
    const answer = this.#sideRoute(endpoint, bytes, request);
    if (answer === null) throw new ApiError(404, `Not found: ${path}`);
    record.status = 200;
    sendJson(exchange, 200, answer, { "anthropic-organization-id": organizationOf(workspace) });
  }

  #sideRoute(endpoint: string, bytes: Uint8Array, request: IncomingMessage): object | null {
    if (endpoint === "POST /v1/messages/count_tokens") {
      return { input_tokens: this.messages.countTokens(parseBody(bytes), betasOf(request)) };
    }
    if (endpoint === "GET /v1/models") return modelPage();
    const id = /^GET \/v1\/models\/([^/]+)$/.exec(endpoint)?.[1];
    return id === undefined ? null : oneModel(decodeURIComponent(id));
  }

  async #create(arrival: Arrival, bytes: Uint8Array, exchange: Exchange): Promise<void> {
    const { request, record, startedAt } = arrival;
    const workspace = this.#authenticate(record, request);
    const body = tryParse(bytes);
    if (!(body instanceof ApiError)) noteRequest(record, body);
    const limitKey = limitKeyOf(workspace, record.model ?? "", speedOf(body));
    const headers = () => ({
      ...this.messages.limiter.headers(limitKey, speedOf(body), startedAt),
      "anthropic-organization-id": organizationOf(workspace),
    });
    try {
      // Before every other check, since a fault does not look at the request; and a request that it strikes
      // instead of a response has neither read nor written anything.
      const fault = this.faults.strike(headerOf(request, FAULT_HEADER));
      if (fault?.at === "disconnect") return void exchange.response.destroy();
      const later = fault?.at === "stream" && record.stream ? faultError(fault) : null;
      if (fault !== null && later === null) throw faultError(fault);
      if (body instanceof ApiError) throw body;
      const turn = this.messages.accept(body, { workspace, betaHeader: betasOf(request), startedAt });
      await this.#answer(record, turn, exchange, headers, later);
    } catch (error) {
      this.#fail(exchange, record, error, headers());
    }
  }

  async #answer(
    record: OpenRecord,
    turn: Turn,
    exchange: Exchange,
    headers: () => Readonly<Record<string, string>>,
    failure: ApiError | null,
  ): Promise<void> {
    if (turn.delayMs > 0) await exchange.sleep(turn.delayMs, exchange.gone);
    // Nobody is left to begin a response for, so nothing becomes readable either.
    if (exchange.gone.aborted) return;
    turn.begin();
    record.status = 200;
    record.usage = turn.message.usage;
    if (turn.stream) await sendStream(exchange, turn, headers(), failure);
    else await sendWhole(exchange, turn, headers());
  }

  #authenticate(record: OpenRecord, request: IncomingMessage): string {
    const bearer = /^Bearer\s+(.+)$/i.exec(headerOf(request, "authorization"))?.[1];
    const credential = headerOf(request, "x-api-key") || (bearer ?? "");
    if (credential === "") throw new ApiError(401, "x-api-key header is required");
    record.apiKeyHash = hash("sha256", credential);
    const { apiKeys } = this.#settings;
    if (apiKeys.length > 0 && !apiKeys.includes(credential)) throw new ApiError(401, "invalid x-api-key");
    return this.#settings.workspaceOf(credential);
  }

  #fail(exchange: Exchange, record: OpenRecord, error: unknown, headers = {}): void {
    // A body that ends early is a client that has left.
    if (exchange.gone.aborted || exchange.response.headersSent) return;
    const known =
      error instanceof ApiError
        ? error
        : new ApiError(500, error instanceof Error ? error.message : "Unknown");
    record.status = known.status;
    sendError(exchange, known, headers);
  }
}

/** The body, or the refusal that is due once the credential has been checked. */
function tryParse(bytes: Uint8Array): JsonObject | ApiError {
  try {
    return parseBody(bytes);
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
}

function speedOf(body: JsonObject | ApiError): "fast" | "standard" {
  return !(body instanceof ApiError) && body.speed === "fast" ? "fast" : "standard";
}

function noteRequest(record: OpenRecord, body: JsonObject): void {
  record.model = typeof body.model === "string" ? body.model : null;
  record.maxTokens = typeof body.max_tokens === "number" ? body.max_tokens : null;
  record.stream = body.stream === true;
}

function headersOf(request: IncomingMessage): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(", ") : (value ?? ""),
    ]),
  );
}

function headerOf(request: IncomingMessage, name: string): string {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(", ") : (value ?? "");
}

function betasOf(request: IncomingMessage): string {
  return headerOf(request, "anthropic-beta");
}

function organizationOf(workspace: string): string {
  return `org_${hash("sha256", workspace).slice(0, 16)}`;
}
