/**
 * The extension with what the real pi told and sent, played back on a clock that only the test moves. What pi sent
 * is sent to the emulator, so that its cache holds what it held then.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { createEmulator } from "../../../src/emulator/index.ts";
import { createNativeHost, type NativeHost } from "../../../src/hosts/native/index.ts";
import type { CreateHost } from "../../../src/hosts/pi/conversation.ts";
import { extendPi } from "../../../src/hosts/pi/extension.ts";
import type { Pi, PiCommand, PiContext, PiShortcut } from "../../../src/hosts/pi/pi-api.ts";
import { quiet } from "../../support/quiet.ts";
import { createVirtualClock } from "../../support/virtual-clock.ts";
import { newStateDirectory } from "../native/world.ts";
import type { Moment } from "../support/pi-recording.ts";

export const API_KEY = "sk-ant-api-of-a-test";
export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;

export type Told = Extract<Moment, { kind: "told" }>;
export type Sent = Extract<Moment, { kind: "sent" }>;

export function recording(name: string): Moment[] {
  return JSON.parse(readFileSync(join(import.meta.dirname, "recordings", `${name}.json`), "utf8"));
}

export interface WorldOptions {
  readonly createHost?: (make: CreateHost) => CreateHost;
  readonly env?: Readonly<Record<string, string>>;
  readonly hasUI?: boolean;
  readonly apiKey?: string;
}

export async function setUp({ createHost, env = {}, hasUI = true, apiKey = API_KEY }: WorldOptions = {}) {
  const clock = createVirtualClock();
  const emulator = createEmulator({ now: clock.now, minimumTokens: 1 });
  const { url } = await emulator.listen();
  const directory = newStateDirectory();
  const hosts: NativeHost[] = [];
  const make: CreateHost = (options) => {
    const host = createNativeHost({
      ...options,
      now: clock.now,
      monotonicNow: clock.monotonicNow,
      timers: clock.timers,
      env: { KEEPWARM_HOME: directory, KEEPWARM_KEEP_WARM: "always", ...env },
    });
    hosts.push(host);
    return host;
  };

  const entries: object[] = [];
  const handlers = new Map<string, ((event: unknown, context: PiContext) => unknown)[]>();
  const commands = new Map<string, PiCommand>();
  const shortcuts = new Map<string, PiShortcut>();
  const shown = {
    notes: [] as string[],
    status: undefined as string | undefined,
    widget: undefined as string[] | undefined,
  };
  const typing = new Set<() => undefined>();
  let sessionId = "session-1";
  let isFull = false;

  const pi: Pi = {
    on: (event, handler) => handlers.set(event, [...(handlers.get(event) ?? []), handler]),
    registerCommand: (name, command) => commands.set(name, command),
    registerShortcut: (key, shortcut) => shortcuts.set(key, shortcut),
    appendEntry(customType, data) {
      if (isFull) throw new Error("ENOSPC: no space left on device");
      entries.push({ type: "custom", customType, data });
    },
  };
  const context = (model: unknown, warms: readonly unknown[] = []): PiContext => ({
    hasUI,
    model,
    isIdle: () => false,
    ui: {
      notify: (message) => shown.notes.push(message),
      setStatus: (_, text) => {
        shown.status = text;
      },
      setWidget: (_, lines) => {
        shown.widget = lines;
      },
      onTerminalInput(handler) {
        typing.add(handler);
        return () => typing.delete(handler);
      },
    },
    sessionManager: { getSessionId: () => sessionId, getEntries: () => [...entries, ...warms] },
    modelRegistry: { getApiKeyAndHeaders: async () => ({ ok: true, apiKey }) },
  });

  const load = () => {
    handlers.clear();
    extendPi(pi, { createHost: createHost?.(make) ?? make });
  };
  load();
  onTestFinished(async () => {
    for (const host of hosts) host.dispose();
    await emulator.close();
  });

  const warms = () => emulator.requests.filter(({ maxTokens }) => maxTokens === 0);
  const host = () => hosts.at(-1);

  async function calm(): Promise<void> {
    const busy = () =>
      warms().some(({ status }) => status === 0) ||
      hosts.some(
        ({ keeper }) =>
          keeper.warmsInFlight() > 0 ||
          keeper.warmer.conversations().some((id) => keeper.warmer.getStatus(id).phase === "warming"),
      );
    await quiet(busy);
  }

  /** What every handler gave back. */
  async function tell(
    event: { readonly type: string; readonly [member: string]: unknown },
    model: unknown = MODEL(url),
    warmed: readonly unknown[] = [],
  ) {
    const given: unknown[] = [];
    for (const handler of handlers.get(event.type) ?? [])
      given.push(await handler(event, context(model, warmed)));
    await calm();
    return given;
  }

  async function send({ path, beta, body, status }: Sent): Promise<void> {
    // What failed then fails again.
    if (status !== 200) return;
    const { thread, ...whole } = JSON.parse(body);
    // A thread's cache is its own.
    const key = thread === undefined ? API_KEY : `${API_KEY}-threads`;
    await fetch(url + path, {
      method: "POST",
      headers: {
        "x-api-key": key,
        "anthropic-version": "2023-06-01",
        "content-type": "application/json",
        ...(beta === "" ? {} : { "anthropic-beta": beta }),
      },
      body: thread === undefined ? body : JSON.stringify(whole),
    }).then((answer) => answer.text());
  }

  async function play(moments: readonly Moment[]): Promise<unknown[]> {
    const given: unknown[] = [];
    for (const moment of moments) {
      if (moment.kind === "sent") {
        await send(moment);
        continue;
      }
      const model = { ...Object(moment.model), baseUrl: url };
      // By reference, as pi does: nobody may change what it sends.
      given.push(...(await tell(moment.event, model, moment.warms)));
    }
    return given;
  }

  async function away(ms: number): Promise<void> {
    await calm();
    for (let left = ms; left > 0; left -= 5_000) {
      await clock.pass(Math.min(left, 5_000));
      await calm();
    }
  }

  async function warm(text: string): Promise<string> {
    await commands.get("warm")?.handler(text, context(MODEL(url)));
    await calm();
    return shown.notes.at(-1) ?? "";
  }

  return {
    ...{ clock, emulator, url, entries, shown, warms, host, tell, play, away, warm, load, calm, commands },
    press: async (key: string) => shortcuts.get(key)?.handler(context(MODEL(url))),
    type: () => [...typing].map((handler) => handler()),
    /** From now on pi cannot write. */
    failEntries() {
      isFull = true;
    },
    /** Another session is opened: its id, and what its file holds. */
    open(id: string, held: readonly object[]) {
      sessionId = id;
      entries.splice(0, entries.length, ...held);
    },
  };
}

const MODEL = (baseUrl: string) => ({
  provider: "anthropic",
  id: "claude-opus-5-5",
  api: "anthropic-messages",
  baseUrl,
});

/** The moments up to the n-th event of this kind, that one included. */
export function upTo(moments: readonly Moment[], type: string, count = 1): Moment[] {
  let left = count;
  const end = moments.findIndex(
    (moment) => moment.kind === "told" && moment.event.type === type && --left === 0,
  );
  if (end < 0) throw new Error(`there is no ${count}th ${type}`);
  return moments.slice(0, end + 1);
}

/** What pi itself sent last of the conversation. */
export function lastSent(moments: readonly Moment[]): string {
  const sent = moments.findLast((moment) => moment.kind === "sent" && moment.by === "main" && isReal(moment));
  if (sent?.kind !== "sent") throw new Error("nothing was sent");
  return sent.body;
}

function isReal({ body, status }: Sent): boolean {
  return status === 200 && JSON.parse(body).max_tokens > 1;
}

/** The same as it would be warmed: byte for byte, but for how much it asks for, and how. */
export function asWarm(body: string): string {
  return body.replace('"max_tokens":128000', '"max_tokens":0').replace('"stream":true', '"stream":false');
}
