/** Reads the settings files of agents: JSON, mostly with comments, and not ours to complain about. */
import { readFile } from "node:fs/promises";
import { parse } from "jsonc-parser";

/** What the file holds; undefined where there is none, or nothing that can be read. */
export async function readJsonFile(path: string): Promise<unknown> {
  try {
    return parse(await readFile(path, "utf8"), [], { allowTrailingComma: true });
  } catch {
    return undefined;
  }
}

/** The text at `path` inside a parsed document; null where there is none, or an empty one. */
export function textAt(document: unknown, path: readonly string[]): string | null {
  let value = document;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return null;
    value = (value as Record<string, unknown>)[key];
  }
  return typeof value === "string" && value !== "" ? value : null;
}
