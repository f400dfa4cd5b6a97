/** OpenCode's messages in files: one each in its older storage, or a whole session as `opencode export` prints it. */
import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import * as z from "zod";
import type { Sighting } from "./conversation.ts";
import {
  OpenCodeSessions,
  openCodeMessage,
  openCodeSession,
  openCodeSighting,
  type ToolPart,
  toolPartOf,
} from "./opencode.ts";
import type { Reader } from "./transcript.ts";

const exported = z.object({
  info: openCodeSession,
  messages: z.array(z.object({ info: z.unknown(), parts: z.array(z.unknown()).catch([]) })),
});

/** `opencode export`. */
export const readOpenCodeExport: Reader = async (path, options) => {
  const content = await readFile(path, "utf8");
  options?.onBytes?.(Buffer.byteLength(content));
  const sessions = new OpenCodeSessions();
  const found = exported.safeParse(parsed(content));
  if (!found.success) return { sightings: [], projects: sessions.projects, broken: 1 };
  const { info, messages } = found.data;
  sessions.add(info.id, info.parentID, info.directory);
  const sightings = messages.flatMap((message) => {
    const said = openCodeMessage.safeParse(message.info);
    if (!said.success) return [];
    return openCodeSighting(info.id, sessions, said.data, toolParts(message.parts)) ?? [];
  });
  return { sightings, projects: sessions.projects, broken: 0 };
};

/** The folder `storage`: `session/<project>/<id>.json`, `message/<session>/<id>.json`, `part/<message>/<id>.json`. */
export const readOpenCodeStorage: Reader = async (path, options) => {
  const sessions = new OpenCodeSessions();
  const sightings: Sighting[] = [];
  let broken = 0;
  for (const file of await jsonFiles(join(path, "session"))) {
    const found = openCodeSession.safeParse(parsed(await contentOf(file)));
    if (found.success) sessions.add(found.data.id, found.data.parentID, found.data.directory);
  }
  for (const file of await jsonFiles(join(path, "message"))) {
    const content = await contentOf(file);
    options?.onBytes?.(content.length);
    if (!content.includes('"assistant"')) continue;
    const value = parsed(content);
    if (value === undefined) broken += 1;
    const found = openCodeMessage.safeParse(value);
    if (!found.success) continue;
    const parts = await jsonFiles(join(path, "part", basename(file, ".json")));
    const tools = toolParts(await Promise.all(parts.map(async (part) => parsed(await contentOf(part)))));
    const sighting = openCodeSighting(basename(dirname(file)), sessions, found.data, tools);
    if (sighting !== null) sightings.push(sighting);
  }
  return { sightings, projects: sessions.projects, broken };
};

function toolParts(values: readonly unknown[]): ToolPart[] {
  return values.flatMap((value) => toolPartOf(value) ?? []);
}

function parsed(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}

/** A file that went away while we read is an empty one. */
function contentOf(file: string): Promise<string> {
  return readFile(file, "utf8").catch(() => "");
}

/** In the folder and those in it, or none where there is no such folder. */
async function jsonFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true }).catch(() => []);
  return entries.filter((name) => name.endsWith(".json")).map((name) => join(folder, name));
}
