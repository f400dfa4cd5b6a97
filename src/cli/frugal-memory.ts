/** How a process is started that holds requests of many conversations for hours. */

/**
 * Larger allocations go back to the system when they are freed, in bytes. It is where glibc begins: but it raises that
 * bound with the first large one, and what is held for long leaves its heap full of holes. Not lower, because each
 * read of a socket allocates 64 kB for a moment.
 */
const MMAP_THRESHOLD_BYTES = 131_072;

/** A young generation of the engine's default size takes 100 MB, and keeps them. */
const YOUNG_GENERATION = "--max-semi-space-size=4";

/** What is needed of a process. */
interface Process {
  readonly execPath: string;
  readonly execArgv: readonly string[];
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  execve?(file: string, args: readonly string[], env: NodeJS.ProcessEnv): void;
}

/**
 * Starts this process anew, in its place: same id, same streams, same arguments. Both settings can be given to a
 * process only before it begins. Does nothing where that cannot be done (Windows), or has been done.
 */
export function startFrugal({ execArgv, argv, env, execPath, execve }: Process): void {
  if (execve === undefined || execArgv.some((flag) => flag.startsWith("--max-semi-space-size"))) return;
  execve(execPath, [execPath, ...execArgv, YOUNG_GENERATION, ...argv.slice(1)], {
    MALLOC_MMAP_THRESHOLD_: String(MMAP_THRESHOLD_BYTES),
    ...env,
  });
}
