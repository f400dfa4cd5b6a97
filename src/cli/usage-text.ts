/** What is wrong with a command line, in our own words. */

/** Each way in which commander refuses a line, by its message, and what a person is told of it. */
const WORDINGS: readonly (readonly [RegExp, (command: string, ...parts: string[]) => string])[] = [
  [/^unknown option '(.*)'$/s, (command, option) => `${command} has no option ${option}`],
  [/^unknown command '(.*)'$/s, (_, word) => `there is no command ${word}`],
  [/^missing required argument '(.*)'$/s, (command, name) => `${command} needs a <${name}>`],
  [/^option '(.*)' argument missing$/s, (_, flags) => `${nameOf(flags)} needs a value`],
  // What ours say in a sentence of their own.
  [
    /^option '(.*?)' argument '.*' is invalid\. (There is no .*)\.$/s,
    (_, flags, why) => `${nameOf(flags)}: ${why.replace(/^There/, "there")}`,
  ],
  [
    /^option '(.*?)' argument '(.*)' is invalid\. (.*)$/s,
    (_, flags, value, why) => `${nameOf(flags)} ${must(why, value)}`,
  ],
  [
    /^command-argument value '(.*)' is invalid for argument '(.*?)'\. (.*)$/s,
    (_, value, name, why) => `<${name}> ${must(why, value)}`,
  ],
  [
    /^too many arguments.*Expected (\d+) arguments? but got \d+: (.*)\.$/s,
    (command, count, given) => `${command} takes ${countOf(count)} (${given})`,
  ],
];

/** As other programs have it. */
const ASKS_VERSION = /^unknown (option '-v'|command 'version')$/;

/**
 * Commander's message as a sentence of ours.
 *
 * @param message begins with `error: ` and may end with what was probably meant
 * @param command such as `keepwarm config set`
 */
export function usageText(message: string, command: string): string {
  const said = message.trimEnd().replace(/^error: /, "");
  const [what = said, near] = said.split(/\n\(Did you mean (.*)\?\)$/s);
  const meant = command === "keepwarm" && ASKS_VERSION.test(what) ? "keepwarm --version" : near;
  const toDo = meant === undefined ? `${command} --help shows what there is.` : `Did you mean ${meant}?`;
  for (const [pattern, wording] of WORDINGS) {
    const found = pattern.exec(what);
    if (found) return `${wording(command.replace(/^keepwarm /, ""), ...found.slice(1))}. ${toDo}`;
  }
  return `${what.replace(/\.$/, "")}. ${toDo}`;
}

/** `-s, --since <duration>` is `--since`. */
function nameOf(flags: string): string {
  return /--[\w-]+/.exec(flags)?.[0] ?? flags;
}

/** What ours say begins with "It must be". */
function must(why: string, value: string): string {
  const choices = /^Allowed choices are (.*)\.$/.exec(why)?.[1]?.split(", ");
  const allowed =
    choices === undefined ? why.replace(/^It must be /, "").replace(/\.$/, "") : listed(choices);
  return `must be ${allowed}, not ${JSON.stringify(value)}`;
}

function listed(choices: readonly string[]): string {
  return choices.length === 1
    ? (choices[0] ?? "")
    : `${choices.slice(0, -1).join(", ")} or ${choices.at(-1)}`;
}

function countOf(count: string): string {
  if (count === "0") return "no arguments";
  return count === "1" ? "one argument and no more" : `${count} arguments and no more`;
}
