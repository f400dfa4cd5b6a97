/** OpenCode's server as the plugin sees it, played from recordings, and the emulator, on a clock that the test moves. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { onTestFinished } from "vitest";
import { createEmulator } from "../../../src/emulator/index.ts";
import {
  createNativeHost,
  type NativeHost,
  type NativeHostOptions,
} from "../../../src/hosts/native/index.ts";
import type { Asking, CommandEvent, ServerClient } from "../../../src/hosts/opencode/opencode-api.ts";
import { keepwarmServer } from "../../../src/hosts/opencode/server.ts";
import { eventOf, type Said, type Told, toldIn } from "../../../src/hosts/opencode/words.ts";
import { quiet } from "../../support/quiet.ts";
import { createVirtualClock } from "../../support/virtual-clock.ts";
import { API_KEY, MINUTE_MS } from "../sdk/world.ts";
import type { Moment } from "../support/opencode-recording.ts";

export { API_KEY, MINUTE_MS };

/** The session of every recording. */
export const SESSION = "ses_0";

export function recording(name: string): readonly Moment[] {
  return JSON.parse(readFileSync(resolve("test/hosts/opencode/recordings", `${name}.json`), "utf8"));
}

export type Sessions = Map<string, { id: string; metadata?: Record<string, unknown> }>;

export interface WorldOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** What OpenCode has stored. */
  readonly sessions?: Sessions;
  readonly stateDirectory?: string;
  readonly createHost?: (make: typeof createNativeHost) => (options: NativeHostOptions) => NativeHost;
}

export function newSessions(): Sessions {
  return new Map([[SESSION, { id: SESSION }]]);
}

export async function setUp(options: WorldOptions = {}) {
  const { env = {}, sessions = newSessions(), createHost } = options;
  const directory = options.stateDirectory ?? mkdtempSync(join(tmpdir(), "keepwarm-opencode-"));
  const clock = createVirtualClock();
  const emulator = createEmulator({ now: clock.now, minimumTokens: 1 });
  const { url } = await emulator.listen();
  const told: Told[] = [];
  let host: NativeHost | null = null;
  const client: ServerClient = {
    session: {
      get: async ({ path }) => {
        const data = sessions.get(path.id);
        return data === undefined ? { error: { name: "NotFoundError" } } : { data: structuredClone(data) };
      },
      update: async ({ path, body: { metadata } }) => {
        sessions.set(path.id, { id: path.id, metadata: structuredClone(metadata) });
        return { data: {} };
      },
    },
    tui: {
      publish: async ({ body }: { body: CommandEvent }) => {
        const words = toldIn(body);
        if (words !== null) told.push(words);
        return { data: true };
      },
    },
  };
  const hooks = await keepwarmServer(
    { client },
    {
      now: clock.now,
      monotonicNow: clock.monotonicNow,
      timers: clock.timers,
      env: { KEEPWARM_HOME: directory, KEEPWARM_KEEP_WARM: "always", ...env },
      createHost: (hostOptions) => {
        const make = (given: NativeHostOptions) => {
          host = createNativeHost(given);
          return host;
        };
        return createHost === undefined ? make(hostOptions) : createHost(make)(hostOptions);
      },
    },
  );
  onTestFinished(async () => {
    await hooks.dispose?.();
    await emulator.close();
    if (options.stateDirectory === undefined) rmSync(directory, { recursive: true, force: true });
  });

  const warms = () => emulator.requests.filter(({ maxTokens }) => maxTokens !== null && maxTokens <= 1);

  /** Lets real I/O end. */
  async function calm(): Promise<void> {
    const isBusy = () => {
      if (host === null) return false;
      const { warmer, warmsInFlight } = host.keeper;
      const isGoing = (id: string) => ["warming", "generating"].includes(warmer.getStatus(id).phase);
      return (
        warms().some(({ status }) => status === 0) ||
        warmsInFlight() > 0 ||
        warmer.conversations().some(isGoing)
      );
    };
    await quiet(isBusy);
  }

  async function away(ms: number): Promise<void> {
    await calm();
    for (let left = ms; left > 0; left -= 5_000) {
      await clock.pass(Math.min(left, 5_000));
      await calm();
    }
  }

  const tags = new Map<number, Record<string, string>>();

  /** OpenCode lives through it again, a second a request. Resolves with what its hooks gave back. */
  async function play(moments: readonly Moment[]): Promise<unknown[]> {
    const given: unknown[] = [];
    for (const moment of moments) {
      if (moment.kind === "event") given.push(await hooks.event?.({ event: moment.event }));
      else if (moment.kind === "compacting")
        given.push(await hooks["experimental.session.compacting"]?.(moment));
      else if (moment.kind === "asking") tags.set(moment.number, await headersFor(moment.asking));
      else await send(moment.body, { ...moment.headers, ...tags.get(moment.asking) });
    }
    await calm();
    return given;
  }

  async function headersFor(asking: Asking): Promise<Record<string, string>> {
    const headers: Record<string, string> = {};
    await hooks["chat.headers"]?.(asking, { headers });
    return headers;
  }

  async function send(body: string, headers: Record<string, string>): Promise<number> {
    const response = await fetch(`${url}/v1/messages`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-api-key": API_KEY, ...headers },
      body,
    });
    await response.text();
    await calm();
    await clock.pass(1_000);
    return response.status;
  }

  const say = async (words: Said) => {
    await hooks.event?.({ event: eventOf(words) });
    // What it stores and tells takes a moment; changes are gathered for one on the real clock.
    await new Promise((done) => setTimeout(done, 80));
    await calm();
  };

  /** What stands behind `/warm`. */
  async function warm(text: string): Promise<string | null> {
    const id = String(told.length);
    await say({ kind: "do", session: SESSION, text, id });
    const answer = told.find((words) => words.kind === "answer" && words.id === id);
    return answer?.kind === "answer" ? answer.text : null;
  }

  return {
    directory,
    sessions,
    clock,
    emulator,
    hooks,
    told,
    warms,
    away,
    play,
    send,
    headersFor,
    say,
    warm,
  };
}

/** What a request asks, but for how much. */
export function askedIn({ body }: { readonly body: Uint8Array | string }): unknown {
  const { max_tokens: _, stream: __, ...rest } = JSON.parse(String(body));
  return rest;
}
