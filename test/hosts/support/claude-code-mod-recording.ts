/** What Claude Code tells a mod, and shows it of its requests: what unit tests play back. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { withoutPlaces } from "./claude-code.ts";
import { likeAnyOther, withoutItsWords } from "./claude-code-recording.ts";

export const RECORDER = resolve("test/hosts/support/claude-code-recorder");

/** In the order in which they were told. */
export type ModMoment =
  | {
      readonly kind: "told";
      readonly name: string;
      readonly event: Readonly<Record<string, unknown>>;
      readonly sessionId?: string;
    }
  | { readonly kind: "step"; readonly step: number; readonly event: unknown }
  | { readonly kind: "stepped"; readonly step: number; readonly response: unknown }
  | { readonly kind: "sent"; readonly id: number; readonly event: SentEvent }
  | { readonly kind: "answered"; readonly id: number; readonly status: number };

export interface SentEvent {
  readonly url: string;
  readonly init: {
    readonly method: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  };
}

/** Hooks that keepwarm's mod does not listen to say the same again, at more length. */
const HEARD =
  /^classic\.(UserPromptSubmit|SessionStart|PermissionRequest|Notification|Stop|StopFailure|PreCompact|PostCompact|PostModelSwitch)$|^session\.|^turn\./;

/** Those of a file, without ids, places and what Claude Code tells its model at length. */
export function momentsIn(file: string, home: string): ModMoment[] {
  const moments: ModMoment[] = JSON.parse(
    likeAnyOther(
      withoutPlaces(readFileSync(file, "utf8").replaceAll(/127\.0\.0\.1:\d+/g, "127.0.0.1:1"), home),
    ),
  );
  return moments
    .filter((moment) => moment.kind !== "told" || HEARD.test(moment.name))
    .map((moment) => {
      if (moment.kind === "sent") {
        const { event } = moment;
        const body = withoutItsWords(event.init.body);
        return { ...moment, event: { ...event, init: { ...event.init, body } } };
      }
      return JSON.parse(withoutItsWords(JSON.stringify(moment)));
    });
}

export function modRecording(name: string): ModMoment[] {
  return JSON.parse(readFileSync(fileOf(name), "utf8"));
}

/** Keeps it where it is not kept yet, or is to be renewed; resolves with what is kept. */
export function keptModRecording(name: string, moments: readonly ModMoment[]): ModMoment[] {
  const file = fileOf(name);
  if (!existsSync(file) || process.env.KEEPWARM_RENEW_RECORDINGS === "1") {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `[\n${moments.map((moment) => JSON.stringify(moment)).join(",\n")}\n]\n`);
  }
  return modRecording(name);
}

/** What a moment is about: for comparing recordings of two days. */
export function modOutlineOf(moment: ModMoment): string {
  switch (moment.kind) {
    case "told":
      return moment.name;
    case "sent": {
      const { model, messages, tools = [] } = JSON.parse(moment.event.init.body);
      return `sent ${model}, ${messages.length} messages, ${tools.length > 0 ? "tools" : "no tools"}`;
    }
    case "answered":
      return `answered ${moment.status}`;
    default:
      return moment.kind;
  }
}

function fileOf(name: string): string {
  return resolve("test/hosts/claude-code/recordings", `mod-${name}.json`);
}
