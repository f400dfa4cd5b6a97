/** OpenClaw's model calls and the requests that they make, brought together by the trace that both carry. */

import { type HeaderPairs, headerValue } from "../../anthropic/index.ts";
import { createPassingResponse, type Observed, type PassingResponse } from "../../capture/index.ts";
import type { NativeExchange, NativeHost } from "../native/index.ts";
import type { ModelCall } from "./readings.ts";
import type { Answering, SentRequest } from "./wire.ts";

export interface CallsOptions {
  readonly host: NativeHost;
  /** Whose a call is. */
  readonly belonging: (call: ModelCall) => Belonging;
  /** An answer of a conversation's own thread is complete. */
  readonly answered: (conversationId: string, stopReason: string | null) => void;
}

export interface Belonging {
  readonly conversationId: string;
  /** Not of the conversation's own thread. */
  readonly aside: boolean;
}

export interface Calls {
  /** @param span of the request that it is about to make */
  started(call: ModelCall, span: Span): void;
  /** OpenClaw is done with it, well or not. */
  ended(callId: string): void;
  /** A request has left. Null: it is none of these calls'. */
  sent(request: SentRequest): Answering | null;
  end(): void;
}

export interface Span {
  readonly traceId: string;
  readonly spanId: string;
}

interface OpenCall extends Belonging {
  readonly traceparent: string;
  /** Tells that its request is there, or will not come. */
  readonly arrived: () => void;
  exchange: NativeExchange | null;
}

export function createCalls({ host, belonging, answered }: CallsOptions): Calls {
  const open = new Map<string, OpenCall>();

  function follow(call: OpenCall, exchange: NativeExchange): Answering {
    let response: PassingResponse | null = null;
    let isOver = false;

    return {
      began(status, headers) {
        const head = { status, headers };
        if (status > 299) {
          isOver = true;
          exchange.failed(`status ${status}`, head);
          return;
        }
        exchange.answered(head);
        response = createPassingResponse(kindOf(headers));
      },
      chunk: (chunk) => response?.chunk(chunk),
      ended() {
        if (isOver) return;
        isOver = true;
        if (response === null) {
          exchange.failed("it was not answered");
          return;
        }
        response.ended((reader) => {
          try {
            settle(call, exchange, reader.read());
          } catch {
            // Nobody waits for it, so it would end the process.
          }
        });
      },
    };
  }

  function settle({ aside, conversationId }: OpenCall, exchange: NativeExchange, observed: Observed): void {
    if (!observed.started) {
      exchange.failed(observed.error ? "the stream began with an error" : "it held no answer");
      return;
    }
    exchange.ended(observed);
    if (!aside) answered(conversationId, observed.stopReason);
  }

  return {
    started(call, { traceId, spanId }) {
      const { conversationId, aside } = belonging(call);
      // At once, so that no warm goes out beside its request.
      const arrived = aside ? () => {} : host.keeper.turns.coming(conversationId);
      open.get(call.callId)?.arrived();
      open.set(call.callId, {
        conversationId,
        aside,
        arrived,
        traceparent: `${traceId}-${spanId}`,
        exchange: null,
      });
    },
    ended(callId) {
      const call = open.get(callId);
      if (call === undefined) return;
      open.delete(callId);
      call.arrived();
      if (call.exchange !== null || call.aside) return;
      const invalidated = "OpenClaw asked a model that keepwarm does not see it ask";
      host.changed(call.conversationId, { invalidated });
    },
    sent({ url, headers, body, traceparent }) {
      const call = [...open.values()].find((one) => traceparent.includes(one.traceparent));
      if (call === undefined) return null;
      // The client asks again where the first try broke.
      call.exchange?.failed("it was sent again");
      const { conversationId, aside } = call;
      call.exchange = host.request({ conversationId, url, headers, body, aside });
      call.arrived();
      return follow(call, call.exchange);
    },
    end() {
      for (const { arrived } of open.values()) arrived();
      open.clear();
    },
  };
}

function kindOf(headers: HeaderPairs) {
  return { coding: headerValue(headers, "content-encoding"), type: headerValue(headers, "content-type") };
}
