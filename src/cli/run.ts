import { Argument, Command } from "commander";
import { SETTINGS } from "../config/index.ts";
import { completing } from "./completion/completer.ts";
import { UsageError } from "./errors.ts";
import { withExamples } from "./examples.ts";
import { invokedAs } from "./invoked-as.ts";

interface RunArguments {
  readonly enable: boolean;
  readonly quiet: boolean;
  readonly upstream?: string;
}

export function runCommand(): Command {
  const command = new Command("run")
    .description("run an agent whose requests go through the gateway, which is started where none runs")
    .addArgument(programArgument())
    .argument("[args...]", "its own arguments")
    .option("--enable", "keep the conversations of this run warm, except those switched off before", false)
    .option("--upstream <url>", "where its requests go (default: where they would go without keepwarm)")
    .option("--quiet", "say nothing but what went wrong", false)
    .passThroughOptions()
    .action(launch);
  return withExamples(
    command,
    ["keepwarm run -- claude", "Claude Code; keepwarm on, elsewhere, keeps it warm"],
    ["keepwarm run --enable -- opencode", "OpenCode, kept warm from its first turn on"],
    ["keepwarm run -- npx -y opencode-ai run hello", "through a package runner"],
    ["keepwarm run -- node agent.mjs", "your own program on an Anthropic SDK"],
  );
}

function programArgument(): Argument {
  const about = "the agent, as you would start it: claude, opencode, pi, or any other program";
  return completing(new Argument("<command>", about), () => "commands");
}

async function launch(
  program: string,
  args: readonly string[],
  { enable, quiet, upstream }: RunArguments,
): Promise<void> {
  const [{ endAs, run }, { stateDirectory }] = await Promise.all([
    import("./run/index.ts"),
    import("../storage/index.ts"),
  ]);
  if (upstream !== undefined) checkUpstream(upstream);
  const warn = (sentence: string) => console.error(`keepwarm: ${invokedAs(sentence)}`);
  const ended = await run({
    command: program,
    args,
    env: process.env,
    directory: process.cwd(),
    stateDirectory: stateDirectory(),
    gatewayCommand: {
      file: process.execPath,
      args: [...process.execArgv, process.argv[1] ?? "", "start", "--until-idle"],
    },
    enable,
    say: quiet ? () => {} : warn,
    warn,
    ...(upstream === undefined ? {} : { upstream }),
  });
  endAs(ended);
}

/** @throws {UsageError} with what it must be */
function checkUpstream(upstream: string): void {
  const { kind } = SETTINGS.upstream;
  if (!kind.schema.safeParse(upstream).success) throw new UsageError(`--upstream must be ${kind.allowed}`);
}
