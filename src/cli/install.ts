/** `keepwarm install` and `keepwarm uninstall`. */
import { Argument, Command } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { withExamples } from "./examples.ts";
import { tell } from "./invoked-as.ts";

interface Options {
  readonly dryRun: boolean;
  readonly force?: boolean;
}

export function installCommand(): Command {
  const command = new Command("install")
    .description("install keepwarm inside an agent; without one, list those there are")
    .addArgument(new Argument("[agent]", "such as pi"))
    .option("--dry-run", "show what would change, and change nothing", false)
    .option("--force", "though the agent is not found, or of a version that was not tried", false)
    .action(async (word: string | undefined, options: Options) => {
      const { installPlugin, listPlugins } = await import("./install/index.ts");
      const surroundings = await surroundingsOf(options);
      await (word === undefined ? listPlugins(surroundings) : installPlugin(word, surroundings));
    });
  return withExamples(
    command,
    ["keepwarm install pi", "adds one entry to its settings, and nothing else"],
    ["keepwarm install pi --dry-run", "shows the entry first"],
  );
}

export function uninstallCommand(): Command {
  const command = new Command("uninstall")
    .description("take keepwarm out of an agent: its settings are as they were before")
    .addArgument(new Argument("<agent>", "such as pi"))
    .option("--dry-run", "show what would change, and change nothing", false)
    .action(async (word: string, options: Options) => {
      const { uninstallPlugin } = await import("./install/index.ts");
      await uninstallPlugin(word, await surroundingsOf(options));
    });
  return withExamples(command, ["keepwarm uninstall pi", "what you changed there since stays"]);
}

async function surroundingsOf({ dryRun, force = false }: Options) {
  const [{ HOST_PLUGINS, builtFiles }, { stateDirectory }] = await Promise.all([
    import("../install/index.ts"),
    import("../storage/index.ts"),
  ]);
  return {
    plugins: HOST_PLUGINS,
    filesOf: builtFiles,
    stateDirectory: stateDirectory(),
    version: packageJson.version,
    env: process.env,
    dryRun,
    force,
    print: tell,
  };
}
