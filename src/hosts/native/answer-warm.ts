/** What a person is told who says `/warm`, once it is done. */
import type { Keeper } from "../../capture/index.ts";
import type { Logger } from "../../host.ts";
import { carryOut } from "./carry-out.ts";
import { notingSwitch } from "./noting-switch.ts";
import { type Standing, statusSentences } from "./status-text.ts";

export interface AnswerWarmContext {
  readonly keeper: Pick<Keeper, "warmer" | "ledger">;
  readonly logger: Logger;
  /** Wall clock, epoch ms. */
  readonly now: () => number;
  /** Its person has switched it. */
  readonly switched: (conversationId: string, enabled: boolean) => void;
}

/** @param text what stands behind the command's name. Never rejects. */
export async function answerWarm(
  text: string,
  conversationId: string,
  { keeper, logger, now, switched }: AnswerWarmContext,
): Promise<string> {
  const { warmer } = keeper;
  try {
    const done = await notingSwitch(warmer, conversationId, switched, () =>
      carryOut(text, conversationId, warmer),
    );
    return done ?? statusSentences(standingOf(conversationId, keeper, now()));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    logger.error("keepwarm: a command failed", { error: reason });
    return `keepwarm could not do this: ${reason}`;
  }
}

export function standingOf(
  conversationId: string,
  { warmer, ledger }: AnswerWarmContext["keeper"],
  now: number,
): Standing {
  return {
    state: warmer.getState(conversationId),
    status: warmer.getStatus(conversationId),
    figures: ledger.figuresOf(conversationId),
    now,
  };
}
