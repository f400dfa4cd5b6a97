import { Argument, Command, InvalidArgumentError } from "commander";
import { MIN_INTERVAL_MS } from "../pure.ts";
import { duration } from "./arguments.ts";
import { conversationArgument } from "./conversation-argument.ts";
import { withExamples } from "./examples.ts";

function interval(text: string): number {
  const intervalMs = duration(text);
  if (intervalMs < MIN_INTERVAL_MS) throw new InvalidArgumentError("It must be a second or more.");
  return intervalMs;
}

export function intervalCommand(): Command {
  const command = new Command("interval")
    .description("choose how often a conversation is warmed; until then, its cache entry's lifetime decides")
    .addArgument(conversationArgument({ required: true }))
    .addArgument(new Argument("<duration>", "at least 1s, such as 4m").argParser(interval))
    .action(async (word: string, intervalMs: number) => {
      const [{ conversationMeant }, { changeText }] = await Promise.all([
        import("./conversation.ts"),
        import("./change-text.ts"),
      ]);
      const { gateway, conversations, id } = await conversationMeant(word);
      console.log(
        changeText(await gateway.setIntervalMs(id, intervalMs), { conversations, now: Date.now() }),
      );
    });
  return withExamples(command, ["keepwarm interval my-session 4m", "a warm every four minutes"]);
}
