import { existsSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { conversationArgument } from "./conversation-argument.ts";
import { UsageError } from "./errors.ts";
import { withExamples } from "./examples.ts";

export function forgetCommand(): Command {
  const command = new Command("forget")
    .description(
      "let go of a conversation and remove what is stored of it, or what was learned of your pauses",
    )
    .addArgument(conversationArgument({ required: false, leftOut: "--pauses must be given" }))
    .option("--pauses", "forget how you pause, which decides how long conversations are kept warm")
    .action(async (word: string | undefined, { pauses = false }: { pauses?: boolean }) => {
      if (pauses === (word !== undefined)) throw new UsageError("name a conversation, or give --pauses");
      await (word === undefined ? forgetPauses() : forget(word));
    });
  return withExamples(
    command,
    ["keepwarm forget my-session", "as if it had never been"],
    ["keepwarm forget --pauses", "decide by what all people do, and learn anew"],
  );
}

async function forget(word: string): Promise<void> {
  const { conversationMeant } = await import("./conversation.ts");
  const { gateway, id, name } = await conversationMeant(word);
  await gateway.forget(id);
  console.log(`${name} is forgotten, and what was stored of it removed.`);
}

async function forgetPauses(): Promise<void> {
  const [{ discover }, { trusted }, { stateDirectory }] = await Promise.all([
    import("../hub/index.ts"),
    import("./gateway.ts"),
    import("../storage/index.ts"),
  ]);
  const directory = stateDirectory();
  const gateway = trusted(await discover(directory));
  await (gateway === null ? forgetStoredPauses(directory) : gateway.forgetPauses());
  console.log("What was learned of your pauses is forgotten.");
}

/** An audit learns without a gateway, so that it can be forgotten without one. */
async function forgetStoredPauses(directory: string): Promise<void> {
  const [{ CONVERSATION_GAPS_KEY, GAPS_KEY, POLICY_NAMESPACE, TIERS_KEY }, { openSqliteStorage }] =
    await Promise.all([import("../policy/index.ts"), import("../storage/sqlite.ts")]);
  const { forgetPausesOfPrograms } = await import("../hub/index.ts");
  await forgetPausesOfPrograms(directory, { error: (sentence) => console.error(sentence) });
  const file = join(directory, "keepwarm.sqlite");
  // Opening it would create it.
  if (!existsSync(file)) return;
  const database = openSqliteStorage({ file });
  try {
    const learned = database.namespace(POLICY_NAMESPACE);
    await Promise.all([GAPS_KEY, CONVERSATION_GAPS_KEY, TIERS_KEY].map((key) => learned.delete(key)));
  } finally {
    database.close();
  }
}
