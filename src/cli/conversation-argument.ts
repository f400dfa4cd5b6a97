import { Argument } from "commander";
import { completing } from "./completion/completer.ts";
import { runningGateway } from "./gateway.ts";

/** `<conversation>` or `[conversation]`, completed with those that are open. */
export function conversationArgument({ required }: { required: boolean }): Argument {
  const name = required ? "<conversation>" : "[conversation]";
  const otherwise = required ? "" : "; left out, the only one that is open";
  return completing(new Argument(name, `its id, or the beginning of it${otherwise}`), async (before) => {
    if (before.length > 0) return [];
    const { conversations } = await (await runningGateway()).status();
    return conversations.map(({ id, phase }) => ({ value: id, description: phase }));
  });
}
