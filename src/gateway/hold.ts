/** Holds a request until its body is there, for one that may leave otherwise than it came. */
import type { IncomingMessage } from "node:http";
import type { Came, ExchangeObserver } from "./pass-through.ts";

/** Hears what passes by, and what is held. None of it may throw. */
export interface HoldingObserver extends ExchangeObserver {
  /** All of its body has come, and none of it has left. Returns what is to leave; null: what came. */
  requestHeld(body: Buffer): Buffer | null;
  /** The upstream turned that away (400). True: what came is to be sent instead. */
  requestRefused(): boolean;
}

/** Compressed bodies stay as they are, and who asks before sending is answered by the upstream. */
export function mayBeHeld({ headers }: IncomingMessage): boolean {
  const coding = headers["content-encoding"]?.trim().toLowerCase() ?? "identity";
  const isPlain = coding === "identity" || coding === "";
  return isPlain && headers.expect === undefined && headers.trailer === undefined;
}

/**
 * @param mostBytes more are not held: they go on as they come
 * @param go takes it from there, with what has come so far
 */
export function hold(
  request: IncomingMessage,
  observer: HoldingObserver,
  mostBytes: number,
  go: (came: Came) => void,
): void {
  let chunks: Buffer[] = [];
  let bytes = 0;

  function letGo(): Buffer[] {
    request.off("data", onData).off("end", onEnd).off("close", onClose);
    const all = chunks;
    chunks = [];
    return all;
  }

  function onData(chunk: Buffer): void {
    bytes += chunk.length;
    chunks.push(chunk);
    if (bytes <= mostBytes) return;
    const all = letGo();
    for (const one of all) observer.requestChunk(one);
    go({ chunks: all, edited: null, refused: () => false });
  }

  function onEnd(): void {
    const body = Buffer.concat(letGo());
    go({ chunks: [body], edited: observer.requestHeld(body), refused: () => observer.requestRefused() });
  }

  function onClose(): void {
    letGo();
    observer.ended("abandoned");
  }

  request.on("data", onData).on("end", onEnd).on("close", onClose);
  request.on("error", () => {});
}
