/**
 * What keepwarm uses of Claude Code's mods, as the declarations of 2.1.328 have it. They are in early access: whatever
 * Claude Code tells is read before it is used.
 */

/** A hook: answers in the place of what is beneath it, or passes on to that. */
export type Hook = ($: Mod, event: unknown, next: Next) => unknown;
export type StreamHook = (
  $: Mod,
  event: unknown,
  next: StreamNext,
) => AsyncGenerator<unknown, unknown, unknown>;

export interface Next {
  (event: unknown): Promise<unknown>;
  readonly origin: { readonly plugin: string };
  /** In a handler of failures: whether what is beneath has been asked already. */
  readonly called?: boolean;
}

export type StreamNext = (event: unknown) => AsyncGenerator<unknown, unknown, unknown>;

/** Takes what a hook did not do because it failed. */
export interface Registration {
  catch(handler: Hook): unknown;
}

export interface On {
  (event: "turn.step", hook: StreamHook): Registration;
  (event: string, hook: Hook): Registration;
  (event: string, matcher: object, hook: Hook): Registration;
}

/** `$`. Claude Code finds by reading the module what it uses, so that each call stands there in full. */
export interface Mod {
  readonly plugin: { readonly root: string };
  readonly ui: { status(text: string | undefined): void };
  readonly model: {
    complete(request: ModelRequest, options: { readonly signal: AbortSignal }): Promise<unknown>;
  };
  readonly session: { id(): Promise<unknown> };
  readonly command: { register(command: object): Promise<unknown> };
  readonly process: { hookEnv(): Promise<Readonly<Record<string, string>>> };
  readonly env: { get(name: string): Promise<string | undefined> };
  readonly fs: {
    read(path: string): Promise<string>;
    write(path: string, text: string): Promise<void>;
    list(path: string): Promise<readonly unknown[]>;
    exists(path: string): Promise<boolean>;
  };
  readonly store: {
    get(key: string): Promise<unknown>;
    set(key: string, value: unknown): Promise<void>;
    delete(key: string): Promise<void>;
    keys(): Promise<string[]>;
  };
}

export interface ModelRequest {
  readonly model: string;
  readonly prompt: string;
  readonly maxTokens: number;
}
