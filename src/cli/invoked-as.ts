/** How a person runs these commands: in a clone there is no `keepwarm`, and npm has another name for it. */

/** The scripts of package.json that run a command. */
const SCRIPTS: readonly (string | undefined)[] = ["start", "demo", "keepwarm"];

/** As a command's first words: those of `keepwarm on`, and not of "a keepwarm gateway". */
const COMMAND =
  /\bkeepwarm (?=(?:--|run|start|install|uninstall|status|statusline|watch|console|report|on|off|interval|warm|forget|stop|audit|demo|emulator|lab|doctor|config|completion|help|<command>)(?![\w]))/g;

export function invokedAs(
  text: string,
  { argv = process.argv, env = process.env }: { argv?: readonly string[]; env?: NodeJS.ProcessEnv } = {},
): string {
  const isClone = /[\\/]src[\\/]cli\.ts$/.test(argv[1] ?? "");
  const isByNpm = env.npm_package_name === "keepwarm" && SCRIPTS.includes(env.npm_lifecycle_event);
  return isClone && isByNpm ? text.replace(COMMAND, "npm run -s keepwarm -- ") : text;
}
