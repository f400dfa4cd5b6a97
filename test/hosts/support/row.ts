/** Prints what a run has shown, as a row of the README's table of agents. */

export interface Shown {
  readonly agent: string;
  /** What its person types, in the README's own words. */
  readonly how: string;
  readonly versions: readonly string[];
  /** The least share of its prefix that any return read. */
  readonly readShare: number;
  readonly warms: number;
}

/** Past the test runner, which would put its own lines around it. */
export function printRow({ agent, how, versions, readShare, warms }: Shown): void {
  const read = `${(100 * readShare).toFixed(1)} %`;
  process.stdout.write(
    `| ${agent} | ${how} | ${versions.join(", ")}: ${warms} warms over pauses of four lifetimes, each return read ${read} or more |\n`,
  );
}
