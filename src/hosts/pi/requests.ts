/** pi's requests, as its events tell of them: which is a turn of the conversation, and how it ended. */
import type { NativeExchange, NativeHost, NativeRequest } from "../native/index.ts";
import type { MessageThreads } from "./message-threads.ts";
import { createOwnPings } from "./own-pings.ts";
import type { PiModelRegistry, PiSession } from "./pi-api.ts";
import {
  type PiAnswer,
  type PiAuth,
  type PiModel,
  type PiPayload,
  readAnswer,
  readAuth,
  readHeaders,
  readModel,
  readPayload,
  readResponse,
  type ShownHeaders,
  stopReasonOf,
  toolNamesOf,
  usageOf,
} from "./readings.ts";
import { bodyOf, credentialsOf, headersOf, isBehindRun, MESSAGES_API, urlOf } from "./wire.ts";

export interface Requests {
  /** The agent begins: a request of it is coming. */
  agentStarted(): void;
  /** The headers of a request that is being made. */
  headersShown(headers: unknown): void;
  /** A payload is about to be sent. */
  leaving(payload: unknown, model: unknown): void;
  /** The API has answered one, well. */
  answered(response: unknown): void;
  /** A message is complete; the model's are the ends of requests. */
  messageEnded(message: unknown): void;
  /** Nothing more comes until somebody says something. */
  agentSettled(): void;
  end(): void;
}

export interface RequestsOptions {
  readonly host: NativeHost;
  readonly conversationId: string;
  readonly threads: MessageThreads;
  readonly registry: PiModelRegistry;
  readonly session: PiSession;
}

const BEHIND_RUN =
  "This pi was started by keepwarm run, whose gateway sees every request: switch the conversation on there, with keepwarm on.";

export function createRequests({
  host,
  conversationId,
  threads,
  registry,
  session,
}: RequestsOptions): Requests {
  const pings = createOwnPings(session);
  let shown: ShownHeaders = {};
  let open: { readonly exchange: NativeExchange; isAnswered: boolean } | null = null;
  let arrived = () => {};

  function endOpen(act: (exchange: NativeExchange) => void): void {
    const ended = open;
    open = null;
    if (ended !== null) act(ended.exchange);
  }

  function requestOf(sent: unknown, payload: PiPayload, model: PiModel): NativeRequest {
    let known: PiAuth | null = null;
    const notWarmable = isBehindRun(model) ? BEHIND_RUN : threads.objectionTo(payload);
    return {
      conversationId,
      url: () => urlOf(model, known),
      // Asked for once it has left: extensions after us may have changed it in place.
      body: () => bodyOf(sent),
      headers: headersOf(payload, model, shown),
      async credentials() {
        known = readAuth(await registry.getApiKeyAndHeaders(model));
        return credentialsOf(model, known);
      },
      ...(notWarmable === undefined ? {} : { notWarmable }),
    };
  }

  function settle(answer: PiAnswer): void {
    const usage = usageOf(answer.usage);
    const broke = answer.stopReason === "error" || answer.stopReason === "aborted";
    // One that broke off on its way has used the cache like any other.
    if (broke && usage.inputTokens === 0) {
      const status = statusOf(answer);
      endOpen((exchange) =>
        status === null
          ? exchange.failed(answer.stopReason === "aborted" ? "it was cancelled" : "it failed")
          : exchange.failed(`status ${status}`, { status }),
      );
      return;
    }
    const stopReason = broke ? null : stopReasonOf(answer);
    const model = answer.responseModel ?? answer.model ?? null;
    endOpen((exchange) => exchange.ended({ usage, stopReason, model, toolNames: toolNamesOf(answer) }));
    host.changed(conversationId, { waiting: stopReason === "tool_use" ? "tool" : "none" });
  }

  return {
    agentStarted() {
      arrived();
      arrived = host.keeper.turns.coming(conversationId);
    },
    headersShown(headers) {
      shown = readHeaders(headers) ?? {};
    },
    leaving(sent, asked) {
      const payload = readPayload(sent);
      const model = readModel(asked);
      const isOurs = payload !== null && model?.api === MESSAGES_API && model.id === payload.model;
      if (isOurs && pings.isPing(payload)) {
        pings.follow(host.request(requestOf(sent, payload, model)));
        return;
      }
      // The client asks again where the API turned something in it away.
      endOpen((exchange) => exchange.failed("it was sent again"));
      if (isOurs) {
        open = { exchange: host.request(requestOf(sent, payload, model)), isAnswered: false };
      } else {
        const invalidated = "pi asked a model that keepwarm does not reach by the Messages API";
        host.changed(conversationId, { invalidated });
      }
      arrived();
    },
    answered(response) {
      const head = readResponse(response);
      if (open?.isAnswered === false) {
        open.isAnswered = true;
        open.exchange.answered(head ?? undefined);
      } else {
        pings.answered(head ?? undefined);
      }
    },
    messageEnded(message) {
      const answer = open === null ? null : readAnswer(message);
      if (answer !== null) settle(answer);
    },
    agentSettled() {
      arrived();
      endOpen((exchange) => exchange.failed("it was cancelled"));
      host.changed(conversationId, { waiting: "none" });
    },
    end() {
      arrived();
      open = null;
      pings.end();
    },
  };
}

/** pi keeps the API's status at the beginning of the error's text, which is for nobody's eyes here. */
function statusOf({ errorMessage = "" }: PiAnswer): number | null {
  const status = /^\D{0,8}(\d{3})\b/.exec(errorMessage)?.[1];
  return status === undefined ? null : Number(status);
}
