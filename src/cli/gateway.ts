/** The gateway that a command talks to. */
import type { ControlClient, Discovery } from "../hub/index.ts";

export const NO_GATEWAY =
  "no gateway is running: start one with keepwarm start, or run an agent with keepwarm run -- claude";

/** @throws a sentence with what to do, when there is none that can be trusted */
export async function runningGateway(): Promise<ControlClient> {
  const [{ discover }, { stateDirectory }] = await Promise.all([
    import("../hub/index.ts"),
    import("../storage/index.ts"),
  ]);
  const gateway = trusted(await discover(stateDirectory()));
  if (gateway === null) throw new Error(NO_GATEWAY);
  return gateway;
}

/** The gateway that was found; null where there is none. @throws a sentence with what to do, when it cannot be used */
export function trusted(found: Discovery): ControlClient | null {
  switch (found.state) {
    case "running":
      return found.client;
    case "none":
    case "stale":
      return null;
    case "silent":
      throw new Error(
        `the gateway (process ${found.record.pid}) does not answer: try again, or end that process and start anew with keepwarm start`,
      );
    case "impostor":
      throw new Error(
        `something that is not this gateway answers at ${found.record.controlUrl}; it was told nothing. Start a gateway with keepwarm start; if one is running there, its token was replaced: end it first`,
      );
  }
}
