/** The host's logger, made harmless: whatever it throws or rejects with breaks no turn, timer or promise of ours. */
import type { LogAttributes, Logger } from "../host.ts";

/** @param logger asked at each use, so that a host may replace it */
export function guardLogger(logger: () => Logger): Logger {
  const tell =
    (level: keyof Logger) =>
    async (message: string, attributes?: LogAttributes): Promise<void> => {
      try {
        // Awaited for a logger that is asynchronous, whatever its type says.
        await logger()[level](message, attributes);
      } catch {
        // There is nowhere left to say it.
      }
    };
  return { debug: tell("debug"), info: tell("info"), warn: tell("warn"), error: tell("error") };
}
