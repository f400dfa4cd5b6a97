/** What pi tells its extensions and what it sends, written down while it runs: what unit tests play back. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { RecordedRequest } from "../../../src/emulator/index.ts";

export const RECORDER = resolve("test/hosts/support/pi-recorder.mjs");

/** In the order in which it happened. */
export type Moment =
  | {
      readonly kind: "told";
      readonly event: { readonly type: string };
      readonly model: unknown;
      readonly warms: unknown[];
    }
  | {
      readonly kind: "sent";
      /** `aside`: pi told its extensions nothing of it. */
      readonly by: "main" | "aside";
      readonly path: string;
      /** Its `anthropic-beta`. */
      readonly beta: string;
      readonly body: string;
      readonly status: number;
    };

interface Line {
  readonly at: number;
  readonly pid: number;
  readonly event: { readonly type: string };
  readonly model: unknown;
  readonly warms: unknown[];
}

export interface Recorded {
  readonly home: string;
  readonly url: string;
  readonly requests: readonly RecordedRequest[];
}

/** Where a recording is kept. */
export function recordingFile(name: string): string {
  return resolve("test/hosts/pi/recordings", `${name}.json`);
}

/** What was written down in one home, without ids, times and places. */
export function readRecording({ home, url, requests }: Recorded): Moment[] {
  const lines: Line[] = readFileSync(join(home, "recording.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const main = lines[0]?.pid;
  const payloads = lines
    .filter(({ pid }) => pid === main)
    .flatMap(({ event }) => ("payload" in event ? [withoutTransport(event.payload)] : []));
  const told = lines
    .filter(({ pid }) => pid === main)
    .map(({ at, pid: _, ...line }) => ({ at, moment: { kind: "told", ...line } satisfies Moment }));
  const sent = requests.map(({ at, body, status, path, headers }) => {
    const text = Buffer.from(body).toString();
    const isToldOf = payloads.includes(withoutTransport(JSON.parse(text)));
    const by = isToldOf || isThread(text) ? ("main" as const) : ("aside" as const);
    return {
      at: at + 0.9,
      moment: {
        kind: "sent",
        by,
        path,
        beta: headers["anthropic-beta"] ?? "",
        body: text,
        status,
      } satisfies Moment,
    };
  });
  const moments = [...told, ...sent].toSorted((a, b) => a.at - b.at).map(({ moment }) => moment);
  return JSON.parse(withoutPlaces(JSON.stringify(moments, withoutTimes), home, url));
}

/** The recording as it is kept; where it is not there yet, or is to be renewed, it is kept now. */
export function keptRecording(name: string, moments: readonly Moment[]): unknown {
  const file = recordingFile(name);
  if (!existsSync(file) || process.env.KEEPWARM_RENEW_RECORDINGS === "1") {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `[\n${moments.map((moment) => JSON.stringify(moment)).join(",\n")}\n]\n`);
  }
  return JSON.parse(readFileSync(file, "utf8"));
}

function withoutTransport(payload: unknown): string {
  return JSON.stringify({ ...Object(payload), betas: undefined });
}

function isThread(body: string): boolean {
  return "thread" in JSON.parse(body);
}

function withoutTimes(key: string, value: unknown): unknown {
  if (key === "timestamp" || key === "durationMs") return 0;
  if (key === "headers") return {};
  return value;
}

const IDS =
  /\b(?:toolu|msg|req)_[A-Za-z0-9]+|\b[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}\b/g;

function withoutPlaces(text: string, home: string, url: string): string {
  const names = new Map<string, string>();
  const nameOf = (id: string) => {
    const name = names.get(id) ?? `${id.startsWith("toolu") ? "toolu_" : "id_"}${names.size}`;
    names.set(id, name);
    return name;
  };
  return text
    .replaceAll(home, "/home")
    .replaceAll(resolve("."), "/keepwarm")
    .replaceAll(url, "http://127.0.0.1:1")
    .replace(IDS, nameOf)
    .replace(/"(id|parentId|entryId|firstKeptEntryId|newLeafId|oldLeafId)":"([0-9a-f]{8})"/g, (_, key, id) =>
      JSON.stringify({ [key]: nameOf(id) }).slice(1, -1),
    );
}
