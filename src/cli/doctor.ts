import { Command } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { FAILURE } from "./errors.ts";
import { withExamples } from "./examples.ts";
import { tell } from "./invoked-as.ts";

export function doctorCommand(): Command {
  const command = new Command("doctor")
    .description("look for what could keep keepwarm from working, and for the agents it can run")
    .option("--offline", "do not ask whether the upstream answers", false)
    .option("--json", "print JSON", false)
    .action(async ({ offline, json }: { offline: boolean; json: boolean }) => {
      const { asJson, asText, examine, isWell } = await import("./doctor/index.ts");
      const report = await examine({ version: packageJson.version, offline, env: process.env });
      if (json) console.log(asJson(report));
      else tell(asText(report));
      if (!isWell(report)) process.exitCode = FAILURE;
    });
  return withExamples(
    command,
    ["keepwarm doctor", "ends with 1 when something is wrong"],
    ["keepwarm doctor --offline --json", "for a program, without the network"],
  );
}
