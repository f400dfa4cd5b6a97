import { Command } from "commander";
import { conversationArgument } from "./conversation-argument.ts";
import { withExamples } from "./examples.ts";
import { printable } from "./printable.ts";

export function warmCommand(): Command {
  const command = new Command("warm")
    .description("warm a conversation now, if that is safe, and say what came of it")
    .addArgument(conversationArgument({ required: false }))
    .action(warm);
  return withExamples(command, [
    "keepwarm warm my-session",
    "one warm request, at the price of a cache read",
  ]);
}

async function warm(word: string | undefined): Promise<void> {
  const { openConversation } = await import("./conversation.ts");
  const { gateway, id, name: shown, open } = await openConversation(word);
  const answer = await gateway.warmNow(id);
  if (!answer.sent) throw new Error(`${shown} was not warmed: ${printable(answer.why)}`);
  const after = answer.conversation;
  // Sent is not read: what it brought is told by its usage, and only that moves the time of the last warm.
  if (after === null || after.lastWarmAt === open.lastWarmAt) {
    const why = printable(after?.why ?? "keepwarm status says what is known of it");
    throw new Error(`a warm of ${shown} was sent and has brought nothing: ${why}`);
  }
  const why = after.why === null ? "" : ` ${printable(after.why)}`;
  console.log(`${shown} was warmed: ${after.lastPct ?? 0} % of its prompt was read from the cache.${why}`);
}
