#!/usr/bin/env node
/** The keepwarm command. */
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import ms from "ms";
import packageJson from "../package.json" with { type: "json" };

const FAILURE = 1;
const USAGE = 2;

/** A duration such as `6s`, `5m` or `1h`, in ms. */
function duration(text: string): number {
  const value = /^\d/.test(text) ? ms(text as ms.StringValue) : undefined;
  if (value === undefined || !Number.isFinite(value) || value <= 0 || !/[a-z]$/i.test(text)) {
    throw new InvalidArgumentError("Write it as a number with a unit, such as 6s, 5m or 1h.");
  }
  return value;
}

function portNumber(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) {
    throw new InvalidArgumentError("A port is a whole number from 0 (any that is free) to 65535.");
  }
  return port;
}

const ttl5m = (fallback: string) =>
  new Option("--ttl-5m <duration>", "how long a 5-minute cache entry lives, to scale time")
    .argParser(duration)
    .default(duration(fallback), fallback);

const ttl1h = () =>
  new Option("--ttl-1h <duration>", "how long a 1-hour cache entry lives")
    .argParser(duration)
    .default(duration("1h"), "1h");

const program = new Command("keepwarm")
  .description("Keeps an LLM conversation's prompt cache warm while its person is away.")
  .version(packageJson.version, "-V, --version", "print the version")
  .helpOption("-h, --help", "print this help")
  .showHelpAfterError("Run keepwarm --help for what there is.")
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, "keepwarm: ")) })
  .exitOverride();

program
  .command("demo")
  .description("watch a real SDK program idle past its cache's lifetime, without and with keepwarm")
  .addOption(ttl5m("2500ms"))
  .action(async ({ ttl5m: ttl5mMs }: { ttl5m: number }) => {
    const { runDemo } = await import("./demo/index.ts");
    const stayedWarm = await runDemo({ ttl5mMs, print: (line) => console.log(line) });
    if (!stayedWarm) throw new Error("a return with keepwarm did not find its prefix in the cache");
  });

program
  .command("emulator")
  .description("serve the Messages API on loopback, with the documented prompt-cache rules and no model")
  .option("--host <address>", "address to listen on", "127.0.0.1")
  .addOption(
    new Option("--port <number>", "port to listen on, 0 for any that is free")
      .argParser(portNumber)
      .default(4780),
  )
  .addOption(ttl5m("5m"))
  .addOption(ttl1h())
  .action(async (options: { host: string; port: number; ttl5m: number; ttl1h: number }) => {
    const { createEmulator } = await import("./emulator/index.ts");
    const emulator = createEmulator({ ttl5mMs: options.ttl5m, ttl1hMs: options.ttl1h, recordBodies: false });
    const { url } = await emulator.listen({ host: options.host, port: options.port });
    console.log(`keepwarm emulator: ${url}`);
    console.log(`Point a client at it with ANTHROPIC_BASE_URL=${url} and any ANTHROPIC_API_KEY.`);
    const stop = () => void emulator.close();
    process.once("SIGINT", stop).once("SIGTERM", stop);
  });

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Its own message is out by now; help and version are no errors.
    process.exitCode = error.exitCode === 0 ? 0 : USAGE;
  } else {
    console.error(`keepwarm: ${explain(error)}`);
    process.exitCode = FAILURE;
  }
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, port } = error as NodeJS.ErrnoException & { port?: number };
  if (code === "EADDRINUSE") return `port ${port} is taken: choose another with --port`;
  if (code === "EACCES") return `port ${port} may not be used: choose one above 1023 with --port`;
  return error.message;
}
