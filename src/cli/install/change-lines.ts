/** What would become of a file, as lines that a person can check. */
import type { FileChange } from "../../install/index.ts";
import { green, red } from "../style.ts";

/** The lines that go and those that come, from the first that differs to the last. */
export function changeLines({ path, before, after }: FileChange): string[] {
  const verb = before === null ? "make" : after === null ? "remove" : "change";
  const [old, fresh] = [linesOf(before), linesOf(after)];
  let same = 0;
  while (same < Math.min(old.length, fresh.length) && old[same] === fresh[same]) same++;
  let tail = 0;
  const least = Math.min(old.length, fresh.length) - same;
  while (tail < least && old.at(-1 - tail) === fresh.at(-1 - tail)) tail++;
  return [
    `would ${verb} ${path}`,
    ...old.slice(same, old.length - tail).map((line) => red(`  - ${line}`)),
    ...fresh.slice(same, fresh.length - tail).map((line) => green(`  + ${line}`)),
  ];
}

function linesOf(text: string | null): string[] {
  return text === null || text === "" ? [] : text.replace(/\r?\n$/, "").split(/\r?\n/);
}
