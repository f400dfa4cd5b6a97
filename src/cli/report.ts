import { accessSync, constants, existsSync, statSync } from "node:fs";
import { Command, Option } from "commander";
import type { Report } from "../ledger/index.ts";
import type { ReadOnlyStore } from "../storage/index.ts";
import { period } from "./arguments.ts";
import { withExamples } from "./examples.ts";
import { tell } from "./invoked-as.ts";
import { progressLine } from "./progress.ts";
import type { ReportTextOptions } from "./report-text.ts";

interface Asked {
  readonly json: boolean;
  readonly tokens: boolean;
  readonly dollars: boolean;
  /** Ms. */
  readonly since: number;
}

/** What there is to tell, and who told it. */
type Told = { readonly report: Report } & Required<Pick<ReportTextOptions, "tier" | "gatewayUrl" | "open">>;

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
    .option(
      "--tokens",
      "in tokens, weighed by their list price; by itself where a subscription paid for all warms",
      false,
    )
    .addOption(
      new Option("--dollars", "in dollars at list price, whoever paid").default(false).conflicts("tokens"),
    )
    .action(async ({ json, tokens, dollars, since }: Asked) => {
      const { report, ...more } = await reported(Date.now() - since);
      if (json) return console.log(JSON.stringify({ ...report, tier: more.tier }, null, 2));
      const { reportText } = await import("./report-text.ts");
      const measure = tokens ? "tokens" : dollars ? "dollars" : null;
      tell(reportText(report, { ...more, ...(measure === null ? {} : { measure }) }));
    });
  return withExamples(
    command,
    ["keepwarm report", "the last 30 days: spent, saved, net"],
    ["keepwarm report --since 7d --tokens", "a week in tokens, for those on a subscription"],
    ["keepwarm report --json | jq .total.netUsd", "for a program"],
  );
}

/** By the running gateway; where there is none, from what the last one has stored. */
async function reported(since: number): Promise<Told> {
  const [{ discover }, { stateDirectory }] = await Promise.all([
    import("../hub/index.ts"),
    import("../storage/index.ts"),
  ]);
  const directory = stateDirectory();
  const found = await discover(directory);
  if (found.state === "running") {
    const { client } = found;
    const [report, { gateway, conversations }] = await Promise.all([client.report(since), client.status()]);
    return { report, tier: gateway.tier, gatewayUrl: gateway.gatewayUrl, open: conversations };
  }
  if (found.state === "silent") {
    console.error(
      `keepwarm: the gateway (process ${found.record.pid}) does not answer; this is what it has stored.`,
    );
  }
  return storedReport(directory, since);
}

async function storedReport(directory: string, since: number): Promise<Told> {
  const [{ localDay, LEDGER_NAMESPACE, readContents, reportOf }, { lookInto }, { withSpools }] =
    await Promise.all([
      import("../ledger/index.ts"),
      import("../storage/index.ts"),
      import("../hub/index.ts"),
    ]);
  const days = { since: localDay(since), until: localDay(Date.now()) };
  refuseUnreadable(directory);
  const file = `${directory}/keepwarm.sqlite`;
  const store = existsSync(file) ? lookInto(file) : null;
  const progress = progressLine();
  try {
    const ledger = await withSpools(directory, store?.namespace(LEDGER_NAMESPACE));
    const contents = await readContents(ledger, (share) => progress.show(share, "reading the ledger"));
    const report = reportOf(contents, days);
    const tier = store && (await storedTier(store.namespace, report));
    return { report, tier, gatewayUrl: null, open: null };
  } finally {
    progress.end();
    store?.close();
  }
}

/** What cannot be looked into is not the same as nothing. @throws a sentence */
function refuseUnreadable(directory: string): void {
  const other = "name another with KEEPWARM_HOME";
  const found = statSync(directory, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isDirectory()) throw new Error(`${directory} is no folder: remove it, or ${other}`);
  try {
    accessSync(directory, constants.R_OK | constants.X_OK);
  } catch {
    throw new Error(`${directory} may not be read: change whose it is, or ${other}`);
  }
}

/** By what was learned until now, for the model that cost most. */
async function storedTier(namespace: ReadOnlyStore["namespace"], { models }: Report): Promise<Told["tier"]> {
  const [{ listPrices }, { POLICY_NAMESPACE, readPriceOf, STRENGTH_TOKENS, TierHistory, TIERS_KEY }] =
    await Promise.all([import("../anthropic/index.ts"), import("../policy/index.ts")]);
  const [first] = models
    .filter(({ model }) => model !== null)
    .toSorted((a, b) => b.requestsUsd - a.requestsUsd);
  if (first === undefined || first.model === null) return null;
  const history = TierHistory.parse(await namespace(POLICY_NAMESPACE).get(TIERS_KEY));
  const { option, relativeCost, evidenceTokens } = history.advise(readPriceOf(first.model, listPrices()));
  return {
    modelName: first.model,
    cheapest: option,
    relativeCost,
    isOwn: evidenceTokens > STRENGTH_TOKENS,
  };
}
