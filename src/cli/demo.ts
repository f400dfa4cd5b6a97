import { Command, InvalidArgumentError, Option } from "commander";
import { duration } from "./arguments.ts";
import { withExamples } from "./examples.ts";

/** Shorter, and a timer's own lateness outlasts the margin; longer, and nobody waits for the end. */
const SHORTEST_MS = 500;
const LONGEST_MS = 60_000;

function demoTtl(text: string): number {
  const ttlMs = duration(text);
  if (ttlMs < SHORTEST_MS || ttlMs > LONGEST_MS) {
    throw new InvalidArgumentError("It must be between 500ms and 60s for the demo.");
  }
  return ttlMs;
}

export function demoCommand(): Command {
  const command = new Command("demo")
    .description("watch a real SDK program idle past its cache's lifetime, without and with keepwarm")
    .addOption(
      new Option("--ttl-5m <duration>", "how long a 5-minute cache entry lives here")
        .argParser(demoTtl)
        .default(2_500, "2500ms"),
    )
    .action(async ({ ttl5m }: { ttl5m: number }) => {
      const { runDemo } = await import("../demo/index.ts");
      const failure = await runDemo({ ttl5mMs: ttl5m, print: (line) => console.log(line) });
      if (failure !== null) throw new Error(failure);
    });
  return withExamples(command, ["keepwarm demo", "about 30 seconds, with a 5-minute entry that lives 2.5 s"]);
}
