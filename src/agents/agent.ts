/** What keepwarm knows of an agent: how it is recognised, and how it is pointed at a gateway for one run. */

export type Environment = Readonly<Record<string, string | undefined>>;

/** A command as a person would have run it, split where the agent's own arguments begin. */
export interface Invocation {
  readonly command: string;
  /** What a launcher takes before the agent's own arguments: `-y opencode-ai` of `npx -y opencode-ai run`. */
  readonly leading: readonly string[];
  readonly args: readonly string[];
  readonly env: Environment;
  /** Where it is run. */
  readonly directory: string;
}

/** Where an agent's requests would go without keepwarm. */
export interface Destination {
  /** Its base URL, as the gateway takes it; null where nobody chose one. */
  readonly upstream: string | null;
  /** What the agent's base URL ends with beyond the gateway's: some clients take `/v1` as part of it. */
  readonly basePath: "" | "/v1";
  /** What could not be found out, as a sentence. */
  readonly note?: string;
}

export interface Pointing extends Invocation {
  /** What the agent must take for its base URL. */
  readonly baseUrl: string;
  /** Null where nobody chose another base URL, or that was the gateway's already. */
  readonly upstream: string | null;
  /** A folder of this run's own, there for as long as the run. */
  readonly temporaryDirectory: string;
}

export interface Launch {
  /** The agent's own arguments. */
  readonly args: readonly string[];
  /** Variables for this process alone. */
  readonly env: Readonly<Record<string, string>>;
  /** What the person should know, as sentences. */
  readonly notes: readonly string[];
}

/** This agent cannot be pointed anywhere from outside. `message` says what to do instead. */
export class CannotPointError extends Error {
  override readonly name = "CannotPointError";
}

/** How things stand with keepwarm inside an agent. */
export interface Inside {
  /** Null when the agent did not say its version. */
  readonly version: string | null;
  /** keepwarm was installed in it, and all of that is in its place. */
  readonly isInstalled: boolean;
}

export interface Agent {
  readonly id: string;
  /** What people call it. */
  readonly title: string;
  /** Names of its program, as found on a PATH. */
  readonly commands: readonly string[];
  /** Names of its npm package, as npx and its like take them. */
  readonly packages: readonly string[];
  /** The newest version that this was tried with; null where it was only read about. */
  readonly tried: string | null;
  /** How to run it with keepwarm, or what to do by hand where that cannot be. */
  readonly use: string;
  /** What keepwarm does inside it, as a sentence. */
  readonly inside?: (installed: Inside) => Promise<string>;
  /** What it does without as long as it has a base URL of its own, as sentences. */
  readonly switchesOff: readonly string[];
  destination(invocation: Invocation): Promise<Destination>;
  /** @throws {CannotPointError} */
  point(pointing: Pointing): Promise<Launch>;
}
