import { existsSync } from "node:fs";
import { Command, Option } from "commander";
import type { Report } from "../ledger/index.ts";
import { period } from "./arguments.ts";
import { withExamples } from "./examples.ts";

interface Asked {
  readonly json: boolean;
  readonly tokens: boolean;
  /** Ms. */
  readonly since: number;
}

const DEFAULT_SINCE = "30d";

export function reportCommand(): Command {
  const command = new Command("report")
    .description("show what warming cost and what it saved; no gateway need be running")
    .option("--json", "print JSON", false)
    .addOption(
      new Option("--since <duration>", "how far to look back, such as 24h, 7d or 4w")
        .argParser(period)
        .default(period(DEFAULT_SINCE), DEFAULT_SINCE),
    )
    .option("--tokens", "in tokens instead of dollars, weighed by their list price", false)
    .action(async ({ json, tokens, since }: Asked) => {
      const report = await reported(Date.now() - since);
      if (json) return console.log(JSON.stringify(report, null, 2));
      const { reportText } = await import("./report-text.ts");
      console.log(reportText(report, { tokens }));
    });
  return withExamples(
    command,
    ["keepwarm report", "the last 30 days: spent, saved, net"],
    ["keepwarm report --since 7d --tokens", "a week in tokens, for those on a subscription"],
    ["keepwarm report --json | jq .total.netUsd", "for a program"],
  );
}

/** By the running gateway; where there is none, from what the last one has stored. */
async function reported(since: number): Promise<Report> {
  const [{ discover }, { stateDirectory }] = await Promise.all([
    import("../hub/index.ts"),
    import("../storage/index.ts"),
  ]);
  const directory = stateDirectory();
  const found = await discover(directory);
  return found.state === "running" ? found.client.report(since) : storedReport(directory, since);
}

async function storedReport(directory: string, since: number): Promise<Report> {
  const [{ localDay, LEDGER_NAMESPACE, NO_CONTENTS, readContents, reportOf }, { openSqliteStorage }] =
    await Promise.all([import("../ledger/index.ts"), import("../storage/sqlite.ts")]);
  const days = { since: localDay(since), until: localDay(Date.now()) };
  const file = `${directory}/keepwarm.sqlite`;
  // Opening it would create it.
  if (!existsSync(file)) return reportOf(NO_CONTENTS, days);
  const database = openSqliteStorage({ file });
  try {
    return reportOf(await readContents(database.namespace(LEDGER_NAMESPACE)), days);
  } finally {
    database.close();
  }
}
