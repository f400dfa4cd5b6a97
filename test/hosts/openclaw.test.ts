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
import { exchanges, expectOnlyTheConversationWarmed, isTitle, isWarm } from "./support/conversation.ts";
import { KEEPWARM } from "./support/keepwarm.ts";
import {
  builtPlugin,
  OPENCLAW,
  OPENCLAW_VERSION,
  type OpenClaw,
  settingsFile,
  startOpenClaw,
  writeSettings,
} from "./support/openclaw.ts";
import { printRow } from "./support/row.ts";

const TTL_MS = 6_000;
const PAUSE_MS = 4 * TTL_MS;
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

/** Two turns, four lifetimes, a turn, and a tool of three lifetimes. */
async function talk(openclaw: OpenClaw): Promise<void> {
  await openclaw.say("Question 0, please.");
  await openclaw.say("Question 1, please.");
  await wait(PAUSE_MS);
  await openclaw.say("Question 2, please.");
  await openclaw.say(TOOL);
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

// Few at once: each takes a processor for some seconds until it serves.
describe.concurrent("OpenClaw with keepwarm inside", () => {
  it("finds its whole prefix after a pause and after a long tool, and stores and sends what it does without", async (test) => {
    const [warm, alone] = await Promise.all([world(test), world(test)]);
    const before = readFileSync(settingsFile(warm.home));
    expect(await warm.keepwarm("install")).toMatch(/Type \/warm on/);
    const [kept, bare] = await Promise.all([warm.start(), alone.start()]);
    expect(await kept.say("/warm on")).toMatch(/^Warming is on/);
    await Promise.all([talk(kept), talk(bare)]);
    const [first, ...returns] = exchanges(warm.requests);
    expect(first?.read).toBe(0);
    expect(returns).toHaveLength(4);
    for (const { read, prefix } of returns) expect(read / prefix).toBeGreaterThanOrEqual(0.99);
    expectOnlyTheConversationWarmed(warm.requests);

    // Without it, what comes after the pause and after the tool is written again.
    expect(exchanges(alone.requests).filter(({ read }) => read === 0)).toHaveLength(3);
    expect(alone.requests.filter(isWarm)).toEqual([]);

    expect(await storedBy(kept, warm.home)).toEqual(await storedBy(bare, alone.home));
    expect(sentBy(warm)).toEqual(sentBy(alone));

    await Promise.all([kept.quit(), bare.quit()]);
    await warm.keepwarm("uninstall");
    const after = JSON.parse(readFileSync(settingsFile(warm.home), "utf8"));
    // OpenClaw notes in its settings when it wrote them last.
    expect({ ...after, meta: null }).toEqual({ ...JSON.parse(String(before)), meta: null });
    printRow({
      agent: "OpenClaw",
      how: "`keepwarm install openclaw`, then `/warm on`",
      versions: [OPENCLAW_VERSION],
      readShare: Math.min(...returns.map(({ read, prefix }) => read / prefix)),
      warms: warm.requests.filter(isWarm).length,
    });
  });

  it("keeps warm through a tool, in auto, and stops by itself where going on is not worth its price", async (test) => {
    const place = await world(test);
    await place.keepwarm("install");
    const openclaw = await place.start({ KEEPWARM_KEEP_WARM: "auto" });
    await openclaw.say("/warm on");
    await openclaw.say(TOOL);
    const warms = place.requests.filter(isWarm).length;
    expect(warms).toBeGreaterThan(1);
    const { read, prefix } = exchanges(place.requests).at(-1) ?? { read: 0, prefix: 1 };
    expect(read / prefix).toBeGreaterThanOrEqual(0.99);
    await wait(PAUSE_MS);
    const after = place.requests.filter(isWarm).length;
    await wait(PAUSE_MS);
    expect(place.requests.filter(isWarm)).toHaveLength(after);
    expect(await openclaw.say("/warm")).toMatch(/^Warming is on\. Not worth a warm/);
  });
});

describe.concurrent("OpenClaw with keepwarm inside that is not to warm", () => {
  it("stops at once when it quits, and is still on when it starts again", async (test) => {
    const place = await world(test);
    await place.keepwarm("install");
    const openclaw = await place.start();
    await openclaw.say("/warm on");
    await openclaw.say("Question 0, please.");
    await wait(TTL_MS);
    const warms = place.requests.filter(isWarm).length;
    expect(warms).toBe(1);
    await openclaw.quit();
    await wait(2 * TTL_MS);
    expect(place.requests.filter(isWarm)).toHaveLength(warms);

    const again = await place.start();
    expect(await again.say("/warm")).toMatch(/^Warming is on/);
    await again.say("Question 1, please.");
    await wait(PAUSE_MS);
    await again.say("Question 2, please.");
    const { read, prefix } = exchanges(place.requests).at(-1) ?? { read: 0, prefix: 1 };
    expect(read / prefix).toBeGreaterThanOrEqual(0.99);

    // Off is off at once, too.
    expect(await again.say("/warm off")).toMatch(/^Warming is off/);
    const before = place.requests.filter(isWarm).length;
    await wait(2 * TTL_MS);
    expect(place.requests.filter(isWarm)).toHaveLength(before);
  });

  it("sends and stores exactly what it does without, as long as it is off, or can neither read nor write a thing", async (test) => {
    const [off, broken, alone] = await Promise.all([world(test), world(test), world(test)]);
    await Promise.all([off.keepwarm("install"), broken.keepwarm("install")]);
    const env = { KEEPWARM_HOME: "/dev/full/nowhere", KEEPWARM_KEEP_WARM: "nonsense" };
    const both = await Promise.all([off.start(), broken.start(env), alone.start()]);
    await both[1].say("/warm on");
    for (const openclaw of both) {
      await openclaw.say('[[tool:exec {"command":"echo hi"}]] One.');
      await openclaw.say("Two.");
    }
    await wait(2 * TTL_MS);
    const bare = await storedBy(both[2], alone.home);
    expect(sentBy(alone)).toHaveLength(3);
    for (const [at, place] of [off, broken].entries()) {
      expect(place.requests.filter(isWarm)).toEqual([]);
      expect(sentBy(place)).toEqual(sentBy(alone));
      const openclaw = both[at];
      if (openclaw !== undefined) expect(await storedBy(openclaw, place.home)).toEqual(bare);
    }
  });
});
