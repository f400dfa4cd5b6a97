import { createGateway, type Gateway, type GatewayOptions } from "../../src/gateway/index.ts";
import { createRecordingLogger, type RecordingLogger } from "../support/recording-logger.ts";
import { storageIn } from "../support/storage-in.ts";
import type { VirtualClock } from "../support/virtual-clock.ts";

export interface ClockedGateway {
  readonly gateway: Gateway;
  readonly url: string;
  readonly logger: RecordingLogger;
  /** What it has stored. */
  readonly entries: Map<string, string>;
}

/** A gateway that listens, on a clock that only the test moves. Whoever starts it closes it. */
export async function clockedGateway(
  clock: VirtualClock,
  options: Partial<GatewayOptions> & Pick<GatewayOptions, "upstream" | "enableNew">,
): Promise<ClockedGateway> {
  const logger = createRecordingLogger();
  const entries = new Map<string, string>();
  const gateway = createGateway({
    storage: storageIn(entries),
    logger,
    timers: clock.timers,
    now: clock.now,
    monotonicNow: clock.monotonicNow,
    maxConversations: 100,
    maxHeldBytes: 256_000_000,
    keeping: { keepWarm: "always" },
    maxWarms: 4,
    ...options,
  });
  const url = await gateway.listen({ host: "127.0.0.1", port: 0 });
  return { gateway, url, logger, entries };
}
