import { Command } from "commander";
import { ConfigError, loadConfig } from "../config/index.ts";
import type { StatusAnswer } from "../hub/index.ts";
import { FAILURE } from "./errors.ts";
import { withExamples } from "./examples.ts";
import { runningGateway } from "./gateway.ts";
import { tell } from "./invoked-as.ts";

export function statusCommand(): Command {
  const command = new Command("status")
    .description("show the running gateway and what it does for each conversation")
    .option("--json", "print JSON", false)
    .addHelpText(
      "after",
      `
cache      share of the prompt that was read from the cache: in the last turn / in the last warm
keep warm  for how long after each turn: keepwarm on --for
interval   how often, where you chose (keepwarm interval); auto: as often as the cache entry's lifetime asks
A narrow terminal does without some of the columns.

Exit codes: 0 where a gateway answered; 1 where none did, and --json prints { "gateway": null, …, "why": … } then.`,
    )
    .action(async ({ json }: { json: boolean }) => {
      try {
        await (json ? printJson() : print());
      } finally {
        warnOfConfig();
      }
    });
  return withExamples(
    command,
    ["keepwarm status", "what is kept warm, until when, and what is not, and why"],
    ["keepwarm status --json | jq .conversations", "the same, for a program"],
  );
}

async function print(): Promise<void> {
  const answer = await (await runningGateway()).status();
  const { statusReport } = await import("./status-report.ts");
  tell(statusReport(answer, Date.now()));
}

/** Prints what can be parsed whatever comes of it. */
async function printJson(): Promise<void> {
  try {
    show(await (await runningGateway()).status());
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    show({ gateway: null, conversations: [], why });
    console.error(`keepwarm: ${why}`);
    process.exitCode = FAILURE;
  }
}

function show(answer: StatusAnswer | { gateway: null; conversations: readonly []; why: string }): void {
  console.log(JSON.stringify(answer, null, 2));
}

/** Nothing here reads it, and so its person would learn of it only when no gateway starts any more. */
function warnOfConfig(): void {
  try {
    loadConfig();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error("keepwarm: the settings are wrong, so that no gateway can start anew with them:");
    for (const line of error.message.split("\n")) console.error(`keepwarm: ${line}`);
  }
}
