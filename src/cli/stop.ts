import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Command } from "commander";
import type { RunView } from "../hub/index.ts";
import { withExamples } from "./examples.ts";
import { runningGateway } from "./gateway.ts";
import { tell } from "./invoked-as.ts";
import { printable } from "./printable.ts";

/** How long the gateway's end is waited for, in ms; requests under way may take it longer. */
const PATIENCE_MS = 10_000;
const LOOK_AGAIN_MS = 50;

export function stopCommand(): Command {
  const command = new Command("stop")
    .description("stop the running gateway; what is stored stays")
    .action(async () => {
      const gateway = await runningGateway();
      const { pid } = gateway.record;
      const { gateway: info, conversations } = await gateway.status();
      await gateway.stop();
      console.log(
        (await isOver(pid))
          ? "The gateway has stopped."
          : `The gateway (process ${pid}) is stopping: it lets requests under way end first.`,
      );
      if (info.runs.length > 0) {
        const names = info.runs.map(runName).join(", ");
        tell(`Its runs (${names}) get no answer until keepwarm start, and then go on.`);
      }
      if (conversations.length > 0) {
        tell("After a start keepwarm status shows each conversation again with its next turn.");
      }
    });
  return withExamples(command, ["keepwarm stop", "agents that use it will find nobody there"]);
}

/** `node` in three folders is three agents. */
function runName({ command, cwd }: RunView): string {
  return printable(cwd === null ? command : `${command} in ${basename(cwd) || cwd}`);
}

/** Whether the process has ended in time. Its ports are free only then. */
async function isOver(pid: number): Promise<boolean> {
  const { isProcessAlive } = await import("../hub/index.ts");
  for (let waitedMs = 0; waitedMs < PATIENCE_MS; waitedMs += LOOK_AGAIN_MS) {
    if (!isProcessAlive(pid)) return true;
    await sleep(LOOK_AGAIN_MS);
  }
  return false;
}
