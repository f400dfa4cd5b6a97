/** The emulator, forked: tells its URL, and then each request to Messages that it has answered. */
import { createEmulator, START_TIER } from "../../src/emulator/index.ts";

/** What the emulator tells of a request. */
export interface Answered {
  /** When it came, epoch ms. */
  readonly at: number;
  readonly session: string;
  readonly isWarm: boolean;
  readonly status: number;
  readonly readTokens: number;
  readonly writtenTokens: number;
}

const [ttlMs] = process.argv.slice(2);
const emulator = createEmulator({
  ttl5mMs: Number(ttlMs),
  ttl1hMs: 12 * Number(ttlMs),
  // Time is scaled, and limits are not: those of the first tier would be used up at once.
  limits: Object.fromEntries(Object.keys(START_TIER).map((name) => [name, 1e9])),
  recordBodies: false,
  maxRecords: 1,
  onRequest({ at, headers, maxTokens, status, usage }) {
    const answered: Answered = {
      at,
      session: headers["x-session-id"] ?? "",
      isWarm: maxTokens === 0,
      status,
      readTokens: usage?.cache_read_input_tokens ?? 0,
      writtenTokens: usage?.cache_creation_input_tokens ?? 0,
    };
    process.send?.(answered);
  },
});
process.once("disconnect", () => process.exit());
const { url } = await emulator.listen();
process.send?.(url);
