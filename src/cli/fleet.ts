import { Argument, Command, Option } from "commander";
import type { FleetClient } from "../fleet/index.ts";
import { withExamples } from "./examples.ts";
import { artifactCommand } from "./fleet-artifact.ts";

const OUTCOMES = ["queued", "claimed", "running", "completed", "failed", "lapsed", "cancelled"] as const;

export function fleetCommand(): Command {
  const command = new Command("fleet").description(
    "a team's workers and their queue, in the database of DATABASE_URL",
  );
  command.addCommand(statusCommand());
  command.addCommand(jobsCommand());
  command.addCommand(jobCommand());
  command.addCommand(requeueCommand());
  command.addCommand(prewarmCommand());
  command.addCommand(artifactCommand());
  command.addCommand(workersCommand());
  command.addCommand(migrateCommand());
  command.addCommand(keyCommand());
  return withExamples(
    command,
    ["keepwarm fleet status", "what waits, what runs, what failed today"],
    ["keepwarm fleet jobs --outcome failed", "which jobs failed, and why"],
  );
}

function json(): Option {
  return new Option("--json", "print JSON").default(false);
}

interface JsonOption {
  readonly json: boolean;
}

function statusCommand(): Command {
  const command = new Command("status")
    .description("show what waits, what is in progress, and what came of the jobs of 24 hours")
    .addOption(json())
    .action(({ json: asJson }: JsonOption) =>
      looking(async ({ database }) => {
        const { listGateways, listWorkers, queueOverview } = await import("../fleet/index.ts");
        const [queue, workers, gateways] = await Promise.all([
          queueOverview(database),
          listWorkers(database),
          listGateways(database),
        ]);
        if (asJson) return print({ queue, workers, gateways });
        const { statusText } = await import("./fleet-text.ts");
        console.log(statusText(queue, workers, gateways));
      }),
    );
  return withExamples(command, ["keepwarm fleet status", "is there more work than workers?"]);
}

function jobsCommand(): Command {
  const command = new Command("jobs")
    .description("list jobs, the one that changed last first")
    .addOption(new Option("--outcome <outcome>", "only those with this outcome").choices([...OUTCOMES]))
    .addOption(new Option("--limit <number>", "at most so many").default("50"))
    .addOption(json())
    .action(
      ({
        json: asJson,
        outcome,
        limit,
      }: JsonOption & { outcome?: (typeof OUTCOMES)[number]; limit: string }) =>
        looking(async ({ database }) => {
          const [{ listJobs }, { UsageError }] = await Promise.all([
            import("../fleet/index.ts"),
            import("./errors.ts"),
          ]);
          if (!/^[1-9]\d{0,3}$/.test(limit))
            throw new UsageError("--limit must be a whole number from 1 to 9999");
          const jobs = await listJobs(database, {
            limit: Number(limit),
            ...(outcome === undefined ? {} : { outcome }),
          });
          if (asJson) return print(jobs);
          const { jobsText } = await import("./fleet-text.ts");
          console.log(jobsText(jobs));
        }),
    );
  return withExamples(command, [
    "keepwarm fleet jobs --outcome failed",
    "those that nothing tries again by itself",
  ]);
}

function jobArgument(): Argument {
  return new Argument("<job>", "its id, or the beginning of it");
}

function jobCommand(): Command {
  const command = new Command("job")
    .description("show one job: what it is for, how long each phase took, what went wrong")
    .addArgument(jobArgument())
    .addOption(json())
    .action((id: string, { json: asJson }: JsonOption) =>
      looking(async ({ database }) => {
        const { findJob, phaseTimes } = await import("../fleet/index.ts");
        const job = await findJob(database, id);
        if (job === null) throw new Error(`there is no job ${id}, or more than one that begins so`);
        if (asJson) return print({ ...job, phases: phaseTimes(job) });
        const { jobText } = await import("./fleet-text.ts");
        console.log(jobText(job, phaseTimes(job)));
      }),
    );
  return withExamples(command, ["keepwarm fleet job 3f2a", "the job whose id begins so"]);
}

function requeueCommand(): Command {
  const command = new Command("requeue")
    .description("have a job done again that has ended")
    .addArgument(jobArgument())
    .addOption(json())
    .action((id: string, { json: asJson }: JsonOption) =>
      looking(async (client) => {
        const { requeue } = await import("../fleet/index.ts");
        const again = await requeue(client.database, await client.store(), id);
        if ("problem" in again) throw new Error(again.problem);
        if (asJson) print(again);
        else console.log(`It is queued again, as job ${again.jobId}.`);
      }),
    );
  return withExamples(command, ["keepwarm fleet requeue 3f2a", "once what made it fail is mended"]);
}

function prewarmCommand(): Command {
  const command = new Command("prewarm")
    .description("have a worker warm an entry of a gateway's catalogue now, unless it is still warm")
    .argument("<entry>", "its name in the catalogue")
    .addOption(json())
    .action((name: string, { json: asJson }: JsonOption) =>
      looking(async (client) => {
        const { preWarmByHand, registeredEntries } = await import("../fleet/index.ts");
        const all = await registeredEntries(client.database);
        const entry = all.find((one) => one.name === name);
        if (entry === undefined) {
          const known = all.map((one) => one.name).join(", ");
          throw new Error(
            known === ""
              ? "no gateway of the fleet has a catalogue: see keepwarm config set prewarmCatalogue, and prewarm"
              : `no gateway of the fleet has ${name} in its catalogue: there are ${known}`,
          );
        }
        const ordered = await preWarmByHand(await client.store(), entry);
        if ("problem" in ordered) {
          if (asJson) print(ordered);
          else console.log(ordered.problem);
          return;
        }
        if (asJson) print(ordered);
        else console.log(`It is queued, as job ${ordered.jobId}.`);
      }),
    );
  return withExamples(command, [
    "keepwarm fleet prewarm reviewer",
    "before a morning that no schedule knows of",
  ]);
}

function workersCommand(): Command {
  const command = new Command("workers")
    .description("list workers: where they are, what they do, when they were last heard of")
    .addOption(json())
    .action(({ json: asJson }: JsonOption) =>
      looking(async ({ database }) => {
        const { databaseNow, listWorkers } = await import("../fleet/index.ts");
        const [workers, now] = await Promise.all([listWorkers(database), databaseNow(database)]);
        if (asJson) return print(workers);
        const { workersText } = await import("./fleet-text.ts");
        console.log(workersText(workers, now));
      }),
    );
  return withExamples(command, ["keepwarm fleet workers", "who works, and who was not heard of lately"]);
}

function migrateCommand(): Command {
  const command = new Command("migrate")
    .description("make the fleet's tables, as a role that may: gateways and workers then need no such right")
    .action(() =>
      looking(
        async (client) => {
          await client.store();
          console.log("The fleet's tables are there.");
        },
        { makesTables: true },
      ),
    );
  return withExamples(command, [
    "DATABASE_URL=postgres://owner@… keepwarm fleet migrate",
    "before each update",
  ]);
}

function keyCommand(): Command {
  const command = new Command("key")
    .description("make a key to encrypt prompts with, for KEEPWARM_FLEET_KEY")
    .action(async () => {
      const { newFleetKey } = await import("../fleet/index.ts");
      console.log(newFleetKey());
    });
  return withExamples(command, ["keepwarm fleet key > fleet.key", "for KEEPWARM_FLEET_KEY_FILE=fleet.key"]);
}

async function looking(
  act: (client: FleetClient) => Promise<void>,
  { makesTables = false } = {},
): Promise<void> {
  const { openFleetClient } = await import("../fleet/index.ts");
  const client = await openFleetClient(process.env, { makesTables });
  try {
    await act(client);
  } finally {
    await client.close();
  }
}

function print(answer: unknown): void {
  console.log(JSON.stringify(answer, null, 2));
}
