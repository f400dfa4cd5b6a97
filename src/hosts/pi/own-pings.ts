/**
 * The requests of pi's own cache warmer (0.86 and later): its last request again, for one token. They go through
 * the same events as any other, are nobody's turn, and are never taken for what is to be kept warm.
 */
import type { NativeExchange, ResponseHead } from "../native/index.ts";
import type { PiSession } from "./pi-api.ts";
import { type PiPayload, type PiWarmed, readWarmed, usageOf } from "./readings.ts";

export interface OwnPings {
  isPing(payload: PiPayload): boolean;
  follow(exchange: NativeExchange): void;
  answered(head: ResponseHead | undefined): void;
  end(): void;
}

/** pi writes down what one used once its answer is complete, and tells nobody: how often it is looked for, and when. */
const LOOKS_MS = [1_000, 4_000, 15_000];

export function createOwnPings(session: PiSession): OwnPings {
  let following: NativeExchange | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function lookFor(
    exchange: NativeExchange,
    known: string | null,
    [wait, ...later]: readonly number[],
  ): void {
    if (wait === undefined) {
      exchange.failed("what it used was not told");
      return;
    }
    timer = setTimeout(() => {
      const last = lastOf(session);
      if (last === null || last.id === known) lookFor(exchange, known, later);
      else exchange.ended({ usage: usageOf(last.usage) });
    }, wait);
    timer.unref?.();
  }

  return {
    isPing: ({ max_tokens: maxTokens }) => maxTokens !== undefined && maxTokens <= 1,
    follow(exchange) {
      clearTimeout(timer);
      following = exchange;
    },
    answered(head) {
      const exchange = following;
      following = null;
      if (exchange === null) return;
      exchange.answered(head);
      lookFor(exchange, lastOf(session)?.id ?? null, LOOKS_MS);
    },
    end() {
      clearTimeout(timer);
      following = null;
    },
  };
}

function lastOf(session: PiSession): PiWarmed | null {
  for (const entry of session.getEntries().toReversed()) {
    const warmed = readWarmed(entry);
    if (warmed !== null) return warmed;
  }
  return null;
}
