/** `keepwarm on` and `keepwarm off`. */
import { Command, InvalidArgumentError, Option } from "commander";
import { KEEP_WARM_FORMS, parseKeepWarm } from "../policy/index.ts";
import { completing } from "./completion/completer.ts";
import { conversationArgument, storeOption } from "./conversation-argument.ts";
import { withExamples } from "./examples.ts";

export function onCommand(): Command {
  const command = new Command("on")
    .description("keep a conversation warm, from now on and when it comes again")
    .addArgument(conversationArgument({ required: false }))
    .addOption(
      completing(
        new Option("--for <how-long>", `for how long after each turn: ${KEEP_WARM_FORMS}`).argParser(
          keepWarm,
        ),
        () => [
          { value: "auto", description: "as long as it is worth its price" },
          { value: "30m", description: "for half an hour after each turn" },
          { value: "2h", description: "for two hours after each turn" },
          { value: "always", description: "until it is switched off" },
        ],
      ),
    )
    .addOption(storeOption())
    .action((word: string | undefined, options: Chosen) => switchTo(true, word, options));
  return withExamples(
    command,
    ["keepwarm on", "the only conversation that is open"],
    ["keepwarm on my-session", "one of several"],
    ["keepwarm on --store my-session", "one that is still to come"],
    ["keepwarm on --for 2h", "for two hours after each turn, whatever it costs within your limits"],
  );
}

export function offCommand(): Command {
  const command = new Command("off")
    .description("stop keeping a conversation warm, at once and until it is switched on again")
    .addArgument(conversationArgument({ required: false }))
    .addOption(storeOption())
    .action((word: string | undefined, options: Chosen) => switchTo(false, word, options));
  return withExamples(command, ["keepwarm off my-session", "nothing more is sent for it"]);
}

function keepWarm(text: string): string {
  if (parseKeepWarm(text) === null) throw new InvalidArgumentError(`It must be ${KEEP_WARM_FORMS}.`);
  return text;
}

interface Chosen {
  readonly store: boolean;
  readonly for?: string;
}

async function switchTo(
  enabled: boolean,
  word: string | undefined,
  { store, for: keepWarm }: Chosen,
): Promise<void> {
  const [{ conversationToChange }, { changeText }] = await Promise.all([
    import("./conversation.ts"),
    import("./change-text.ts"),
  ]);
  const { gateway, conversations, id } = await conversationToChange(word, store);
  // Before it is switched on, so that nothing is sent by another choice.
  if (keepWarm !== undefined) await gateway.setKeepWarm(id, keepWarm);
  const answer = await gateway.setEnabled(id, enabled);
  console.log(changeText(answer, { conversations, now: Date.now(), changed: "switch" }));
}
