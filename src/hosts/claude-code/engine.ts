/** Claude Code, as far as keepwarm has it do things: all that a mod can do to the world outside itself. */
import type { ModelRequest } from "./mod-api.ts";

export interface Engine {
  /** Asks a model, with the session's own login. What it is asked is put in its place on the way out. */
  complete(request: ModelRequest, signal: AbortSignal): Promise<unknown>;
  readonly files: EngineFiles;
  /** What outlives sessions, for this plugin alone. */
  readonly store: EngineStore;
  /** One line beneath the prompt; undefined takes it away. */
  showStatus(text: string | undefined): void;
}

/** Rejects as the system does; a file is written for its owner alone, with the folders that it needs. */
export interface EngineFiles {
  read(path: string): Promise<string>;
  write(path: string, text: string): Promise<void>;
  list(path: string): Promise<readonly unknown[]>;
  exists(path: string): Promise<boolean>;
}

export interface EngineStore {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<void>;
  delete(key: string): Promise<void>;
  keys(): Promise<readonly string[]>;
}

/** Where a session runs. */
export interface Surroundings {
  /** keepwarm's own variables, and ANTHROPIC_BASE_URL. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The plugin's folder. */
  readonly root: string;
  /** Of Claude Code; null when it does not say. */
  readonly pid: number | null;
  /** Whether somebody is at the prompt. */
  readonly isInteractive: boolean;
}
