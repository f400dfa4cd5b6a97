/** How long a process has had a core, as Linux counts it; elsewhere not a number. */
import { readFileSync } from "node:fs";

/** Of a tick, in ms: 100 a second on every Linux. */
const TICK_MS = 10;

/** @param withChildren those that it has now, and those that it had */
export function coreMs(pid: number, withChildren = false): number {
  const ticks = ticksOf(pid);
  if (ticks === null) return Number.NaN;
  const [user = 0, system = 0, ...reaped] = ticks;
  const own = user + system;
  if (!withChildren) return own * TICK_MS;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").map(Number);
  const theirs = children.flatMap((child) => ticksOf(child)?.slice(0, 2) ?? []);
  return [own, ...reaped, ...theirs].reduce((sum, one) => sum + one) * TICK_MS;
}

/** In user mode and in the system's, and the same of children that have ended. */
function ticksOf(pid: number): readonly number[] | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // After the name, which may have anything in it.
    return stat
      .slice(stat.lastIndexOf(")") + 2)
      .split(" ")
      .slice(11, 15)
      .map(Number);
  } catch {
    return null;
  }
}
