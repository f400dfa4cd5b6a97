import type { IncomingMessage } from "node:http";
import type { Logger } from "../host.ts";
import type { HoldingObserver } from "./hold.ts";
import type { Ending } from "./pass-through.ts";

/** An observer whose mistakes cost nobody a turn: it sees nothing more, and the log says so. */
export function guarded(observer: HoldingObserver, logger: Logger): HoldingObserver {
  let broken = false;
  /** @param otherwise what it comes to when it fails: the exchange goes on as if nobody watched */
  function guard<Arguments extends readonly unknown[], Result>(
    act: (...values: Arguments) => Result,
    otherwise: Result,
  ) {
    return (...values: Arguments): Result => {
      if (broken) return otherwise;
      try {
        return act(...values);
      } catch (error) {
        broken = true;
        const name = error instanceof Error ? error.name : typeof error;
        logger.error("keepwarm: could not watch an exchange; it goes on unwatched", { error: name });
        return otherwise;
      }
    };
  }
  const nothing = undefined;
  return {
    requestHeld: guard((body: Buffer) => observer.requestHeld(body), null),
    requestRefused: guard(() => observer.requestRefused(), false),
    requestChunk: guard((chunk: Buffer) => observer.requestChunk(chunk), nothing),
    requestEnded: guard(() => observer.requestEnded(), nothing),
    responseBegan: guard((response: IncomingMessage) => observer.responseBegan(response), nothing),
    responseChunk: guard((chunk: Buffer) => observer.responseChunk(chunk), nothing),
    ended: guard((ending: Ending) => observer.ended(ending), nothing),
  };
}
