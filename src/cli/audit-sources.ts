/** Which transcripts an audit is about, and what a person is told of those that cannot be read. */
import { homedir } from "node:os";
import { sep } from "node:path";
import type { Agent, Blocked, Found, Reading, Source } from "../audit/index.ts";
import { UsageError } from "./errors.ts";

/** What is at the paths; the agents' own, where there are none. @throws a sentence, where that is nothing */
export async function sourcesOf(paths: readonly string[], agent?: Agent): Promise<Found> {
  const found = paths.length > 0 ? await sourcesAt(paths) : await ownSources(agent);
  const wanted = found.sources.filter((source) => agent === undefined || source.agent === agent);
  if (wanted.length === 0 && found.sources.length > 0) {
    const others = [...new Set(found.sources.map((source) => source.agent))].join(", ");
    throw new UsageError(`${paths.join(", ")}: no transcript of ${agent} is there, only of ${others}`);
  }
  return { ...found, sources: wanted };
}

async function sourcesAt(paths: readonly string[]): Promise<Found> {
  const { AGENTS, findAt } = await import("../audit/index.ts");
  const sources = new Map<string, Source>();
  const blocked = new Map<string, Blocked>();
  for (const path of paths) {
    const here = await findAt(path).catch((error: NodeJS.ErrnoException) => {
      throw new UsageError(unreadable(path, error));
    });
    if (here.sources.length === 0) {
      const why = here.blocked.map(({ path: inside, code }) => `; ${leftOut(inside, code)}`).slice(0, 1);
      throw new UsageError(
        `${path} holds no transcript of ${AGENTS.join(", ")}${why.join("")}: give a file or a folder that does`,
      );
    }
    // Paths may lie inside of one another.
    for (const source of here.sources) sources.set(source.path, source);
    for (const one of here.blocked) blocked.set(one.path, one);
  }
  return { sources: [...sources.values()], blocked: [...blocked.values()] };
}

async function ownSources(agent?: Agent): Promise<Found> {
  const { findOwn, placesOf } = await import("../audit/index.ts");
  const places = placesOf().filter((place) => agent === undefined || place.agent === agent);
  const found = await findOwn(places);
  if (found.sources.length > 0) return found;
  const why = new Map(found.blocked.map(({ path, code }) => [path, code]));
  const looked = places.map(({ path }) => {
    const code = why.get(path);
    return code === undefined ? `  ${shortened(path)}` : `  ${leftOut(path, code)}`;
  });
  throw new Error(
    ["no transcripts were found. These places were looked at:", ...looked, ELSEWHERE].join("\n"),
  );
}

const ELSEWHERE = "If yours are elsewhere, name the folder: keepwarm audit <folder>";

function unreadable(path: string, { code, message }: NodeJS.ErrnoException): string {
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
      return `there is nothing at ${path}: give a transcript, or a folder of them`;
    case "EACCES":
    case "EPERM":
      return `${path} may not be read: give yourself the right to, or another path`;
    case "ELOOP":
      return `${path} is a link that leads back to itself: give another path`;
    default:
      return `${path} cannot be read: ${message}`;
  }
}

/** Sentences about what was left out. */
export function troubles(
  { brokenLines, longLines }: Pick<Reading, "brokenLines" | "longLines">,
  blocked: readonly Blocked[],
): string[] {
  const [first, ...others] = blocked;
  const more = others.length > 0 ? `, and so ${others.length} more` : "";
  return [
    ...(first === undefined ? [] : [`${leftOut(first.path, first.code)}: left out${more}`]),
    ...(brokenLines > 0 ? [`${counted(brokenLines, "damaged or unfinished line")} left out`] : []),
    ...(longLines > 0
      ? [`${counted(longLines, "line")} left out that ${longLines === 1 ? "is" : "are"} longer than any call`]
      : []),
  ];
}

function leftOut(path: string, code: string): string {
  const where = shortened(path);
  switch (code) {
    case "EACCES":
    case "EPERM":
      return `${where} may not be read`;
    case "ELOOP":
      return `${where} is a link that leads back to itself`;
    case "ERR_SQLITE_ERROR":
    case "no messages inside":
      return `${where} is no database that keepwarm can read`;
    case "no transcript inside":
      return `${where} is no transcript that keepwarm understands`;
    default:
      return `${where} cannot be read (${code})`;
  }
}

function counted(count: number, what: string): string {
  return count === 1 ? `1 ${what} was` : `${count.toLocaleString("en")} ${what}s were`;
}

/** As people write it. */
function shortened(path: string): string {
  const home = process.env.HOME || homedir();
  return path.startsWith(home + sep) ? `~${path.slice(home.length)}` : path;
}
