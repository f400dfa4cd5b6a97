/**
 * What keepwarm uses of pi's extension API, as its docs/extensions.md and types have it from 0.80.4 on. What pi
 * tells is read before it is used: versions differ.
 */

export interface Pi {
  on(event: string, handler: (event: unknown, context: PiContext) => unknown): unknown;
  registerCommand(name: string, command: PiCommand): void;
  registerShortcut(key: string, shortcut: PiShortcut): void;
  /** Puts an entry into the session's file that the model never sees. Throws when the session has been left. */
  appendEntry(customType: string, data: unknown): void;
}

export interface PiCommand {
  readonly description: string;
  getArgumentCompletions(prefix: string): PiCompletion[] | null;
  handler(text: string, context: PiContext): Promise<void>;
}

export interface PiCompletion {
  readonly value: string;
  readonly label: string;
  readonly description: string;
}

export interface PiShortcut {
  readonly description: string;
  handler(context: PiContext): Promise<void>;
}

/** Its members throw once the session has been left; what they gave stays good. */
export interface PiContext {
  readonly ui: PiUi;
  /** False in print and JSON mode, where nobody sees anything. */
  readonly hasUI: boolean;
  readonly sessionManager: PiSession;
  readonly modelRegistry: PiModelRegistry;
  readonly model: unknown;
  /** Whether no turn is under way. */
  isIdle?(): boolean;
}

export interface PiSession {
  getSessionId(): string;
  /** All of the file, every branch of it. */
  getEntries(): readonly unknown[];
}

export interface PiModelRegistry {
  getApiKeyAndHeaders(model: unknown): Promise<unknown>;
}

export interface PiUi {
  notify(message: string, type?: "info" | "warning" | "error"): void;
  setStatus(key: string, text: string | undefined): void;
  setWidget(
    key: string,
    lines: string[] | undefined,
    options?: { readonly placement?: "aboveEditor" | "belowEditor" },
  ): void;
  /** In the terminal alone: what is typed, before anybody else has it. Returns the way to end it. */
  onTerminalInput?(handler: () => undefined): () => void;
}
