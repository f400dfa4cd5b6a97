import { Argument, Option } from "commander";
import { completing, type Suggestions } from "./completion/completer.ts";
import { runningGateway } from "./gateway.ts";

/**
 * `<conversation>` or `[conversation]`, completed with those that are open.
 *
 * @param leftOut what is meant then. @default that of Claude Code, or the only one that is open
 */
export function conversationArgument({
  required,
  leftOut = "that of the Claude Code it is run in, or the only one that is open",
}: {
  required: boolean;
  leftOut?: string;
}): Argument {
  const name = required ? "<conversation>" : "[conversation]";
  const otherwise = required ? "" : `; left out, ${leftOut}`;
  const about = `its folder or id, or the beginning of it${otherwise}`;
  return completing(new Argument(name, about), (before) => (before.length > 0 ? [] : openConversations()));
}

/** By their folders, and by their ids where those do not tell. */
export async function openConversations(): Promise<Suggestions> {
  const { conversations } = await (await runningGateway()).status();
  return conversations.map(({ id, folder, phase }) => {
    const isTelling = conversations.filter((other) => other.folder === folder).length === 1;
    return folder !== null && isTelling
      ? { value: folder, description: `${phase}, ${id}` }
      : { value: id, description: folder === null ? phase : `${phase}, in ${folder}` };
  });
}

/** For those that change what is stored. */
export function storeOption(): Option {
  const about = "keep the choice where no such conversation is open, for when it comes";
  return new Option("--store", about).default(false);
}
