/** A native host as the hub sees and steers it. */
import type { Keeper } from "../../capture/index.ts";
import type { Prices } from "../../host.ts";
import { type LinkAnswer, type LinkedProgram, outlookOf, viewOf, type Wish } from "../../hub/index.ts";
import { manifest } from "../../plugin.ts";
import { notingSwitch } from "./noting-switch.ts";

export interface LinkedProgramOptions {
  /** Its person has switched it. */
  readonly switched: (conversationId: string, enabled: boolean) => void;
  readonly host: string;
  readonly keeper: Pick<
    Keeper,
    | "warmer"
    | "surface"
    | "ledger"
    | "conversation"
    | "conversations"
    | "close"
    | "detach"
    | "forgetPauses"
    | "forgetPausesIn"
  >;
  readonly prices: Prices;
  /** For how long a conversation is kept warm of which nobody chose anything. */
  readonly keepWarm: string;
  readonly cwd: string;
  readonly now: () => number;
}

export function linkedProgram(options: LinkedProgramOptions): LinkedProgram {
  const { host, keeper, prices, keepWarm, cwd, now, switched } = options;
  const { warmer, surface } = keeper;
  const viewed = { keeper, prices, host, cwd, runOf: () => undefined, keepWarm: () => keepWarm };

  function view(conversationId: string) {
    const summary = keeper.conversation(conversationId);
    return summary && viewOf(summary, viewed);
  }

  async function carryOut(conversationId: string, wish: Wish): Promise<Omit<LinkAnswer, "type" | "id">> {
    switch (wish.what) {
      case "enabled":
        await warmer.setEnabled(conversationId, wish.enabled);
        return {};
      case "interval":
        await warmer.setIntervalMs(conversationId, wish.intervalMs);
        return {};
      case "keep-warm":
        await warmer.setKeepWarm(conversationId, wish.keepWarm);
        return {};
      case "action":
        await surface.invoke(wish.actionId, wish.payload, { conversationId });
        return {};
      case "warm": {
        const answer = await warmer.warmNow(conversationId);
        return answer.sent ? {} : { notSent: answer.why };
      }
      case "close":
        keeper.close(conversationId);
        return {};
      case "forget":
        keeper.detach(conversationId);
        await warmer.forget(conversationId);
        await keeper.ledger.forget(conversationId);
        await keeper.forgetPausesIn(conversationId);
        return {};
      case "outlook":
        return { outlook: outlookOf(conversationId, viewed, now()) ?? undefined };
      case "forget-pauses":
        await keeper.forgetPauses();
        return {};
    }
  }

  return {
    host,
    version: manifest.version,
    conversationIds: () => keeper.conversations().map(({ id }) => id),
    view,
    async perform(conversationId, wish) {
      const done = await notingSwitch(warmer, conversationId, switched, () => carryOut(conversationId, wish));
      return { ...done, conversation: view(conversationId) ?? undefined };
    },
  };
}
