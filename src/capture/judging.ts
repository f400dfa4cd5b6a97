/** Whether what is held may be warmed, once its person has changed what they allow. */
import type { CapturedConversation } from "./captured-conversation.ts";
import type { Conversations } from "./conversations.ts";
import type { Warms } from "./warms.ts";

export interface JudgingContext {
  readonly conversations: Pick<Conversations, "all">;
  readonly refusal: Warms["refusal"];
  /** It is judged otherwise than before. */
  judged(conversation: CapturedConversation): void;
}

/** One after the other, because some have to be decompressed. Rejects when one cannot be. */
export async function judgeAgain({ conversations, refusal, judged }: JudgingContext): Promise<void> {
  for (const conversation of conversations.all()) {
    const { last } = conversation;
    if (last === null) continue;
    const notWarmable = refusal(await last.request.unpack(), last);
    // Spoken, or let go of, meanwhile.
    if (conversation.last !== last || notWarmable === last.notWarmable) continue;
    conversation.last = { ...last, notWarmable };
    // One that speaks is told of when it settles.
    if (conversation.turns.size === 0) judged(conversation);
  }
}
