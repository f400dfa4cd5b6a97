/** What OpenClaw tells its plugins and what it sends, written down while it runs: what unit tests play back. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { RecordedRequest } from "../../../src/emulator/index.ts";

export const RECORDER = resolve("test/hosts/support/openclaw-recorder");

/** In the order in which it happened. */
export type Moment =
  | { readonly kind: "told"; readonly hook: string; readonly event: unknown; readonly context: unknown }
  | {
      readonly kind: "sent";
      readonly path: string;
      /** Its `traceparent`; null of what OpenClaw tells nobody of: a title. */
      readonly trace: string | null;
      /** Its `anthropic-beta`. */
      readonly beta: string;
      readonly body: string;
      readonly status: number;
    };

interface Line {
  readonly at: number;
  readonly hook: string;
  readonly event: unknown;
  readonly context: unknown;
}

export interface Recorded {
  readonly home: string;
  readonly url: string;
  readonly requests: readonly RecordedRequest[];
}

/** Where a recording is kept. */
export function recordingFile(name: string): string {
  return resolve("test/hosts/openclaw/recordings", `${name}.json`);
}

/** What was written down in one home, without ids, times and places, and of long texts their beginnings. */
export function readRecording({ home, url, requests }: Recorded): Moment[] {
  const lines: Line[] = readFileSync(join(home, "recording.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const told = lines.map(({ at, ...line }) => ({ at, moment: { kind: "told", ...line } satisfies Moment }));
  // Titles and recaps come whenever they like: the first stands for all, and at the beginning.
  const besides = requests.find(({ headers }) => headers.traceparent === undefined);
  const ordered = requests.filter((one) => one === besides || one.headers.traceparent !== undefined);
  const sent = ordered.map(({ at, body, status, path, headers }) => ({
    at: headers.traceparent === undefined ? 0 : at,
    moment: {
      kind: "sent",
      path,
      trace: headers.traceparent ?? null,
      beta: headers["anthropic-beta"] ?? "",
      body: JSON.stringify(shortened(JSON.parse(Buffer.from(body).toString()))),
      status,
    } satisfies Moment,
  }));
  const moments = [...told, ...sent].toSorted((a, b) => a.at - b.at).map(({ moment }) => moment);
  return JSON.parse(withoutPlaces(JSON.stringify(moments), home, url));
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

const MOST_CHARS = 400;

/** Member by member in its order. Its tools by their names, its texts by how they begin. */
function shortened(value: unknown): unknown {
  if (typeof value === "string") return value.length > MOST_CHARS ? `${value.slice(0, MOST_CHARS)}…` : value;
  if (Array.isArray(value)) return value.map(shortened);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).map(([name, one]) => {
    if (name === "input_schema") return [name, { type: "object" }];
    return name === "description" ? [name, "…"] : [name, shortened(one)];
  });
  return Object.fromEntries(members);
}

const IDS =
  /\b(?:toolu_[A-Za-z0-9]+|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32}|[0-9a-f]{16}|cmp-\w+-\w+|call_\w+)\b/g;

/** Other names of the same length, so that a trace stays one. */
function withoutPlaces(text: string, home: string, url: string): string {
  const names = new Map<string, string>();
  const nameOf = (id: string) => {
    const number = String(names.size + 1);
    const head = /^(toolu_|cmp-|call_)?/.exec(id)?.[0] ?? "";
    const name = /^[0-9a-f-]+$/.test(id)
      ? id.replace(/[0-9a-f]/g, "0").slice(0, -number.length) + number
      : `${head}${number}`;
    names.set(id, names.get(id) ?? name);
    return names.get(id) ?? name;
  };
  return text
    .replaceAll(home, "/home")
    .replaceAll(resolve("."), "/keepwarm")
    .replaceAll(url, "http://127.0.0.1:1")
    .replace(/\[\w{3} \d{4}-\d\d-\d\d \d\d:\d\d UTC\]/g, "[Fri 2026-11-20 12:00 UTC]")
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d UTC/g, "2026-11-20 12:00 UTC")
    .replace(/\w+day, \w+ \d+\w\w, \d{4} - \d+:\d\d [AP]M/g, "Friday, November 20th, 2026 - 12:00 PM")
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/g, "2026-11-20 12:00:00 UTC")
    .replace(/(?<!-)\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+)?Z)?/g, (time) =>
      time.length > 10 ? "2026-11-20T12:00:00Z" : "2026-11-20",
    )
    .replace(IDS, nameOf);
}
