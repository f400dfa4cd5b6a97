/** Transcripts: the agents' own, or those at paths that a person gives. */
import { type Dirent, existsSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import type { Agent } from "./conversation.ts";
import { AGENT_OF, type Format, formatOf, isCandidate, isOfLines } from "./format.ts";
import type { Place } from "./places.ts";

export interface Source {
  readonly path: string;
  readonly agent: Agent;
  readonly format: Format;
  /** Of its file or files, for a progress bar; a guess where counting would take long. */
  readonly bytes: number;
  /** Epoch ms of the last change. */
  readonly changedAt: number;
}

/** What could not be looked into, and why: an error's code. */
export interface Blocked {
  readonly path: string;
  readonly code: string;
}

export interface Found {
  readonly sources: readonly Source[];
  readonly blocked: readonly Blocked[];
}

const NOTHING: Found = { sources: [], blocked: [] };

/** What the agents of this machine have kept. */
export async function findOwn(places: readonly Place[]): Promise<Found> {
  const found = new Map<string, Source>();
  const blocked: Blocked[] = [];
  for (const { agent, path } of places) {
    const here = existsSync(path) ? await ownAt(resolve(path), agent) : NOTHING;
    // In an agent's own place another agent's would be a stray.
    for (const source of here.sources) if (source.agent === agent) found.set(source.path, source);
    blocked.push(...here.blocked);
  }
  return { sources: [...found.values()], blocked };
}

async function ownAt(path: string, agent: Agent): Promise<Found> {
  try {
    return await findAt(path, agent === "opencode" ? undefined : agent);
  } catch (error) {
    return { sources: [], blocked: [{ path, code: codeOf(error) }] };
  }
}

/**
 * What is at a path: a transcript, or a folder of them.
 *
 * @param assumed what its files of lines are, where that is known: they need not be looked into
 * @throws what the file system throws of the path itself
 */
export async function findAt(path: string, assumed?: Format): Promise<Found> {
  const absolute = resolve(path);
  const here = await stat(absolute);
  if (here.isDirectory()) return findIn(absolute, assumed);
  if (!here.isFile()) return NOTHING;
  const format = await formatOf(absolute);
  return format === null ? NOTHING : { sources: [sourceOf(absolute, format, here)], blocked: [] };
}

async function findIn(folder: string, assumed?: Format): Promise<Found> {
  const sources: Source[] = [];
  const blocked: Blocked[] = [];
  const waiting = [folder];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const inside = next;
    const entries = await readdir(inside, { withFileTypes: true }).catch((error: unknown) => {
      if (inside === folder) throw error;
      blocked.push({ path: inside, code: codeOf(error) });
      return [] as Dirent[];
    });
    if (isStorage(inside, entries)) {
      sources.push(await storageAt(inside));
      continue;
    }
    for (const entry of entries) {
      const path = join(inside, entry.name);
      // Links to files are followed, links to folders are not: they may lead round in a circle.
      if (entry.isDirectory()) waiting.push(path);
      else if (isCandidate(entry.name)) {
        const known = isOfLines(entry.name) ? assumed : undefined;
        const source = await sourceAt(path, known).catch((error: unknown) => {
          // One that went away meanwhile, or a link to nothing, is none.
          if (codeOf(error) !== "ENOENT") blocked.push({ path, code: codeOf(error) });
          return undefined;
        });
        if (source) sources.push(source);
        else if (source === null && (await isStranger(path))) blocked.push({ path, code: NO_TRANSCRIPT });
      }
    }
  }
  return { sources, blocked };
}

/** The code of a file that is named as transcripts are, and is none that a reader knows. */
const NO_TRANSCRIPT = "no transcript inside";

/** Of other names there are many that nobody takes for transcripts: settings, packages. */
async function isStranger(path: string): Promise<boolean> {
  if (!isOfLines(path)) return false;
  const here = await stat(path).catch(() => null);
  return here?.isFile() === true && here.size > 0;
}

async function sourceAt(path: string, assumed?: Format): Promise<Source | null> {
  const here = await stat(path);
  if (!here.isFile() || here.size === 0) return null;
  const format = assumed ?? (await formatOf(path));
  return format === null ? null : sourceOf(path, format, here);
}

type Facts = { readonly size: number; readonly mtimeMs: number };

function sourceOf(path: string, format: Format, { size, mtimeMs }: Facts): Source {
  return { path, agent: AGENT_OF[format], format, bytes: size, changedAt: mtimeMs };
}

function isStorage(folder: string, entries: readonly Dirent[]): boolean {
  return basename(folder) === "storage" && entries.some(({ name }) => name === "message");
}

/** Of one message's file, about. */
const MESSAGE_BYTES = 1_000;

async function storageAt(folder: string): Promise<Source> {
  const messages = join(folder, "message");
  const names = await readdir(messages, { recursive: true }).catch(() => []);
  const changedAt = (await stat(messages).catch(() => null))?.mtimeMs ?? 0;
  return sourceOf(folder, "opencode-storage", { size: names.length * MESSAGE_BYTES, mtimeMs: changedAt });
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? "unknown";
}
