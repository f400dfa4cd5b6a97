/** Reads a catalogue of prefixes: a file, or a folder of them. */
import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type * as z from "zod";
import { readRequest, type Ttl, type TtlOptions, withTier } from "../anthropic/index.ts";
import {
  type ArtifactSource,
  type Artifacts,
  artifactsOf,
  branchFilesOf,
  withArtifacts,
} from "./artifacts.ts";
import type { Schedule } from "./cache/index.ts";
import { type CatalogueEntry, catalogueEntry, requestBody, type Trigger } from "./entry.ts";

/** One prefix, ready to be judged and sent. */
export interface PrefixEntry {
  readonly name: string;
  /** The request as JSON, in its tier, with a placeholder for the person's message. */
  readonly body: Uint8Array;
  readonly betas: readonly string[];
  readonly tier: Ttl | null;
  readonly schedule: Schedule | null;
  readonly triggers: readonly Trigger[];
  /** Whose change is a `commit`, absolute: those it is made of, and those it names. */
  readonly files: readonly string[];
  /** Whether it is made of artifacts. */
  readonly hasArtifacts?: boolean;
  readonly pinned: boolean;
  readonly latencyUsd: number;
}

/** What could not be read, for people. */
export interface CatalogueProblem {
  /** Null: the file as a whole. */
  readonly name: string | null;
  readonly file: string;
  readonly sentence: string;
}

export interface Catalogue {
  readonly entries: readonly PrefixEntry[];
  readonly problems: readonly CatalogueProblem[];
  /** The files that it is read from, entries' own left out; absolute. */
  readonly files: readonly string[];
}

export interface CatalogueOptions extends TtlOptions {
  /** Where the artifacts of its entries come from; left out: from nowhere. */
  readonly artifacts?: ArtifactSource;
}

/** Its file could not be read at all. */
export class CatalogueError extends Error {
  override readonly name = "CatalogueError";
}

/** What stands for the person's message, which is never part of the prefix (docs/prompt-caching.md § 4). */
const PLACEHOLDER = { role: "user", content: "warmup" };

/**
 * @param path a JSON file, or a folder whose JSON files are read in the order of their names
 * @throws {CatalogueError} where there is nothing to read; what is wrong with one entry is among the problems
 */
export async function readCatalogue(path: string, options: CatalogueOptions = {}): Promise<Catalogue> {
  const whole = resolve(path);
  const files = await filesIn(whole);
  const read = await Promise.all(files.map((file) => readOne(file, options)));
  const entries: PrefixEntry[] = [];
  const problems: CatalogueProblem[] = [];
  for (const one of read) {
    problems.push(...one.problems);
    for (const entry of one.entries) {
      const isTwice = entries.some(({ name }) => name === entry.name);
      if (!isTwice) entries.push(entry);
      else
        problems.push({
          name: entry.name,
          file: one.file,
          sentence: "another entry has this name: choose another",
        });
    }
  }
  return { entries, problems, files };
}

async function filesIn(path: string): Promise<readonly string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    const names = (await readdir(path)).filter((name) => name.endsWith(".json")).toSorted();
    return names.map((name) => join(path, name));
  } catch (error) {
    throw new CatalogueError(
      `the catalogue ${path} cannot be read (${codeOf(error)}): name a JSON file, or a folder of them`,
    );
  }
}

async function readOne(file: string, options: CatalogueOptions) {
  const problems: CatalogueProblem[] = [];
  const entries: PrefixEntry[] = [];
  const problem = (name: string | null, sentence: string) => problems.push({ name, file, sentence });
  let parsed: unknown;
  try {
    parsed = JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    problem(
      null,
      error instanceof SyntaxError
        ? `it is not JSON: ${error.message}`
        : `it cannot be read (${codeOf(error)})`,
    );
    return { file, entries, problems };
  }
  const own = isRecord(parsed) && Array.isArray(parsed.prefixes) ? parsed.prefixes : [parsed];
  const isList = isRecord(parsed) && Array.isArray(parsed.prefixes);
  for (const [index, one] of own.entries()) {
    const named = isRecord(one) && !isList && one.name === undefined ? { name: nameOf(file), ...one } : one;
    const name = isRecord(named) && typeof named.name === "string" ? named.name : `prefixes[${index}]`;
    const entry = catalogueEntry.safeParse(named);
    if (!entry.success) {
      problem(name, said(entry.error));
      continue;
    }
    try {
      entries.push(await resolved(entry.data, file, options));
    } catch (error) {
      problem(name, error instanceof Error ? error.message : String(error));
    }
  }
  return { file, entries, problems };
}

/** @throws a sentence for people */
async function resolved(
  entry: CatalogueEntry,
  catalogue: string,
  { artifacts: from, ...ttls }: CatalogueOptions,
): Promise<PrefixEntry> {
  const folder = dirname(catalogue);
  const source = entry.file ?? entry.module;
  const artifacts = await artifactsOf(entry, folder, from);
  const request = withArtifacts(await requestOf(entry, folder, artifacts), artifacts);
  const messages = request.messages ?? [];
  const whole = { max_tokens: 1, ...request, messages: messages.length === 0 ? [PLACEHOLDER] : messages };
  const { schedule, tier } = entry;
  return {
    name: entry.name,
    body: inTier(new TextEncoder().encode(JSON.stringify(whole)), tier, ttls),
    betas: entry.betas,
    tier: tier ?? null,
    schedule:
      schedule === undefined || "everyMs" in schedule
        ? (schedule ?? null)
        : { ...schedule, timeZone: entry.timeZone },
    triggers: entry.triggers,
    files: [
      ...(source === undefined ? [] : [resolve(folder, source)]),
      ...entry.files.map((file) => resolve(folder, file)),
      ...(await branchFilesOf(entry, folder)),
    ],
    ...(Object.keys(artifacts).length === 0 ? {} : { hasArtifacts: true }),
    pinned: entry.pinned,
    latencyUsd: entry.latencyUsd,
  };
}

async function requestOf({ request, file, module }: CatalogueEntry, folder: string, artifacts: Artifacts) {
  if (request !== undefined) return request;
  const path = resolve(folder, file ?? module ?? "");
  const from = file === undefined ? await builtBy(path, artifacts) : await jsonIn(path);
  const parsed = requestBody.safeParse(from);
  if (parsed.success) return parsed.data;
  throw new Error(`${path} gives no Messages request: ${said(parsed.error)}`);
}

async function jsonIn(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    const why =
      error instanceof SyntaxError ? `is not JSON: ${error.message}` : `cannot be read (${codeOf(error)})`;
    throw new Error(`${path} ${why}`);
  }
}

/** As it is now: Node would give what it loaded before. What the module imports itself is loaded once. */
async function builtBy(path: string, artifacts: Artifacts): Promise<unknown> {
  try {
    const version = createHash("sha256")
      .update(await readFile(path))
      .digest("hex")
      .slice(0, 16);
    const { default: built }: { default?: unknown } = await import(`${pathToFileURL(path).href}?${version}`);
    return typeof built === "function" ? await built({ artifacts }) : built;
  } catch (error) {
    throw new Error(`${path} could not be run: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function inTier(body: Uint8Array, tier: Ttl | undefined, ttls: TtlOptions): Uint8Array {
  if (tier === undefined) return body;
  const reading = readRequest(body, ttls);
  return (reading.ok ? withTier(body, reading, tier, ttls)?.body : undefined) ?? body;
}

function nameOf(file: string): string {
  return basename(file, extname(file));
}

function said({ issues }: z.ZodError): string {
  return issues.map((issue) => [...issue.path.map(String), inWords(issue)].join(": ")).join("; ");
}

function inWords(issue: z.core.$ZodIssue): string {
  if (issue.code === "unrecognized_keys")
    return `there is no field ${issue.keys.map((key) => JSON.stringify(key)).join(", ")}`;
  if (issue.code !== "invalid_type") return issue.message;
  return / received undefined$/.test(issue.message)
    ? "it is missing"
    : `it must be of type ${issue.expected}`;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
