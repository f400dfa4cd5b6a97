/** What OpenCode tells its plugins and what it sends, written down while it runs: what unit tests play back. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

export const RECORDER = pathToFileURL(resolve("test/hosts/support/opencode-recorder.mjs")).href;

/** In the order in which it happened. */
export type Moment =
  | { readonly kind: "event"; readonly event: { readonly type: string } }
  | {
      readonly kind: "asking";
      readonly number: number;
      readonly asking: {
        readonly sessionID: string;
        readonly agent: string;
        readonly model: { readonly providerID: string };
      };
    }
  | { readonly kind: "compacting"; readonly sessionID: string }
  | {
      readonly kind: "sent";
      /** The number of the asking that it was sent for. */
      readonly asking: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
    };

export interface Place {
  readonly home: string;
  readonly project: string;
  readonly url: string;
}

/** What was written down in one home, without ids, times and places. */
export function readRecording(place: Place): Moment[] {
  const lines = readFileSync(join(place.home, "recording.jsonl"), "utf8").trim().split("\n");
  return JSON.parse(withoutPlaces(`[${lines.join(",")}]`, place));
}

/** The recording as it is kept; where it is not there yet, or is to be renewed, it is kept now. */
export function keptRecording(name: string, moments: readonly Moment[]): Moment[] {
  const file = resolve("test/hosts/opencode/recordings", `${name}.json`);
  if (!existsSync(file) || process.env.KEEPWARM_RENEW_RECORDINGS === "1") {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `[\n${moments.map((moment) => JSON.stringify(moment)).join(",\n")}\n]\n`);
  }
  return JSON.parse(readFileSync(file, "utf8"));
}

const IDS = /\b(?:ses|msg|prt|toolu|call|per|req)_[A-Za-z0-9]+/g;

function withoutPlaces(text: string, { home, project, url }: Place): string {
  const names = new Map<string, string>();
  const nameOf = (id: string) => {
    const [kind = ""] = id.split("_");
    const name = names.get(id) ?? `${kind}_${names.size}`;
    names.set(id, name);
    return name;
  };
  return text
    .replaceAll(project, "/home/project")
    .replaceAll(home, "/home")
    .replaceAll(url, "http://127.0.0.1:1")
    .replace(/Today's date: [\w ]+/g, "Today's date: Fri Nov 20 2026")
    .replace(IDS, nameOf);
}
