/** What a shell may suggest for an argument or the value of an option. */
import type { Argument, Option } from "commander";

export type Candidate = string | { readonly value: string; readonly description: string };

/** Suggestions, or what the shell itself knows better: the files there are, or the commands. */
export type Suggestions = readonly Candidate[] | "files" | "commands";

/** Gets the command's arguments before this one. What it throws is taken as nothing to suggest. */
export type Completer = (
  before: readonly string[],
  signal: AbortSignal,
) => Suggestions | Promise<Suggestions>;

const completers = new WeakMap<Argument | Option, Completer>();

/** Has a shell complete an argument or an option's value by `completer`. */
export function completing<Taken extends Argument | Option>(taken: Taken, completer: Completer): Taken {
  completers.set(taken, completer);
  return taken;
}

/** What there is to suggest for an argument or an option's value. */
export async function suggestionsFor(
  taken: Argument | Option,
  before: readonly string[],
  signal: AbortSignal,
): Promise<Suggestions> {
  const completer = completers.get(taken);
  if (completer === undefined) return taken.argChoices ?? [];
  try {
    return await completer(before, signal);
  } catch {
    return [];
  }
}
