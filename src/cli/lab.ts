import { writeFileSync } from "node:fs";
import { basename } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import type { LabPerson, LabSetting, LabTier, PriorChoice } from "../lab/index.ts";
import { UsageError } from "./errors.ts";
import { withExamples } from "./examples.ts";
import { progressLine } from "./progress.ts";

interface LabArguments {
  readonly tier?: LabTier;
  readonly read: number;
  readonly inputPrice: number;
  readonly arms: string;
  readonly prior: PriorChoice;
  readonly people: boolean;
  readonly json: boolean;
  readonly decisions?: string;
  readonly fit?: string;
}

function numberBetween(low: number, high: number) {
  return (text: string): number => {
    const value = text.trim() === "" ? Number.NaN : Number(text);
    if (!(value > low && value <= high))
      throw new InvalidArgumentError(`It must be a number above ${low}, ${high} at most.`);
    return value;
  };
}

export function labCommand(): Command {
  const command = new Command("lab")
    .description("replay recorded gaps against every policy, this project's and its peers'")
    .argument("<file>", "recorded conversations, a line of JSON each, plain or .gz")
    .addOption(
      new Option(
        "--tier <tier>",
        "lifetime of the entries: 5m, 1h, or as recorded (default: 5m and 1h)",
      ).choices(["5m", "1h", "recorded"]),
    )
    .addOption(
      new Option("--read <share>", "price of a read token, in input tokens")
        .argParser(numberBetween(0, 1))
        .default(0.1),
    )
    .addOption(
      new Option("--input-price <usd>", "price of a million input tokens, in USD")
        .argParser(numberBetween(0, 1_000))
        .default(5),
    )
    .option(
      "--arms <names>",
      "arms to replay, separated by commas, or all of them that choose no other tier",
      "all",
    )
    .addOption(
      new Option(
        "--prior <which>",
        "what adaptive expects of people: fitted to the file's others (left-out), as shipped, or (auto) as shipped but for the file that it was fitted to",
      )
        .choices(["auto", "left-out", "shipped"])
        .default("auto"),
    )
    .option("--people", "tell adaptive and auto of each person as well", false)
    .option("--json", "print JSON", false)
    .option("--decisions <file>", "write when each arm warms in every gap, a line of JSON each")
    .option("--fit <file>", "write the prior that these recordings give, and replay nothing")
    .action(lab);
  return withExamples(
    command,
    ["keepwarm lab gaps.jsonl.gz", "every arm at a read price of a tenth"],
    ["keepwarm lab gaps.jsonl.gz --read 0.05 --arms adaptive,fixed-2,auto", "three of them, at a twentieth"],
    [
      "keepwarm lab gaps.jsonl.gz --arms adaptive --decisions out.jsonl",
      "when it would have warmed, to be scored elsewhere",
    ],
  );
}

async function lab(file: string, options: LabArguments): Promise<void> {
  const {
    ARM_NAMES,
    DecisionsFile,
    fitShipped,
    figuresOf,
    peopleFiguresOf,
    peopleOf,
    readRecordings,
    runLab,
  } = await import("../lab/index.ts");
  const arms = armsOf(options, ARM_NAMES);
  const progress = progressLine();
  progress.show(0, `reading ${basename(file)}`);
  const people = peopleOf(await readRecordings(file).finally(progress.end));
  const dataset = datasetOf(file, people);
  if (options.fit !== undefined) {
    const prior = fitShipped(people);
    writeFileSync(options.fit, `${JSON.stringify(prior, null, 2)}\n`);
    console.error(`keepwarm: fitted to ${dataset.people} people; written to ${options.fit}`);
    return;
  }
  const setting: LabSetting = {
    read: options.read,
    inputUsd: options.inputPrice / 1e6,
    tiers: options.tier === undefined ? ["5m", "1h"] : [options.tier],
    arms,
    prior: options.prior,
  };
  const decisions = options.decisions === undefined ? null : new DecisionsFile(options.decisions);
  const run = runLab(people, setting, {
    onProgress: (done, of, what) => progress.show(done / of, `${what}: ${done} of ${of}`),
    ...(decisions === null ? {} : { onDecision: (decision) => decisions.add(decision) }),
  });
  progress.end();
  decisions?.close();
  const figures = figuresOf(run);
  const each = options.people ? peopleFiguresOf(run) : null;
  if (options.json) {
    const { read, inputUsd, tiers } = setting;
    const said = { read, inputUsdPerMTok: inputUsd * 1e6, tiers, prior: run.priors };
    const told = { dataset, setting: said, arms: figures, ...(each === null ? {} : { people: each }) };
    console.log(JSON.stringify(told, null, 2));
    return;
  }
  const { LEGEND, labReport, peopleReport } = await import("./lab-report.ts");
  console.log(
    `${counted(dataset.conversations, "conversation", "conversations")} of ${counted(dataset.people, "person", "people")}, ${counted(dataset.calls, "call", "calls")}; read ${options.read}; prior ${run.priors}.\n`,
  );
  console.log(`${labReport(figures, dataset.people)}\n\n${LEGEND}`);
  if (each !== null) console.log(`\n${peopleReport(each)}`);
}

function counted(count: number, one: string, more: string): string {
  return `${count} ${count === 1 ? one : more}`;
}

function armsOf({ arms: text, tier }: LabArguments, known: readonly string[]): readonly string[] {
  // Of one tier alone there is nothing to choose from, and the hour's own arm is no other tier's.
  if (text.trim() === "all") {
    return known.filter(
      (arm) => tier === undefined || (arm !== "auto" && (arm !== "1h alone" || tier === "1h")),
    );
  }
  return text.split(",").map((part) => {
    const name = part.trim();
    // Easier to type.
    const found = known.find((arm) => arm === name || arm.replaceAll(" ", "-") === name);
    if (found === undefined)
      throw new UsageError(`--arms: there is no arm ${JSON.stringify(name)}; there are ${known.join(", ")}`);
    return found;
  });
}

function datasetOf(file: string, people: readonly LabPerson[]) {
  const conversations = people.flatMap((person) => person.conversations);
  return {
    file: basename(file),
    people: people.filter((person) => person.conversations.length > 0).length,
    conversations: conversations.length,
    calls: conversations.reduce((sum, spans) => sum + spans.length, 0),
  };
}
