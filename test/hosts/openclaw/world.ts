/**
 * The plugin with what the real OpenClaw told and sent, played back on a clock that only the test moves. What OpenClaw
 * sent is sent to the emulator by undici as well, so that the plugin sees it as it would there.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { createEmulator } from "../../../src/emulator/index.ts";
import { createNativeHost, type NativeHost } from "../../../src/hosts/native/index.ts";
import type { CreateHost } from "../../../src/hosts/openclaw/inside.ts";
import type { OpenClaw, OpenClawCommand, OpenClawService } from "../../../src/hosts/openclaw/openclaw-api.ts";
import { keepwarmPlugin } from "../../../src/hosts/openclaw/plugin.ts";
import { createPresence } from "../../../src/hosts/openclaw/presence.ts";
import { quiet } from "../../support/quiet.ts";
import { createVirtualClock } from "../../support/virtual-clock.ts";
import { newStateDirectory } from "../native/world.ts";
import type { Moment } from "../support/openclaw-recording.ts";

export const API_KEY = "sk-ant-api-of-a-test";
export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const SESSION = "00000000-0000-0000-0000-000000000001";

export type Sent = Extract<Moment, { kind: "sent" }>;

export function recording(name: string): Moment[] {
  return JSON.parse(readFileSync(join(import.meta.dirname, "recordings", `${name}.json`), "utf8"));
}

export interface WorldOptions {
  readonly createHost?: (make: CreateHost) => CreateHost;
  readonly env?: Readonly<Record<string, string>>;
}

interface Registration {
  readonly handlers: Map<string, ((event: unknown, context: unknown) => unknown)[]>;
  readonly commands: OpenClawCommand[];
  readonly services: OpenClawService[];
}

export async function setUp({ createHost, env = {} }: WorldOptions = {}) {
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

  /** OpenClaw asks a plugin for it twice, and takes the hooks of the second, all else of the first. */
  function load() {
    const presence = createPresence(createHost?.(make) ?? make);
    const plugin = keepwarmPlugin(presence);
    const [full, discovery] = [register(), register()];

    function register(): Registration {
      const registration: Registration = { handlers: new Map(), commands: [], services: [] };
      const { handlers, commands, services } = registration;
      const openclaw: OpenClaw = {
        on: (hook, handler) => handlers.set(hook, [...(handlers.get(hook) ?? []), handler]),
        registerCommand: (command) => commands.push(command),
        registerService: (service) => services.push(service),
      };
      plugin.register(openclaw);
      return registration;
    }

    return {
      handlers: discovery.handlers,
      command: full.commands[0],
      start: () => full.services[0]?.start(),
      stop: () => full.services[0]?.stop(),
    };
  }

  let loaded = load();
  loaded.start();
  onTestFinished(async () => {
    loaded.stop();
    for (const host of hosts) host.dispose();
    await emulator.close();
  });

  const warms = () => emulator.requests.filter(({ maxTokens }) => maxTokens === 0);

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
  async function tell(hook: string, event: unknown, context: unknown): Promise<unknown[]> {
    const given: unknown[] = [];
    for (const handler of loaded.handlers.get(hook) ?? []) given.push(await handler(event, context));
    await calm();
    return given;
  }

  async function send({ path, trace, beta, body, status }: Sent): Promise<void> {
    // What failed then fails again.
    if (status !== 200) emulator.failNext({ status, times: 1 });
    const headers = {
      "x-api-key": API_KEY,
      "anthropic-version": "2023-06-01",
      "content-type": "application/json",
      ...(trace === null ? {} : { traceparent: trace }),
      ...(beta === "" ? {} : { "anthropic-beta": beta }),
    };
    const answer = await fetch(url + path, { method: "POST", headers, body });
    await answer.text();
    await calm();
  }

  async function play(moments: readonly Moment[]): Promise<unknown[]> {
    const given: unknown[] = [];
    for (const moment of moments) {
      if (moment.kind === "sent") await send(moment);
      else given.push(...(await tell(moment.hook, moment.event, moment.context)));
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

  async function warm(args: string, sessionId: string | undefined = SESSION): Promise<string> {
    const said = await loaded.command?.handler({ sessionId, args, channel: "webchat" });
    await calm();
    return said?.text ?? "";
  }

  return {
    ...{ clock, emulator, hosts, warms, tell, play, away, warm, calm },
    stop: () => loaded.stop(),
    /** The same process, with the plugin loaded anew. */
    loadAnew() {
      loaded.stop();
      loaded = load();
      loaded.start();
    },
  };
}

/** The moments up to the n-th of this hook, that one included. */
export function upTo(moments: readonly Moment[], hook: string, count = 1): Moment[] {
  let left = count;
  const end = moments.findIndex((moment) => moment.kind === "told" && moment.hook === hook && --left === 0);
  if (end < 0) throw new Error(`there is no ${count}th ${hook}`);
  return moments.slice(0, end + 1);
}

/** What was sent last, by a model call that OpenClaw tells of. */
export function lastSent(moments: readonly Moment[]): string {
  const sent = moments.findLast((moment) => moment.kind === "sent" && moment.trace !== null);
  if (sent?.kind !== "sent") throw new Error("nothing was sent");
  return sent.body;
}

/** The same as it would be warmed: byte for byte, but for how much it asks for, and how. */
export function asWarm(body: string): string {
  return body.replace('"max_tokens":128000', '"max_tokens":0').replace('"stream":true', '"stream":false');
}
