import { Command } from "commander";
import { withExamples } from "./examples.ts";
import { runningGateway } from "./gateway.ts";

export function statusCommand(): Command {
  const command = new Command("status")
    .description("show the running gateway and what it does for each conversation")
    .option("--json", "print JSON", false)
    .action(async ({ json }: { json: boolean }) => {
      const answer = await (await runningGateway()).status();
      if (json) return console.log(JSON.stringify(answer, null, 2));
      const { statusReport } = await import("./status-report.ts");
      console.log(statusReport(answer, Date.now()));
    });
  return withExamples(
    command,
    ["keepwarm status", "what is kept warm, until when, and what is not, and why"],
    ["keepwarm status --json | jq .conversations", "the same, for a program"],
  );
}
