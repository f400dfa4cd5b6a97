/**
 * What glibc is told by its environment: large blocks in pages of their own, which go back when they are freed. Well
 * beyond the 64 kB that Node reads into: with those it costs half of the throughput (`bench/gateway`).
 */
const ALLOCATOR = { MALLOC_MMAP_THRESHOLD_: "131072", MALLOC_ARENA_MAX: "2" };

/**
 * Begins the program anew, in the same process, with an allocator that gives memory back: a gateway takes in bodies of
 * a megabyte, compresses them, and by glibc's own rules would keep as much again as it holds (`bench/held-bodies`).
 * Does nothing where that is said already, or cannot be.
 */
export function giveBackMemory(): void {
  const { execve, platform, env, execPath, execArgv, argv } = process;
  if (platform !== "linux" || execve === undefined || env.MALLOC_MMAP_THRESHOLD_ !== undefined) return;
  execve(execPath, [execPath, ...execArgv, ...argv.slice(1)], { ...env, ...ALLOCATOR });
}
