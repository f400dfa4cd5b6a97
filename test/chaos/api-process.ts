/** The emulator, forked: tells its URL, and then each request that has ended. */
import { createEmulator, type RecordedRequest, START_TIER } from "../../src/emulator/index.ts";

/** A request to the API. */
export interface Sent extends Pick<RecordedRequest, "at" | "usage" | "model" | "status"> {
  /** When it was answered, or its client was gone, in epoch ms. */
  readonly endedAt: number;
  readonly conversation: string;
  readonly isWarm: boolean;
}

/** By this header conversations are told apart here. */
export const SESSION = "x-session-id";

const [ttlMs, answerMs] = process.argv.slice(2).map(Number);
if (process.send !== undefined && ttlMs !== undefined && answerMs !== undefined) {
  const emulator = createEmulator({
    ttl5mMs: ttlMs,
    firstTokenDelayMs: answerMs,
    // They are not what is tried here, and time is scaled.
    limits: Object.fromEntries(Object.keys(START_TIER).map((name) => [name, 1e9])),
    recordBodies: false,
    maxRecords: 1,
    onRequest({ at, usage, model, status, headers, maxTokens }) {
      const conversation = headers[SESSION] ?? "";
      const isWarm = maxTokens !== null && maxTokens <= 1;
      const sent: Sent = { at, usage, model, status, conversation, isWarm, endedAt: Date.now() };
      process.send?.(sent);
    },
  });
  process.once("disconnect", () => process.exit());
  process.send((await emulator.listen()).url);
}
