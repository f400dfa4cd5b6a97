/** What may come next on a command line, read from the tree of commands itself. */
import type { Argument, Command, Option } from "commander";
import { type Candidate, type Suggestions, suggestionsFor } from "./completer.ts";

/** Long enough for a question to a process on this machine; a person waits for it. */
const PATIENCE_MS = 1_000;

interface Place {
  readonly command: Command;
  /** Its arguments so far. */
  readonly before: readonly string[];
  /** Its options so far. */
  readonly given: ReadonlySet<Option>;
  /** The option whose value comes next. */
  readonly awaiting: Option | null;
  /** Behind `--`, where nothing is an option. */
  readonly verbatim: boolean;
}

/** `words` are those after `keepwarm`; the last one is being typed, and may be empty. */
export async function suggest(program: Command, words: readonly string[]): Promise<Suggestions> {
  const current = words.at(-1) ?? "";
  const place = placeAfter(program, words.slice(0, -1));
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const { command, before, awaiting } = place;
  if (awaiting !== null) return beginningWith(current, await suggestionsFor(awaiting, before, signal));
  if (current.startsWith("-") && !place.verbatim) {
    const [flag = "", value] = current.split(/=(.*)/s);
    const option = optionNamed(command, flag);
    if (value === undefined) return beginningWith(current, optionsOf(place));
    if (option === undefined) return [];
    const values = await suggestionsFor(option, before, signal);
    if (typeof values === "string") return [];
    return beginningWith(
      current,
      values.map((candidate) => withText(candidate, (text) => `${flag}=${text}`)),
    );
  }
  const argument = argumentAt(command, before.length);
  const forArgument = argument === undefined ? [] : await suggestionsFor(argument, before, signal);
  if (typeof forArgument === "string") return forArgument;
  const commands = before.length === 0 && !place.verbatim ? commandsOf(command) : [];
  return beginningWith(current, [...commands, ...forArgument]);
}

function placeAfter(program: Command, words: readonly string[]): Place {
  let command = program;
  let awaiting: Option | null = null;
  let verbatim = false;
  const before: string[] = [];
  const given = new Set<Option>();
  for (const word of words) {
    if (awaiting !== null) {
      awaiting = null;
    } else if (verbatim) {
      before.push(word);
    } else if (word === "--") {
      verbatim = true;
    } else if (word.startsWith("-") && word !== "-") {
      const [flag = ""] = word.split("=");
      const option = optionNamed(command, flag);
      if (option !== undefined) given.add(option);
      if (word !== flag) continue;
      awaiting = option !== undefined && (option.required || option.optional) ? option : null;
    } else {
      const next = before.length === 0 ? command.commands.find((sub) => sub.name() === word) : undefined;
      if (next === undefined) before.push(word);
      else {
        command = next;
        given.clear();
      }
    }
  }
  return { command, before, given, awaiting, verbatim };
}

function optionNamed({ options }: Command, flag: string): Option | undefined {
  return options.find(({ long, short }) => long === flag || short === flag);
}

function argumentAt({ registeredArguments }: Command, index: number): Argument | undefined {
  const last = registeredArguments.at(-1);
  return registeredArguments[index] ?? (last?.variadic ? last : undefined);
}

/** Those that are not on the line yet: each may be there once. */
function optionsOf({ command, given }: Place): Candidate[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .filter((option) => !given.has(option))
    .map(({ long, short, description }) => ({ value: long ?? short ?? "", description }));
}

function commandsOf(command: Command): Candidate[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map((sub) => ({ value: sub.name(), description: sub.description() }));
}

export function textOf(candidate: Candidate): string {
  return typeof candidate === "string" ? candidate : candidate.value;
}

export function withText(candidate: Candidate, change: (value: string) => string): Candidate {
  return typeof candidate === "string" ? change(candidate) : { ...candidate, value: change(candidate.value) };
}

function beginningWith(text: string, suggestions: Suggestions): Suggestions {
  if (typeof suggestions === "string") return suggestions;
  const begun = suggestions.filter((candidate) => textOf(candidate).startsWith(text));
  return [...new Map(begun.map((candidate) => [textOf(candidate), candidate])).values()];
}
