import { resolve } from "node:path";
import { Command } from "commander";
import type { WantedArtifact } from "../prewarm/index.ts";
import { UsageError } from "./errors.ts";
import { withExamples } from "./examples.ts";

interface Asked {
  readonly repository: string;
  readonly branch: string;
  readonly parameter?: readonly string[];
  readonly make: boolean;
}

export function artifactCommand(): Command {
  const command = new Command("artifact")
    .description("print an artifact as workers have made it, for prompts that share it with a catalogue")
    .argument("<type>", "which loader makes it, such as repo_map")
    .option("--repository <path>", "the clone, at the same path wherever workers are", ".")
    .option("--branch <name>", "its branch", "HEAD")
    .option("--parameter <name=value>", "of the loader; may be given more than once", collected)
    .option("--make", "have a worker make it anew first", false)
    .action(artifact);
  return withExamples(
    command,
    [
      "keepwarm fleet artifact repo_map > map.json",
      "the map of this repository, byte for byte as it is pre-warmed",
    ],
    ["keepwarm fleet artifact repo_map --parameter path=src --make", "of a part of it, as it is now"],
  );
}

function collected(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

async function artifact(type: string, { repository, branch, parameter = [], make }: Asked): Promise<void> {
  const parameters = Object.fromEntries(parameter.map(pairOf));
  const wanted: WantedArtifact = { type, repository: resolve(repository), branch, parameters };
  const { artifactStoreOf, createArtifactDesk, createAwaiting, keyringOf, openFleetClient } = await import(
    "../fleet/index.ts"
  );
  const { env } = process;
  const keyring = keyringOf(env);
  const client = await openFleetClient(env);
  // Its waits keep no process alive.
  const awake = setInterval(() => {}, 60_000);
  try {
    const { database } = client;
    const artifacts = artifactStoreOf(env.KEEPWARM_FLEET_ARTIFACTS || undefined, database, keyring);
    const known = make ? null : await artifacts.get(wanted);
    if (known !== null) {
      process.stdout.write(known.content);
      return;
    }
    const awaiting = createAwaiting(database);
    const desk = createArtifactDesk({ store: await client.store(), artifacts, awaiting, owner: "command" });
    process.stdout.write(await desk(wanted, { trigger: "manual" }));
  } finally {
    clearInterval(awake);
    await client.close();
  }
}

function pairOf(text: string): [string, string] {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined)
    throw new UsageError(`--parameter is name=value, such as path=src: ${text} is not`);
  return [name, value];
}
