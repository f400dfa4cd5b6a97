/** Carries out what stands behind `/warm`. */
import type { CacheWarmer } from "../../warmer.ts";
import { parseWarmCommand, WARM_HELP } from "./warm-command.ts";

/**
 * Resolves with what the person is told; null: how the conversation stands. Rejects when a choice could not be stored.
 */
export async function carryOut(
  text: string,
  conversationId: string,
  warmer: CacheWarmer,
): Promise<string | null> {
  const command = parseWarmCommand(text);
  switch (command.kind) {
    case "mistake":
      return command.why;
    case "help":
      return WARM_HELP;
    case "status":
      return null;
    case "now": {
      const answer = await warmer.warmNow(conversationId);
      return answer.sent ? null : `No warm was sent. ${answer.why}`;
    }
    case "interval":
      await warmer.setIntervalMs(conversationId, command.intervalMs);
      return null;
    case "for":
      // Before it is switched on, so that nothing is sent by another choice.
      await warmer.setKeepWarm(conversationId, command.keepWarm);
      await warmer.setEnabled(conversationId, true);
      return null;
    default: {
      const enabled =
        command.kind === "toggle" ? !warmer.getState(conversationId).enabled : command.kind === "on";
      await warmer.setEnabled(conversationId, enabled);
      return null;
    }
  }
}
