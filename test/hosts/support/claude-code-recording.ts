/** What Claude Code sends, and what its hooks tell, written down on the way: what unit tests play back. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { withoutPlaces } from "./claude-code.ts";
import type { Owner } from "./process.ts";

/** In the order in which they arrived. */
export type Moment =
  | { readonly kind: "hook"; readonly body: string }
  | {
      readonly kind: "sent";
      readonly path: string;
      /** Those that say whose it is, and by which API. */
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
      readonly status: number;
    };

const RUN = "/~keepwarm/run/r1";
const TOLD = /^(x-claude-code-.*|anthropic-version|anthropic-beta)$/;

export interface Recorder {
  /** What stands for a run's base URL. */
  readonly baseUrl: string;
  /** Without ids, places and what Claude Code tells its model at length. */
  moments(home: string): Moment[];
}

export async function recorder(upstream: string, test: Owner): Promise<Recorder> {
  const noted: (Moment | null)[] = [];
  const server = createServer((request, response) => {
    const at = noted.push(null) - 1;
    const note = (moment: Moment) => {
      noted[at] = moment;
    };
    void text(request).then(async (body) => {
      const path = (request.url ?? "").replace(RUN, "");
      if (path.endsWith("/hooks")) {
        note({ kind: "hook", body });
        response.writeHead(200, { "content-type": "application/json" }).end();
        return;
      }
      const answer = await fetch(upstream + path, {
        method: request.method ?? "GET",
        headers: headersOf(request, () => true),
        ...(body === "" ? {} : { body }),
      });
      const isMessage = request.method === "POST" && path.startsWith("/v1/messages");
      const headers = headersOf(request, (name) => TOLD.test(name));
      if (isMessage) note({ kind: "sent", path, headers, body, status: answer.status });
      response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" });
      response.end(await answer.text());
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  test.onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}${RUN}`,
    moments(home) {
      const text = JSON.stringify(noted.filter((moment) => moment !== null));
      const moments: Moment[] = JSON.parse(likeAnyOther(withoutPlaces(text, home)));
      return moments.map((moment) => ({ ...moment, body: withoutItsWords(moment.body) }));
    },
  };
}

/** Without what tells of the machine that it was recorded on, and of the day. */
export function likeAnyOther(text: string): string {
  return text
    .replace(/Today's date is [\d-]+/g, "Today's date is 2026-11-20")
    .replace(/OS Version: [\w .+~-]+/g, "OS Version: Linux 6.1")
    .replace(/\b[0-9a-f]{64}\b/g, "0".repeat(64));
}

/** What the scenes said, and the emulator, which reads some of it again when it is played back. */
const OURS = /^(?:\[\[tool:|This is an emulated answer)/;
const LONG = 120;

/** What Claude Code tells its model at length is not ours to keep: the same words become the same few letters. */
export function withoutItsWords(body: string): string {
  return JSON.stringify(JSON.parse(body), (key, value) => {
    if (typeof value !== "string" || value.length <= LONG || key === "user_id" || OURS.test(value))
      return value;
    const digest = createHash("sha256").update(value).digest("hex").slice(0, 16);
    return `${value.length} characters: ${digest}`;
  });
}

function headersOf(request: IncomingMessage, isWanted: (name: string) => boolean): Record<string, string> {
  return Object.fromEntries(
    Object.entries(request.headers).flatMap(([name, value]) =>
      typeof value === "string" && isWanted(name) && !/^(host|connection|content-length)$/.test(name)
        ? [[name, name === "accept-encoding" ? "identity" : value]]
        : [],
    ),
  );
}

export function recording(name: string): Moment[] {
  return JSON.parse(readFileSync(fileOf(name), "utf8"));
}

/** Keeps it where it is not kept yet, or is to be renewed; resolves with what is kept. */
export function keptRecording(name: string, moments: readonly Moment[]): Moment[] {
  const file = fileOf(name);
  if (!existsSync(file) || process.env.KEEPWARM_RENEW_RECORDINGS === "1") {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `[\n${moments.map((moment) => JSON.stringify(moment)).join(",\n")}\n]\n`);
  }
  return recording(name);
}

/** What a moment is about: for comparing recordings of two days. */
export function outlineOf(moment: Moment): string {
  if (moment.kind === "hook") return JSON.parse(moment.body).hook_event_name;
  const { model, messages } = JSON.parse(moment.body);
  const by = "x-claude-code-agent-id" in moment.headers ? "sub-agent" : "session";
  return `${by}: ${model}, ${messages.length} messages, ${moment.status}`;
}

function fileOf(name: string): string {
  return resolve("test/hosts/claude-code/recordings", `${name}.json`);
}
