/** What a catalogue as it was read asks for while time passes: its schedules, and an eye on what it is made of. */
import { dirname, resolve } from "node:path";
import type { Timers } from "../host.ts";
import { repeat, type Schedule } from "./cache/index.ts";
import type { Catalogue, PrefixEntry } from "./catalogue-file.ts";
import { type WatchingDeps, watchFor } from "./watching.ts";

export interface SchedulesDeps {
  readonly timers: Timers;
  /** Epoch ms. */
  readonly now: () => number;
  /** Told the names of the entries whose time has come; awaited, so that no two times of a schedule overlap. */
  due(names: ReadonlySet<string>): Promise<unknown>;
}

/** @returns the ways to end them */
export function repeatSchedules(
  entries: readonly PrefixEntry[],
  { timers, now, due }: SchedulesDeps,
): (() => void)[] {
  const bySchedule = Map.groupBy(
    entries.filter(({ schedule }) => schedule !== null),
    ({ schedule }) => JSON.stringify(schedule),
  );
  return [...bySchedule].map(([schedule, own]) => {
    const names = new Set(own.map(({ name }) => name));
    return repeat(JSON.parse(schedule) as Schedule, () => due(names), { timers, now });
  });
}

/** Tells `""` for the catalogue itself, and the name of each entry that is to be warmed when it changes. */
export function watchCatalogue(
  path: string,
  { entries, files }: Pick<Catalogue, "entries" | "files">,
  deps: WatchingDeps,
): Promise<() => void> {
  const whole = {
    name: "",
    files: [resolve(path), ...files],
    // Where it is a file, there is no such folder to watch.
    folder: resolve(path),
    repositoryOf: null,
  };
  const repositoryOf = dirname(resolve(path));
  const each = entries
    .filter(({ triggers }) => triggers.includes("commit"))
    .map(({ name, files }) => ({ name, files, repositoryOf }));
  return watchFor([whole, ...each], deps);
}
