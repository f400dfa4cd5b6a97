/** `keepwarm on` and `keepwarm off`. */
import { Command } from "commander";
import { conversationArgument } from "./conversation-argument.ts";
import { withExamples } from "./examples.ts";

export function onCommand(): Command {
  const command = new Command("on")
    .description("keep a conversation warm, from now on and when it comes again")
    .addArgument(conversationArgument({ required: false }))
    .action((word: string | undefined) => switchTo(true, word));
  return withExamples(
    command,
    ["keepwarm on", "the only conversation that is open"],
    ["keepwarm on my-session", "one of several, or one that is still to come"],
  );
}

export function offCommand(): Command {
  const command = new Command("off")
    .description("stop keeping a conversation warm, at once and until it is switched on again")
    .addArgument(conversationArgument({ required: false }))
    .action((word: string | undefined) => switchTo(false, word));
  return withExamples(command, ["keepwarm off my-session", "nothing more is sent for it"]);
}

async function switchTo(enabled: boolean, word: string | undefined): Promise<void> {
  const [{ conversationMeant }, { changeText }] = await Promise.all([
    import("./conversation.ts"),
    import("./change-text.ts"),
  ]);
  const { gateway, conversations, id } = await conversationMeant(word);
  console.log(changeText(await gateway.setEnabled(id, enabled), { conversations, now: Date.now() }));
}
