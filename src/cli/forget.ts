import { Command } from "commander";
import { conversationArgument } from "./conversation-argument.ts";
import { withExamples } from "./examples.ts";

export function forgetCommand(): Command {
  const command = new Command("forget")
    .description("let go of a conversation, and remove what is stored of it")
    .addArgument(conversationArgument({ required: true }))
    .action(async (word: string) => {
      const { conversationMeant, shownId } = await import("./conversation.ts");
      const { gateway, conversations, id } = await conversationMeant(word);
      await gateway.forget(id);
      console.log(`${shownId(id, conversations)} is forgotten, and what was stored of it removed.`);
    });
  return withExamples(command, ["keepwarm forget my-session", "as if it had never been"]);
}
