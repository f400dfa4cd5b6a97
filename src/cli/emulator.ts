import { Command, Option } from "commander";
import type { RecordedRequest } from "../emulator/index.ts";
import { duration, portNumber } from "./arguments.ts";
import { UsageError } from "./errors.ts";
import { withExamples } from "./examples.ts";

interface EmulatorArguments {
  readonly host: string;
  readonly port: number;
  readonly ttl5m: number;
  readonly ttl1h: number;
  readonly quiet: boolean;
}

export function emulatorCommand(): Command {
  const command = new Command("emulator")
    .description("serve the Messages API on loopback, with the documented prompt-cache rules and no model")
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .addOption(
      new Option("--port <number>", "port to listen on, 0 for any that is free")
        .argParser(portNumber)
        .default(4780),
    )
    .addOption(
      new Option("--ttl-5m <duration>", "how long a 5-minute cache entry lives, to scale time")
        .argParser(duration)
        .default(300_000, "5m"),
    )
    .addOption(
      new Option("--ttl-1h <duration>", "how long a 1-hour cache entry lives")
        .argParser(duration)
        .default(3_600_000, "1h"),
    )
    .option("--quiet", "print no line per request", false)
    .action(serve);
  return withExamples(command, [
    "keepwarm emulator --ttl-5m 6s",
    "a cache entry of 5 minutes lives 6 seconds",
  ]);
}

async function serve({ host, port, ttl5m, ttl1h, quiet }: EmulatorArguments): Promise<void> {
  if (ttl5m >= ttl1h) throw new UsageError("--ttl-5m must be shorter than --ttl-1h");
  const { createEmulator } = await import("../emulator/index.ts");
  const emulator = createEmulator({
    ttl5mMs: ttl5m,
    ttl1hMs: ttl1h,
    recordBodies: false,
    onRequest: (request) => {
      if (!quiet) console.log(requestLine(request));
    },
  });
  const { url } = await emulator.listen({ host, port });
  console.log(`keepwarm emulator: ${url}`);
  console.log(`Point a client at it: ANTHROPIC_BASE_URL=${url} ANTHROPIC_API_KEY=sk-ant-api-any`);
  const stop = () => void emulator.close();
  process.once("SIGINT", stop).once("SIGTERM", stop);
}

function requestLine({ at, method, path, status, model, maxTokens, usage }: RecordedRequest): string {
  const time = new Date(at).toTimeString().slice(0, 8);
  if (usage === null) return `${time}  ${status}  ${method} ${path}`;
  const tokens = [
    `read ${usage.cache_read_input_tokens}`,
    `wrote ${usage.cache_creation_input_tokens}`,
    `uncached ${usage.input_tokens}`,
    `out ${usage.output_tokens}`,
  ];
  return `${time}  ${status}  ${model}  max_tokens ${maxTokens}  ${tokens.join("  ")}`;
}
