import { Argument, Command, InvalidArgumentError } from "commander";
import { MIN_INTERVAL_MS } from "../pure.ts";
import { duration } from "./arguments.ts";
import { completing } from "./completion/completer.ts";
import { conversationArgument, storeOption } from "./conversation-argument.ts";
import { withExamples } from "./examples.ts";

/** Null: `auto`. */
function interval(text: string): number | null {
  if (text === "auto") return null;
  let intervalMs: number;
  try {
    intervalMs = duration(text);
  } catch {
    throw new InvalidArgumentError("It must be a number with a unit, such as 90s or 4m, or auto.");
  }
  if (intervalMs < MIN_INTERVAL_MS) throw new InvalidArgumentError("It must be a second or more.");
  return intervalMs;
}

export function intervalCommand(): Command {
  const command = new Command("interval")
    .description("choose how often a conversation is warmed; the lifetime of its cache entry (TTL) caps it")
    .addArgument(conversationArgument({ required: true }))
    .addArgument(
      completing(
        new Argument("<duration>", "at least 1s, such as 4m; auto: as often as the TTL asks").argParser(
          interval,
        ),
        () => [
          { value: "auto", description: "as often as the TTL asks, which costs least" },
          { value: "4m", description: "every four minutes, as Anthropic advises for a TTL of five" },
          { value: "55m", description: "every 55 minutes, for a TTL of an hour" },
        ],
      ),
    )
    .addOption(storeOption())
    .addHelpText(
      "after",
      `
Until you choose, the TTL alone decides: about 4m 40s of 5 minutes, 58m of an hour. An interval that is longer is cut to
that, a shorter one costs a cache read each time. keepwarm status shows both.`,
    )
    .action(async (word: string, intervalMs: number | null, { store }: { store: boolean }) => {
      const [{ conversationToChange }, { changeText }] = await Promise.all([
        import("./conversation.ts"),
        import("./change-text.ts"),
      ]);
      const { gateway, conversations, id } = await conversationToChange(word, store);
      const answer = await gateway.setIntervalMs(id, intervalMs);
      console.log(changeText(answer, { conversations, now: Date.now(), changed: "interval" }));
    });
  return withExamples(
    command,
    ["keepwarm interval my-session 4m", "a warm every four minutes"],
    ["keepwarm interval my-session auto", "as often as its cache entry's lifetime asks"],
  );
}
