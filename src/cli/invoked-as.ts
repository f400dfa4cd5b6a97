/** How a person runs these commands: in a clone there is no `keepwarm`, and npm has another name for it. */

/** The scripts of package.json that run a command straight away. */
const SCRIPTS: readonly (string | undefined)[] = ["start", "demo"];

/** As a command's first words: those of `keepwarm on`, and not of "a keepwarm gateway". */
const COMMAND =
  /\bkeepwarm (?=--\w|(?:run|start|install|uninstall|status|statusline|watch|console|report|on|off|interval|warm|forget|stop|audit|prewarm|worker|fleet|demo|emulator|lab|doctor|config|completion|help|<command>)(?![\w]))/g;

interface Invocation {
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
}

export function invokedAs(
  text: string,
  { argv, env, cwd }: Invocation = { argv: process.argv, env: process.env, cwd: process.cwd() },
): string {
  const [, clone, script] = /^(.*)[\\/](src[\\/]cli|scripts[\\/]keepwarm)\.ts$/.exec(argv[1] ?? "") ?? [];
  if (clone === undefined || script === undefined) return text;
  const isByNpm = env.npm_package_name === "keepwarm" && SCRIPTS.includes(env.npm_lifecycle_event);
  // It takes npm's variables away, and is nothing that a person runs without npm.
  if (!isByNpm && !script.startsWith("scripts")) return text;
  const where = clone === cwd ? "" : ` --prefix ${clone}`;
  return text.replace(COMMAND, `npm${where} run -s keepwarm -- `);
}

/** Prints it for a person. */
export function tell(text: string): void {
  console.log(invokedAs(text));
}
