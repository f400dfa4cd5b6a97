/**
 * The real OpenClaw with the plugin in it, in front of the emulator, where a 5-minute entry lives some seconds, on
 * real clocks: its person comes back after four lifetimes.
 */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { createEmulator, type Emulator, type RecordedRequest } from "../../src/emulator/index.ts";
import {
  exchanges,
  expectOnlyTheConversationWarmed,
  expectWrittenAgain,
  isTitle,
  isWarm,
} from "./support/conversation.ts";
import { KEEPWARM } from "./support/keepwarm.ts";
import {
  builtPlugin,
  OPENCLAW,
  type OpenClaw,
  settingsFile,
  startOpenClaw,
  writeSettings,
} from "./support/openclaw.ts";
import { showRow } from "./support/row.ts";

const TTL_MS = 6_000;
const PAUSE_MS = 4 * TTL_MS;
/** Half a lifetime: OpenClaw may be busy with itself for a second, and a warm that is late is not sent. */
const SOON = "interval 3s";
/** Its tool would go on in the background after ten seconds. */
const COMMAND = { command: `sleep ${(3 * TTL_MS) / 1_000}`, yieldMs: 60_000 };
const TOOL = `[[tool:exec ${JSON.stringify(COMMAND)}]] Wait, please.`;

const root = mkdtempSync(join(tmpdir(), "keepwarm-openclaw-"));
beforeAll(async () => {
  await builtPlugin();
});
afterAll(() => rmSync(root, { recursive: true, force: true, maxRetries: 10 }));

interface World extends Emulator {
  readonly home: string;
  start(env?: Readonly<Record<string, string>>): Promise<OpenClaw>;
  keepwarm(command: "install" | "uninstall"): Promise<string>;
}

/** A home for one OpenClaw, and an emulator of its own. */
async function world(test: TestContext): Promise<World> {
  const home = mkdtempSync(join(root, "home-"));
  const emulator = createEmulator({ ttl5mMs: TTL_MS });
  const { url } = await emulator.listen();
  test.onTestFinished(() => emulator.close());
  const programs = join(home, "bin");
  mkdirSync(programs);
  symlinkSync(OPENCLAW, join(programs, "openclaw"));
  writeSettings({ home, url, plugins: {} });
  return {
    ...emulator,
    get requests() {
      return emulator.requests;
    },
    home,
    start: (env = {}) =>
      startOpenClaw({
        ...{ home, url, test, plugins: {} },
        env: { KEEPWARM_TTL_5M: `${TTL_MS}ms`, KEEPWARM_KEEP_WARM: "always", ...env },
      }),
    async keepwarm(command) {
      const [node, cli] = KEEPWARM;
      const env = {
        PATH: `${programs}:${process.env.PATH}`,
        HOME: home,
        KEEPWARM_HOME: join(home, "keepwarm"),
      };
      return (await promisify(execFile)(node, [cli, command, "openclaw"], { env })).stdout;
    },
  };
}

const warmsOf = ({ requests }: World) => requests.filter(isWarm);

function lastReadShare({ requests }: World): number {
  const { read, prefix } = exchanges(requests).at(-1) ?? { read: 0, prefix: 1 };
  return read / prefix;
}

async function switchOn(openclaw: OpenClaw): Promise<void> {
  expect(await openclaw.say("/warm on")).toMatch(/^Warming is on/);
  await openclaw.say(`/warm ${SOON}`);
}

/** Two turns, four lifetimes, a turn, and a tool of three lifetimes. */
async function talk(openclaw: OpenClaw): Promise<void> {
  await openclaw.say("Question 0, please.");
  await openclaw.say("Question 1, please.");
  await wait(PAUSE_MS);
  await openclaw.say("Question 2, please.");
  await openclaw.say(TOOL);
}

/** All of a request but how it is asked. */
function prefixIn({ body }: RecordedRequest): unknown {
  const { max_tokens, stream, ...prefix } = JSON.parse(String(body));
  return prefix;
}

/** What OpenClaw sent of its conversation, without what differs between any two runs. */
function sentBy({ requests, home }: World): string[] {
  const own = (request: RecordedRequest) => !isWarm(request) && !isTitle(request);
  return requests.filter(own).map(({ body }) => {
    const { messages, ...rest } = JSON.parse(withoutTimes(String(body), home));
    return JSON.stringify({ ...rest, messages: messages.filter((one: object) => !isCommand(one)) });
  });
}

/** OpenClaw keeps its person's commands in the conversation, whose ever they are. */
function isCommand(message: object): boolean {
  const content: unknown = Reflect.get(message, "content");
  return typeof content === "string" && /^\[\w+ …\] \/warm/.test(content);
}

function withoutTimes(text: string, home: string): string {
  const names = new Map<string, string>();
  return text
    .replaceAll(home, "/home")
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)? UTC/g, "…")
    .replace(/toolu_\w+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, (id) => {
      names.set(id, names.get(id) ?? `id-${names.size}`);
      return names.get(id) ?? id;
    });
}

/** What OpenClaw keeps of it, and shows: what was said, and what was called. */
async function storedBy(openclaw: OpenClaw, home: string): Promise<unknown> {
  const history: unknown = await openclaw.history();
  const messages: unknown = Reflect.get(Object(history), "messages");
  const text = JSON.stringify(messages, (key, value) =>
    /^(id|timestamp|idempotencyKey|__openclaw|usage|responseId|toolCallId|cost|details)$/.test(key)
      ? undefined
      : value,
  );
  const said: object[] = JSON.parse(withoutTimes(text, home));
  return said.filter((message) => {
    const isAnswer = Reflect.get(message, "model") === "gateway-injected";
    return !isAnswer && !/^\/warm/.test(String(Reflect.get(message, "content")));
  });
}

// Groups one after the other, and no more than three at once: each takes a gigabyte, and a processor until it serves.
describe("OpenClaw with keepwarm inside", () => {
  it.concurrent("finds its whole prefix after a pause and after a long tool, and stores and sends what it does without", async (test) => {
    const [warm, alone] = await Promise.all([world(test), world(test)]);
    const before = readFileSync(settingsFile(warm.home));
    expect(await warm.keepwarm("install")).toMatch(/Type \/warm on/);
    const [kept, bare] = await Promise.all([warm.start(), alone.start()]);
    await switchOn(kept);
    await Promise.all([talk(kept), talk(bare)]);
    const [first, ...returns] = exchanges(warm.requests);
    expect(first?.read).toBe(0);
    expect(returns).toHaveLength(4);
    const readShare = Math.min(...returns.map(({ read, prefix }) => read / prefix));
    expect(readShare).toBeGreaterThanOrEqual(0.99);
    expectOnlyTheConversationWarmed(warm.requests);

    // Without it, what comes after the pause and after the tool is written again.
    expectWrittenAgain(alone.requests, { ttlMs: TTL_MS, times: 2 });

    expect(await storedBy(kept, warm.home)).toEqual(await storedBy(bare, alone.home));
    expect(sentBy(warm)).toEqual(sentBy(alone));

    await Promise.all([kept.quit(), bare.quit()]);
    await warm.keepwarm("uninstall");
    const after = JSON.parse(readFileSync(settingsFile(warm.home), "utf8"));
    // OpenClaw notes in its settings when it wrote them last.
    expect({ ...after, meta: null }).toEqual({ ...JSON.parse(String(before)), meta: null });
    showRow("openClaw", {
      readShare,
      warms: warmsOf(warm).length,
    });
  });

  it.concurrent("keeps warm through a tool, in auto, and stops by itself where going on is not worth its price", async (test) => {
    const place = await world(test);
    await place.keepwarm("install");
    const openclaw = await place.start({ KEEPWARM_KEEP_WARM: "auto" });
    await switchOn(openclaw);
    await openclaw.say(TOOL);
    expect(warmsOf(place).length).toBeGreaterThan(1);
    expect(lastReadShare(place)).toBeGreaterThanOrEqual(0.99);
    await wait(PAUSE_MS);
    const after = warmsOf(place).length;
    await wait(2 * TTL_MS);
    expect(warmsOf(place)).toHaveLength(after);
    expect(await openclaw.say("/warm")).toMatch(/^Warming is on, .*Not worth a warm/);
  });
});

describe("OpenClaw with keepwarm inside", () => {
  it.concurrent("stops at once when it quits, and is still on when it starts again", async (test) => {
    const place = await world(test);
    await place.keepwarm("install");
    const openclaw = await place.start();
    await switchOn(openclaw);
    await openclaw.say("Question 0, please.");
    await test.expect.poll(() => warmsOf(place).length).toBeGreaterThan(0);
    await openclaw.quit();
    const warms = warmsOf(place).length;
    await wait(2 * TTL_MS);
    expect(warmsOf(place)).toHaveLength(warms);

    const again = await place.start();
    expect(await again.say("/warm")).toMatch(/^Warming is on/);
    await again.say("Question 1, please.");
    await wait(PAUSE_MS);
    await again.say("Question 2, please.");
    expect(lastReadShare(place)).toBeGreaterThanOrEqual(0.99);

    // Off is off at once, too.
    expect(await again.say("/warm off")).toMatch(/^Warming is off/);
    const before = warmsOf(place).length;
    await wait(2 * TTL_MS);
    expect(warmsOf(place)).toHaveLength(before);
  });

  it.concurrent("does not take a heartbeat for its person's return, nor for what is to be kept warm", async (test) => {
    const place = await world(test);
    await place.keepwarm("install");
    const openclaw = await place.start();
    await switchOn(openclaw);
    // Three since its person spoke last: a return would begin to count anew.
    expect(await openclaw.say("/warm 3 pings")).toMatch(/^Warming is on \(3 pings\)/);
    await openclaw.say("Question 0, please.");
    await test.expect.poll(() => warmsOf(place).length).toBeGreaterThan(0);
    await openclaw.call("wake", { mode: "now", text: "Wake up." });
    await test.expect.poll(() => exchanges(place.requests).length).toBe(2);
    await wait(PAUSE_MS);
    const [asked] = place.requests.filter((request) => !isWarm(request) && !isTitle(request));
    expect(warmsOf(place).map(prefixIn)).toEqual(Array(3).fill(asked && prefixIn(asked)));
  });

  it.concurrent("sends and stores exactly what it does without, as long as it is off, or can neither read nor write a thing", async (test) => {
    const [off, broken, alone] = await Promise.all([world(test), world(test), world(test)]);
    await Promise.all([off.keepwarm("install"), broken.keepwarm("install")]);
    const held = async (place: World, env: Readonly<Record<string, string>> = {}) => {
      const openclaw = await place.start(env);
      if (place === broken) await openclaw.say("/warm on");
      await openclaw.say('[[tool:exec {"command":"echo hi"}]] One.');
      await openclaw.say("Two.");
      if (place !== alone) await wait(2 * TTL_MS);
      const stored = await storedBy(openclaw, place.home);
      await openclaw.quit();
      return { stored, sent: sentBy(place) };
    };
    const bare = await held(alone);
    expect(bare.sent).toHaveLength(3);
    expect(await held(off)).toEqual(bare);
    expect(
      await held(broken, { KEEPWARM_HOME: "/dev/full/nowhere", KEEPWARM_KEEP_WARM: "nonsense" }),
    ).toEqual(bare);
    for (const place of [off, broken]) expect(warmsOf(place)).toEqual([]);
  });
});
