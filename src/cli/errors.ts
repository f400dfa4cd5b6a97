/** What a person is told when a command fails, and how it ends. */
import { ConfigError } from "../config/index.ts";

export const FAILURE = 1;
export const USAGE = 2;

/** Options that make no sense together. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** A failure whose exit code means something to whoever started us. */
export class ExitCodeError extends Error {
  readonly exitCode: number;

  constructor(exitCode: number, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof ExitCodeError) return error.exitCode;
  return error instanceof UsageError || error instanceof ConfigError || isOfFleet(error) ? USAGE : FAILURE;
}

/** By its name: the fleet is loaded by nobody who does not need it. */
function isOfFleet(error: unknown): boolean {
  return error instanceof Error && error.name === "WorkerEnvironmentError";
}

type SystemError = NodeJS.ErrnoException & {
  readonly port?: number;
  readonly address?: string;
  /** Who has the port. */
  readonly holder?: string | null;
};

/** The error as a sentence (or one a line), with what to do about it where that is known. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, port, address, syscall, holder }: SystemError = error;
  if (syscall === "listen" || syscall === "getaddrinfo") {
    const flag = "isControl" in error ? "--console-port" : "--port";
    switch (code) {
      case "EADDRINUSE":
        return `port ${port} is taken${holder ? ` by ${holder}` : ""}: choose another with ${flag}`;
      case "EACCES":
        return `port ${port} may not be used: choose one above 1023 with ${flag}`;
      case "EADDRNOTAVAIL":
        return `${address} is no address of this machine: choose one with --host, such as 127.0.0.1`;
      case "ENOTFOUND":
      case "EAI_AGAIN":
        return "there is no host of that name: choose an address with --host, such as 127.0.0.1";
    }
  }
  if (code === "ERR_MODULE_NOT_FOUND" && error.message.includes("@anthropic-ai/sdk")) {
    return "the demo runs on the Anthropic SDK: install it with npm install @anthropic-ai/sdk";
  }
  return error.message;
}
