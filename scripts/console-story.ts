/**
 * Some weeks of a person's work, told to a real gateway with the emulator behind it, on a clock that is moved by
 * hand: what the console's pictures show has happened, and is the same each time.
 */
import Anthropic from "@anthropic-ai/sdk";
import { loadConfig } from "../src/config/index.ts";
import { createEmulator } from "../src/emulator/index.ts";
import { type Service, startService } from "../src/gateway/index.ts";
import { discover, type HeldRun } from "../src/hub/index.ts";
import { API_KEY, Talk, text } from "../test/hosts/sdk/world.ts";
import { createVirtualClock } from "../test/support/virtual-clock.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A Thursday, and the moment at which the pictures are taken three weeks later. */
const BEGINS = Date.UTC(2026, 9, 29, 8);
const ENDS = Date.UTC(2026, 10, 20, 15, 24);

interface Project {
  readonly name: string;
  readonly command: string;
  readonly model: string;
  readonly tokens: number;
  /** For how long its cache entries are asked to live. */
  readonly ttl?: "1h";
  /** In the policy's words. @default nobody chose */
  readonly keepWarm?: string;
  readonly intervalMs?: number;
  readonly off?: true;
  /** Minutes before the end at which its turns of the last day were. */
  readonly lastDay: readonly number[];
  /** Its agent is at work when the pictures are taken. */
  readonly busy?: true;
}

const OPUS = "claude-opus-5-5";
const SONNET = "claude-sonnet-5-5";

const PROJECTS: readonly Project[] = [
  {
    name: "cathedral-api",
    command: "claude",
    model: OPUS,
    tokens: 148_000,
    lastDay: [131, 128, 121, 118, 116, 97, 94, 92, 76, 72, 63, 61, 52, 50, 36, 34, 22, 20, 4, 2],
  },
  {
    name: "checkout-web",
    command: "claude",
    model: OPUS,
    tokens: 86_000,
    lastDay: [64, 61, 44, 41, 5, 3],
    busy: true,
  },
  {
    name: "ledger",
    command: "opencode",
    model: SONNET,
    tokens: 212_000,
    keepWarm: "2h",
    lastDay: [91, 88, 71, 38],
  },
  {
    name: "handbook",
    command: "claude",
    model: OPUS,
    tokens: 64_000,
    ttl: "1h",
    keepWarm: "always",
    lastDay: [190, 176, 81],
  },
  { name: "search-index", command: "pi", model: SONNET, tokens: 118_000, lastDay: [52, 49, 31, 29, 5, 3] },
  {
    name: "design-system",
    command: "claude",
    model: OPUS,
    tokens: 52_000,
    keepWarm: "30m",
    lastDay: [72, 69, 66],
  },
  { name: "billing-worker", command: "claude", model: SONNET, tokens: 96_000, lastDay: [201, 196, 188] },
  {
    name: "mobile",
    command: "opencode",
    model: OPUS,
    tokens: 73_000,
    keepWarm: "3 pings",
    intervalMs: 180_000,
    lastDay: [33, 30, 9, 7],
  },
  { name: "infra", command: "claude", model: OPUS, tokens: 41_000, off: true, lastDay: [27, 2] },
  { name: "dotfiles", command: "claude", model: SONNET, tokens: 18_000, off: true, lastDay: [96] },
  { name: "notes", command: "pi", model: SONNET, tokens: 27_000, lastDay: [4, 3, 2] },
];

/** What happens to people: it was kept warm over a whole weekend, and nobody came back. */
const FORGOTTEN = { day: 8, name: "handbook" };

export interface Story {
  readonly service: Service;
  /** At which it stands still. */
  readonly endsAt: number;
  /** Of the conversation whose picture is taken. */
  readonly conversationId: string;
  end(): Promise<void>;
}

/** @param directory of its own, for the state and the settings */
export async function tellStory(directory: string): Promise<Story> {
  const clock = createVirtualClock(BEGINS);
  const random = seeded(20_261_120);
  // An agent at work stays at work: whoever tells the story ends it.
  const ended = new AbortController();
  const emulator = createEmulator({
    now: clock.now,
    sleep: (_, signal) => until(AbortSignal.any([signal, ended.signal])),
    maxRecords: 50,
    recordBodies: false,
  });
  const { url } = await emulator.listen();
  const config = loadConfig({ flags: { upstream: url, port: "0", consolePort: "0" } });
  const service = await startService({
    config,
    directory,
    version: "0.1.0",
    logger: { debug() {}, info() {}, warn: console.warn, error: console.error },
    clock,
  });
  const found = await discover(directory);
  if (found.state !== "running") throw new Error("the gateway cannot be found");
  const { client } = found;
  const { keeper } = service.gateway;

  async function calm(): Promise<void> {
    for (let quiet = 0; quiet < 12; ) {
      await new Promise((resolve) => setImmediate(resolve));
      quiet = keeper.warmsInFlight() > 0 ? 0 : quiet + 1;
    }
  }

  async function passUntil(at: number): Promise<void> {
    while (clock.now() < at) {
      const isArmed = keeper.warmer
        .conversations()
        .some((id) => keeper.warmer.getState(id).nextWarmAt !== null);
      const left = at - clock.now();
      await clock.pass(isArmed ? Math.min(left, 4_000) : left);
      await calm();
    }
  }

  interface Session {
    readonly run: HeldRun;
    readonly id: string;
    readonly talk: Talk;
  }

  async function open(project: Project, day: number): Promise<Session> {
    const { name, command, tokens, ttl, keepWarm, intervalMs, off } = project;
    const run = await client.attachRun({ pid: process.pid, command, cwd: `/home/ada/src/${name}` });
    const id = idOf(name, day);
    const agent = new Anthropic({ baseURL: run.baseUrl, apiKey: API_KEY, authToken: null, maxRetries: 0 });
    await client.setEnabled(id, off !== true);
    if (keepWarm !== undefined) await client.setKeepWarm(id, keepWarm);
    if (intervalMs !== undefined) await client.setIntervalMs(id, intervalMs);
    return { run, id, talk: new Conversation(agent, project.model, text(`${name} ${day}`, tokens), id, ttl) };
  }

  async function work(turns: readonly Turn[], day: number): Promise<Map<Project, Session>> {
    const sessions = new Map<Project, Session>();
    for (const { at, project } of turns.toSorted((a, b) => a.at - b.at)) {
      await passUntil(at);
      const session = sessions.get(project) ?? (await open(project, day));
      sessions.set(project, session);
      await session.talk.ask(
        `And then? ${"It should do what the others do. ".repeat(20 + Math.floor(random() * 60))}`,
      );
      await calm();
    }
    return sessions;
  }

  const leftOn: HeldRun[] = [];
  for (let day = 0; BEGINS + day * DAY < ENDS - DAY; day++) {
    const morning = BEGINS + day * DAY;
    if ([0, 6].includes(new Date(morning).getUTCDay())) continue;
    const sessions = await work(workday(day, random), day);
    await passUntil(morning + 11 * HOUR);
    for (const run of leftOn.splice(0)) run.release();
    for (const [{ name }, { run }] of sessions) {
      if (day === FORGOTTEN.day && name === FORGOTTEN.name) leftOn.push(run);
      else run.release();
    }
    await until(AbortSignal.timeout(50));
  }
  await work(
    PROJECTS.flatMap((project) => project.lastDay.map((before) => ({ at: ENDS - before * MINUTE, project }))),
    99,
  ).then(async (sessions) => {
    await passUntil(ENDS);
    for (const [{ busy }, { talk }] of sessions) {
      if (busy) talk.ask("[[delay:60000ms]]").catch(() => {});
    }
  });
  await until(AbortSignal.timeout(200));
  return {
    service,
    endsAt: clock.now(),
    conversationId: idOf("cathedral-api", 99),
    async end() {
      ended.abort();
      await service.stop();
      await emulator.close();
    },
  };
}

interface Turn {
  readonly at: number;
  readonly project: Project;
}

/** Some projects, each with a handful of bursts and the pauses that people make between them. */
function workday(day: number, random: () => number): Turn[] {
  const morning = BEGINS + day * DAY;
  const isForgotten = ({ name }: Project) => day === FORGOTTEN.day && name === FORGOTTEN.name;
  const chosen = PROJECTS.filter((one) => isForgotten(one) || (one.off !== true && random() < 0.4));
  return chosen.flatMap((project) => {
    let at = morning + random() * 3 * HOUR;
    const turns = Array.from({ length: 6 + Math.floor(random() * 10) }, () => {
      const kind = random();
      const minutes = kind < 0.5 ? 0.4 + random() * 3 : kind < 0.76 ? 5 + random() * 14 : 25 + random() * 70;
      at += minutes * MINUTE;
      return { at, project };
    });
    return turns.filter((turn) => turn.at < morning + 10 * HOUR);
  });
}

/** A conversation with its project's model and lifetime. */
class Conversation extends Talk {
  readonly #model: string;
  readonly #ttl: "1h" | undefined;

  constructor(client: Anthropic, model: string, system: string, id: string, ttl: "1h" | undefined) {
    super(client, system, id);
    this.#model = model;
    this.#ttl = ttl;
  }

  override get params(): Anthropic.MessageCreateParamsNonStreaming {
    const marker = { type: "ephemeral" as const, ...(this.#ttl === undefined ? {} : { ttl: this.#ttl }) };
    const { system, ...params } = super.params;
    const blocks = typeof system === "string" || system === undefined ? [] : system;
    return {
      ...params,
      model: this.#model,
      cache_control: marker,
      system: blocks.map((block) => ({ ...block, cache_control: marker })),
    };
  }
}

/** As agents name their sessions. */
function idOf(name: string, day: number): string {
  const random = seeded(
    [...name].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), day + 1) % 2_147_483_647,
  );
  const digits = Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16)).join("");
  return digits.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, "$1-$2-4$3-9$4-$5");
}

/** Park and Miller's generator. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 16_807) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

function until(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
