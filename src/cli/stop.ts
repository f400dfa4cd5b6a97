import { setTimeout as sleep } from "node:timers/promises";
import { Command } from "commander";
import { withExamples } from "./examples.ts";
import { runningGateway } from "./gateway.ts";
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
      const { runs } = (await gateway.status()).gateway;
      await gateway.stop();
      console.log(
        (await isOver(pid))
          ? "The gateway has stopped."
          : `The gateway (process ${pid}) is stopping: it lets requests under way end first.`,
      );
      if (runs.length === 0) return;
      const commands = runs.map(({ command }) => printable(command)).join(", ");
      console.log(`Its runs (${commands}) get no answer until keepwarm start, and then go on.`);
    });
  return withExamples(command, ["keepwarm stop", "agents that use it will find nobody there"]);
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
