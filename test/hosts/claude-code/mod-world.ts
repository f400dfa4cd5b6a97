/**
 * The mod with what the real Claude Code told another one, played back on a clock that only the test moves. What Claude
 * Code sent is sent to the emulator, so that its cache holds what it held then.
 */
import { onTestFinished } from "vitest";
import { createEmulator } from "../../../src/emulator/index.ts";
import type { Hook, Mod, On, StreamHook } from "../../../src/hosts/claude-code/mod-api.ts";
import { createModHost, type ModHost, type ModHostOptions } from "../../../src/hosts/claude-code/mod-host.ts";
import { register } from "../../../src/hosts/claude-code/register.ts";
import { quiet } from "../../support/quiet.ts";
import { createVirtualClock } from "../../support/virtual-clock.ts";
import type { ModMoment, SentEvent } from "../support/claude-code-mod-recording.ts";

export const API_KEY = "sk-ant-api-of-a-test";
export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const STATE = "/home/ada/.local/state/keepwarm";

type Make = (options: ModHostOptions) => Promise<ModHost>;

export interface ModWorldOptions {
  readonly createHost?: (make: Make) => Make;
  readonly env?: Readonly<Record<string, string>>;
  /** Files that are there, by their paths. */
  readonly files?: Readonly<Record<string, string>>;
  /** What of `$` is otherwise. */
  readonly engine?: Partial<Mod>;
}

interface Registered {
  readonly hook: (...given: Parameters<Hook>) => unknown;
  readonly stream: StreamHook;
  caught: Hook | null;
}

export async function setUpMod({ createHost, env = {}, files = {}, engine = {} }: ModWorldOptions = {}) {
  const clock = createVirtualClock();
  const emulator = createEmulator({ now: clock.now, minimumTokens: 1 });
  const { url } = await emulator.listen();
  const hosts: ModHost[] = [];
  const make: Make = async (options) => {
    const { timers, now, monotonicNow } = clock;
    const host = await createModHost({ ...options, timers, now, monotonicNow });
    hosts.push(host);
    return host;
  };
  onTestFinished(async () => {
    for (const host of hosts) host.dispose();
    await emulator.close();
  });

  const hooks = new Map<string, Registered>();
  const store = new Map<string, unknown>();
  const disk = new Map(Object.entries(files).map(([path, text]) => [path, { text, mtimeMs: clock.now() }]));
  const shown = { status: undefined as string | undefined, commands: [] as object[] };
  let sessionId = "";
  const variables: Readonly<Record<string, string>> = { KEEPWARM_KEEP_WARM: "always", ...env };

  const $: Mod = {
    plugin: { root: `${STATE}/plugins/claude-code/mod` },
    ui: {
      status: (text) => {
        shown.status = text;
      },
    },
    model: { complete: (request, { signal }) => asked(request.prompt, request.model, signal) },
    session: { id: async () => sessionId },
    command: { register: async (command) => shown.commands.push(command) },
    process: { hookEnv: async () => ({ CLAUDE_PID: "4321" }) },
    env: { get: async (name) => variables[name] },
    fs: {
      async read(path) {
        const file = disk.get(path);
        if (file === undefined) throw new Error(`$.fs.read(${path}) failed: ENOENT`);
        return file.text;
      },
      async write(path, text) {
        disk.set(path, { text, mtimeMs: clock.now() });
      },
      list: async (folder) =>
        [...disk]
          .filter(([path]) => path.startsWith(`${folder}/`))
          .map(([path, { text, mtimeMs }]) => ({
            name: path.slice(folder.length + 1),
            kind: "file",
            size: text.length,
            mtimeMs,
          })),
      exists: async (path) => [...disk.keys()].some((one) => one === path || one.startsWith(`${path}/`)),
    },
    store: {
      get: async (key) => store.get(key),
      async set(key, value) {
        store.set(key, value);
      },
      async delete(key) {
        store.delete(key);
      },
      keys: async () => [...store.keys()],
    },
    ...engine,
  };
  const on = ((name: string, ...rest: unknown[]) => {
    const hook = rest.at(-1);
    const one: Registered = { hook: hook as Hook, stream: hook as StreamHook, caught: null };
    hooks.set(name, one);
    return { catch: (handler: Hook) => (one.caught = handler) };
  }) as On;
  register(on, createHost === undefined ? { createHost: make } : { createHost: createHost(make) });

  /** As Claude Code calls a hook: one that throws is passed over, unless it has a handler for that. */
  async function raise(
    name: string,
    event: unknown,
    core: (event: unknown) => Promise<unknown> = async (event) => event,
    plugin = "engine",
  ): Promise<unknown> {
    const registered = hooks.get(name);
    if (registered === undefined) return core(event);
    let called: Promise<unknown> | null = null;
    const next = Object.assign(
      (passed: unknown) => {
        called = core(passed);
        return called;
      },
      { origin: { plugin } },
    );
    try {
      return await registered.hook($, event, next);
    } catch {
      return registered.caught === null ? (called ?? core(event)) : await registered.caught($, event, next);
    }
  }

  /** Sends a request as Claude Code does: with its credential in the place of what a mod is shown. */
  async function sendOut(event: unknown, failing = 0): Promise<{ told: unknown; text: string }> {
    const { url: address, init } = event as SentEvent;
    if (failing !== 0) emulator.failNext({ status: failing, times: 1 });
    const { pathname, search } = new URL(address);
    const headers = Object.entries(init.headers).map(([name, value]): [string, string] => [
      name,
      value === "[redacted]" ? hidden(name) : value,
    ]);
    const { thread, ...whole } = JSON.parse(init.body);
    const answer = await fetch(url + pathname + search, {
      method: init.method,
      headers,
      // A thread's cache is its own.
      body: thread === undefined ? init.body : JSON.stringify({ ...whole, system: "A thread." }),
    });
    const text = await answer.text();
    const value = { status: answer.status, ok: answer.ok, headers: Object.fromEntries(answer.headers) };
    return { told: { value: { ...value, text: "", isStreaming: true, sendIndex: 0 } }, text };
  }

  /** What Claude Code makes of a mod's question: a request of its own, and what came of it. */
  async function asked(prompt: string, model: string, signal: AbortSignal): Promise<unknown> {
    const none = {
      input_tokens: 0,
      output_tokens: 0,
      cache_read_input_tokens: 0,
      cache_creation_input_tokens: 0,
    };
    let body = "";
    const event = {
      url: "http://127.0.0.1:1/v1/messages?beta=true",
      init: {
        method: "POST",
        headers: { "anthropic-version": "2023-06-01", "x-api-key": "[redacted]" },
        body: JSON.stringify({ model, max_tokens: 1, messages: [{ role: "user", content: prompt }] }),
      },
    };
    const answer = (await raise("http.fetch", event, async (passed) => {
      const { told, text } = await sendOut(passed);
      body = text;
      return told;
    })) as { value: { status: number; isStreaming?: true; text: string } };
    if (signal.aborted) return { isAnswered: false, reason: "aborted", usage: none };
    const { status, isStreaming, text } = answer.value;
    if (status !== 200)
      return { isAnswered: false, reason: "api-error", status, error: "unknown", usage: none };
    const { usage } = JSON.parse(isStreaming ? body : text);
    return { isAnswered: false, reason: "empty-reply", usage };
  }

  const warms = () => emulator.requests.filter(({ maxTokens }) => maxTokens !== null && maxTokens <= 1);
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

  const steps = new Map<number, { end(response: unknown): void; readonly over: Promise<unknown> }>();

  function beginStep(step: number, event: unknown): void {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    async function* beneath() {
      yield { kind: "engine", ref: 1 };
      return await promise;
    }
    const stream = hooks.get("turn.step")?.stream($, event, beneath) ?? beneath();
    const over = (async () => {
      for (let one = await stream.next(); ; one = await stream.next()) if (one.done) return one.value;
    })();
    steps.set(step, { end: resolve, over });
  }

  /** What Claude Code was told in each place, beside what it told. */
  async function play(moments: readonly ModMoment[]): Promise<void> {
    for (const moment of moments) {
      switch (moment.kind) {
        case "told":
          sessionId = moment.sessionId ?? sessionId;
          await raise(moment.name, moment.event);
          break;
        case "step":
          beginStep(moment.step, moment.event);
          break;
        case "stepped": {
          const step = steps.get(moment.step);
          step?.end(moment.response);
          if ((await step?.over) !== moment.response) throw new Error("a step's response was changed");
          break;
        }
        case "sent": {
          const answer = moments.find((one) => one.kind === "answered" && one.id === moment.id);
          const status = answer?.kind === "answered" ? answer.status : 200;
          let told: unknown;
          const given = await raise("http.fetch", moment.event, async (event) => {
            if (event !== moment.event) throw new Error("a request was changed");
            ({ told } = await sendOut(event, status === 200 ? 0 : status));
            return told;
          });
          if (given !== told) throw new Error("an answer was changed");
          break;
        }
      }
      await calm();
    }
  }

  async function away(ms: number): Promise<void> {
    await calm();
    for (let left = ms; left > 0; left -= 5_000) {
      await clock.pass(Math.min(left, 5_000));
      await calm();
    }
  }

  /** Says it where there is no terminal. */
  async function warm(words: string): Promise<string> {
    const event = {
      hook_event_name: "UserPromptSubmit",
      session_id: sessionId || "00000000-0000-4000-8000-000000000000",
      prompt: `/warm ${words}`,
    };
    const answer = (await raise("classic.UserPromptSubmit", event, async () => ({}))) as { block?: string };
    await calm();
    return answer.block ?? "";
  }

  return { clock, emulator, hooks, store, disk, shown, warms, host, raise, play, away, warm, calm };
}

/** What a mod is not shown. */
function hidden(name: string): string {
  return name === "authorization" ? `Bearer ${API_KEY}` : API_KEY;
}

/** Up to the nth time that it was told, and with it. */
export function upTo(moments: readonly ModMoment[], name: string, nth = 1): ModMoment[] {
  let left = nth;
  const end = moments.findIndex((moment) => moment.kind === "told" && moment.name === name && --left === 0);
  if (end < 0) throw new Error(`${name} was not told ${nth} times`);
  return moments.slice(0, end + 1);
}

const isSubAgents = ({ init }: SentEvent) => "x-claude-code-agent-id" in init.headers;

/** What its person's own thread sent last, as a warm: all else byte for byte. */
export function lastAsWarm(moments: readonly ModMoment[]): string {
  const last = moments.findLast((moment) => moment.kind === "sent" && !isSubAgents(moment.event));
  if (last?.kind !== "sent") throw new Error("nothing was sent");
  return last.event.init.body
    .replace(/"max_tokens":\d+/, '"max_tokens":0')
    .replace('"stream":true', '"stream":false');
}

export const bodies = (requests: readonly { readonly body: Uint8Array }[]) => [
  ...new Set(requests.map(({ body }) => String(body))),
];
