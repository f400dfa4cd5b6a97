/** What `keepwarm install` knows of a program that keepwarm runs inside. */

export type Environment = Readonly<Record<string, string | undefined>>;

/** A place in a JSON document: names of members, and positions in lists. */
export type JsonPath = readonly (string | number)[];

/** One entry of ours in a program's JSON settings. Comments and trailing commas in the file are fine. */
export type ConfigEdit =
  /** Puts `value` at the end of the list at `path`, which is made where there is none. */
  | { readonly kind: "add"; readonly file: string; readonly path: JsonPath; readonly value: unknown }
  /** Makes the member at `path` be `value`, whatever it was; that comes back when keepwarm is uninstalled. */
  | { readonly kind: "set"; readonly file: string; readonly path: JsonPath; readonly value: unknown }
  /** The same, unless the person has something else there, which stays. */
  | {
      readonly kind: "set-if-missing";
      readonly file: string;
      readonly path: JsonPath;
      readonly value: unknown;
      /** What a person is told where ours is in place, and where theirs stays. */
      readonly told?: { readonly ours: string; readonly theirs: string };
    };

export interface Installation {
  readonly env: Environment;
  /** Where the plugin's files are, absolute: a folder of keepwarm's own that outlives the package it came from. */
  readonly directory: string;
  /** The program's version; null when it did not say. */
  readonly version: string | null;
}

export interface HostPlugin {
  /** As in `dist/hosts/<id>`, and what a person types: `keepwarm install pi`. */
  readonly id: string;
  /** What people call the program. */
  readonly title: string;
  /** Names of its program, as found on a PATH. */
  readonly commands: readonly string[];
  /** The oldest version of the program that the plugin works in, such as `0.80.4`. */
  readonly since: string;
  /**
   * The entries that load the plugin. A file may be named that is not there: it is made, and removed again.
   *
   * @throws {InstallError} when this program, as it stands, cannot take the plugin
   */
  edits(installation: Installation): readonly ConfigEdit[] | Promise<readonly ConfigEdit[]>;
  /** What the person does next, as sentences. */
  readonly afterwards: readonly string[];
}

/** It cannot be done. `message` says why and what to do, for people. */
export class InstallError extends Error {
  override readonly name = "InstallError";
}
