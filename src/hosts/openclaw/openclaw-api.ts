/**
 * What keepwarm uses of OpenClaw's plugin API, as its docs/plugins and types have it in 2026.9. What OpenClaw tells is
 * read before it is used: it calls all of this experimental.
 */

export interface OpenClaw {
  /** `hook` has a name of its catalog. What a handler gives back may change a turn: ours give nothing. */
  on(hook: string, handler: (event: unknown, context: unknown) => void): void;
  registerCommand(command: OpenClawCommand): void;
  registerService(service: OpenClawService): void;
}

/** Carried out without asking the model. */
export interface OpenClawCommand {
  /** Without its slash. */
  readonly name: string;
  readonly description: string;
  readonly acceptsArgs: boolean;
  /** Of people that may give commands here alone. */
  readonly requireAuth: boolean;
  handler(context: unknown): Promise<{ readonly text: string }>;
}

/** Runs as long as the process that serves conversations. */
export interface OpenClawService {
  readonly id: string;
  start(): void;
  stop(): void;
}

/** What OpenClaw loads: the default export of a plugin. */
export interface OpenClawPlugin {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  register(openclaw: OpenClaw): void;
}
