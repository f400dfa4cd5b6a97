/**
 * Requests as they leave Claude Code: which one is the conversation's own, and how it went. Claude Code tells when a step
 * of a turn begins and ends, and what it cost, and shows each request that leaves; that both are about the same one is
 * put together here. Whatever cannot be put together is nobody's turn.
 */
import type { NativeExchange, NativeRequest } from "../native/index.ts";
import { type Head, readResponse, readStep, type SentRequest, type Step, usageOf } from "./readings.ts";
import { readableHeaders } from "./redacted.ts";

export interface Requests {
  /** A step of a turn begins. */
  stepBegan(event: unknown): OpenStep | null;
  /** @param response null: it was broken off */
  stepEnded(step: OpenStep | null, response: unknown): void;
  /** A request leaves. Null: it is not the conversation's own. */
  leaving(sent: SentRequest): LeavingRequest | null;
}

export interface LeavingRequest {
  answered(head: Head): void;
  /** No answer came. */
  failed(): void;
}

export interface OpenStep {
  readonly step: Step;
  request: { readonly exchange: NativeExchange; readonly body: string; isAnswered: boolean } | null;
}

export interface RequestsOptions {
  readonly conversationId: () => string | null;
  request(request: NativeRequest): NativeExchange;
  /** A step of the conversation has ended, and this is why; null: it was broken off. */
  ended(conversationId: string, stopReason: string | null): void;
}

const SUB_AGENT_HEADER = "x-claude-code-agent-id";

export function createRequests({ conversationId, request, ended }: RequestsOptions): Requests {
  let open: OpenStep | null = null;

  /** Why a request in the middle of a step is not the step's own. */
  function isStepsOwn({ step, request: earlier }: OpenStep, { init }: SentRequest, body: string): boolean {
    const names = Object.keys(init.headers ?? {}).map((name) => name.toLowerCase());
    if (names.includes(SUB_AGENT_HEADER)) return false;
    // Beside a conversation's first request its title is asked for: by another model, or without tools.
    if (modelOf(body) !== step.model || !body.includes('"tools":[{')) return false;
    return earlier === null || coreOf(earlier.body) === coreOf(body);
  }

  return {
    stepBegan(event) {
      const step = readStep(event);
      if (step === null || step.agentId !== undefined) return null;
      open?.request?.exchange.failed("another began");
      open = { step, request: null };
      return open;
    },
    stepEnded(step, response) {
      if (step === null) return;
      if (open === step) open = null;
      const read = readResponse(response);
      const id = conversationId();
      const { request: own } = step;
      step.request = null;
      if (own === null || id === null) return;
      if (read === null || (read.usage === null && read.stopReason === null)) {
        own.exchange.failed("it was cancelled");
        ended(id, null);
        return;
      }
      const { usage, stopReason, toolUses } = read;
      own.exchange.ended({
        usage: usage === null ? null : usageOf(usage),
        stopReason,
        model: usage?.model ?? null,
        toolNames: toolUses.map(({ name }) => name),
      });
      ended(id, stopReason);
    },
    leaving(sent) {
      const { url, init } = sent;
      const { body } = init;
      const id = conversationId();
      const step = open;
      if (step === null || id === null || typeof body !== "string" || !isStepsOwn(step, sent, body))
        return null;
      // What was asked again, in whatever way, was not answered.
      step.request?.exchange.failed("it was sent again");
      const exchange = request({
        conversationId: id,
        url,
        body,
        headers: readableHeaders(init.headers ?? {}),
      });
      const own = { exchange, body, isAnswered: false };
      step.request = own;
      const isCurrent = () => step.request === own;
      return {
        answered({ status, headers }) {
          if (!isCurrent()) return;
          if (status === 200) {
            own.isAnswered = true;
            exchange.answered({ status, headers });
          } else {
            step.request = null;
            exchange.failed(`status ${status}`, { status, headers });
          }
        },
        failed() {
          if (!isCurrent() || own.isAnswered) return;
          step.request = null;
          exchange.failed("the connection failed");
        },
      };
    },
  };
}

/** Read where it stands in what Claude Code writes, so that a body of some megabytes is not read for it. */
function modelOf(body: string): string | null {
  return /^\{"model":"([^"\\]+)"/.exec(body)?.[1] ?? null;
}

/** What does not change when the same is asked again without a stream. */
function coreOf(body: string): string {
  return body.replace(/"max_tokens":\d+,?/, "").replace(/,?"stream":(?:true|false)/, "");
}
