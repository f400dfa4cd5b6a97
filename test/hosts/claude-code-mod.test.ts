/**
 * The real Claude Code with keepwarm's mod in it and no gateway, in front of the emulator, where a 5-minute entry lives
 * some seconds, on real clocks: the person comes back after four lifetimes.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { createEmulator, type RecordedRequest } from "../../src/emulator/index.ts";
import {
  type Claude,
  claudeEnv,
  saidIn,
  sentBy,
  startClaude,
  storedSessions,
} from "./support/claude-code.ts";
import { buildMod, faultyMod, installMod, MOD, validate } from "./support/claude-code-mod.ts";
import { type ClaudeTerminal, openClaude } from "./support/claude-code-terminal.ts";
import { waitForPermission, waitForTask } from "./support/claude-code-waits.ts";
import {
  exchanges,
  expectOnlyTheConversationWarmed,
  expectWrittenAgain,
  isWarm,
} from "./support/conversation.ts";
import { conversations, KEEPWARM, keepwarmEnv } from "./support/keepwarm.ts";
import { start } from "./support/process.ts";
import { showRow } from "./support/row.ts";

const TTL_MS = 5_000;
const PAUSE_MS = 4 * TTL_MS;
const TOOL = `[[tool:Bash {"command":"sleep ${(3 * TTL_MS) / 1_000}","description":"Wait"}]] Wait, please.`;

const root = mkdtempSync(join(tmpdir(), "keepwarm-claude-mod-"));
beforeAll(buildMod);
afterAll(() => rmSync(root, { recursive: true, force: true, maxRetries: 10 }));

interface Place {
  readonly home: string;
  readonly env: Record<string, string>;
  readonly requests: readonly RecordedRequest[];
  start(args?: readonly string[], env?: Readonly<Record<string, string>>): Claude;
  startInTerminal(args?: readonly string[]): Promise<ClaudeTerminal>;
}

interface PlaceOptions {
  readonly mod?: "installed" | "not installed";
  readonly chosen?: Readonly<Record<string, string>>;
  /** A command line that ends with Claude Code's own. */
  readonly launcher?: readonly string[];
}

async function place(test: TestContext, options: PlaceOptions = {}): Promise<Place> {
  const { mod = "installed", chosen = {}, launcher = [] } = options;
  const home = mkdtempSync(join(root, "home-"));
  const cwd = join(home, "project");
  mkdirSync(cwd);
  const emulator = createEmulator({ ttl5mMs: TTL_MS, ttl1hMs: TTL_MS });
  const { url } = await emulator.listen();
  test.onTestFinished(() => emulator.close());
  const settings = await keepwarmEnv(home, { upstream: url, ttlMs: TTL_MS, test });
  const env = { ...claudeEnv(home), ...settings, ANTHROPIC_BASE_URL: url, ...chosen };
  if (mod === "installed") await installMod(env);
  return {
    home,
    env,
    requests: emulator.requests,
    start: (args = [], more = {}) =>
      startClaude({ launcher, args: ["--allowedTools=Bash", ...args], env: { ...env, ...more }, cwd, test }),
    startInTerminal: (args = []) => openClaude({ launcher, args, env, cwd, test }),
  };
}

const warms = ({ requests }: Place) => requests.filter(isWarm).length;
const answer = (said: string) => /"content":"([^"]*)"/.exec(said)?.[1] ?? said;
const readShare = ({ requests }: Place) => {
  const { read, prefix } = exchanges(requests).at(-1) ?? { read: 0, prefix: 1 };
  return read / prefix;
};

describe.concurrent("Claude Code with the mod", () => {
  it("finds its whole prefix after a pause and after a long tool, and sends and stores what it does without", async (test) => {
    const [warm, alone] = await Promise.all([place(test), place(test, { mod: "not installed" })]);
    const stored = await Promise.all(
      [warm, alone].map(async (at) => {
        const claude = at.start();
        if (at === warm) expect(answer(await claude.say("/warm on"))).toMatch(/Warming is on/);
        await claude.say("Question 0, please.");
        await claude.say("Question 1, please.");
        await wait(PAUSE_MS);
        await claude.say("Question 2, please.");
        await claude.say(TOOL);
        await claude.quit();
        const [session = []] = storedSessions(at.home);
        return session;
      }),
    );
    const [first, ...returns] = exchanges(warm.requests);
    expect(first?.read).toBe(0);
    expect(returns).toHaveLength(4);
    for (const { read, prefix } of returns) expect(read / prefix).toBeGreaterThanOrEqual(0.99);
    expectOnlyTheConversationWarmed(warm.requests);
    expectWrittenAgain(alone.requests, { ttlMs: TTL_MS, times: 2 });

    expect(sentBy(warm)).toEqual(sentBy(alone));
    const [one, other] = stored.map((session, index) => saidIn(session, [warm, alone][index]?.home ?? ""));
    expect(one).toEqual(other);
    showRow("claudeCode", {
      readShare: Math.min(...returns.map(({ read, prefix }) => read / prefix)),
      warms: warms(warm),
    });
  });

  it("sends nothing while it is off, stops at once when it quits, and is as it was when it is resumed", async (test) => {
    const at = await place(test);
    const claude = at.start();
    await claude.say("Question 0, please.");
    await wait(2 * TTL_MS);
    expect(warms(at)).toBe(0);
    await claude.say("/warm on");
    await claude.say("Question 1, please.");
    await test.expect.poll(() => warms(at)).toBeGreaterThan(0);
    await claude.quit();
    const before = warms(at);
    await wait(2 * TTL_MS);
    expect(warms(at)).toBe(before);

    const again = at.start(["--continue"]);
    await again.say("Question 2, please.");
    expect(answer(await again.say("/warm"))).toMatch(/Warming is on/);
    await wait(PAUSE_MS);
    await again.say("Question 3, please.");
    expect(readShare(at)).toBeGreaterThanOrEqual(0.99);
    await again.say("/warm off");
    const requests = at.requests.length;
    await wait(2 * TTL_MS);
    expect(at.requests).toHaveLength(requests);
  });

  it("keeps warm through a tool, in auto, and stops by itself where going on is not worth its price", async (test) => {
    const at = await place(test, { chosen: { KEEPWARM_KEEP_WARM: "auto" } });
    const claude = at.start();
    await claude.say("Question 0, please.");
    await claude.say("/warm on");
    await claude.say(TOOL);
    expect(warms(at)).toBeGreaterThan(1);
    expect(readShare(at)).toBeGreaterThanOrEqual(0.99);
    await wait(PAUSE_MS);
    const ended = warms(at);
    await wait(2 * TTL_MS);
    expect(warms(at)).toBe(ended);
    expect(answer(await claude.say("/warm"))).toMatch(/Warming is on\. Not worth a warm/);
  });

  it("keeps warm, in auto, what waits for its person's permission", async (test) => {
    const at = await place(test, { chosen: { KEEPWARM_KEEP_WARM: "auto" } });
    const claude = await at.startInTerminal(["--permission-mode", "default"]);
    await waitForPermission({ claude, requests: at.requests, ttlMs: TTL_MS });
  });

  it("keeps warm, in auto, what waits for a task in the background, and no longer", async (test) => {
    const at = await place(test, { chosen: { KEEPWARM_KEEP_WARM: "auto" } });
    await waitForTask({ claude: at.start(), requests: at.requests, ttlMs: TTL_MS });
  });

  it("leaves the old conversation at /clear, and begins one that is off", async (test) => {
    const at = await place(test);
    const claude = at.start();
    await claude.say("Question 0, please.");
    await claude.say("/warm on");
    await claude.say("/clear");
    const before = warms(at);
    await wait(2 * TTL_MS);
    expect(warms(at)).toBe(before);
    await claude.say("Question 1, please.");
    expect(answer(await claude.say("/warm"))).toMatch(/Warming is off/);
    await wait(2 * TTL_MS);
    expect(warms(at)).toBe(before);
  });

  it("has /warm and a line in the terminal, runs no turn for it, and never warms a title", async (test) => {
    const at = await place(test);
    const claude = await at.startInTerminal();
    expect(await claude.say("/warm on")).toMatch(/Warming is on/);
    expect(at.requests).toEqual([]);
    await claude.say("Question 0, please.");
    await claude.shows(/keepwarm: warm .*100 %/);
    await wait(PAUSE_MS);
    await claude.say("Question 1, please.");
    expect(readShare(at)).toBeGreaterThanOrEqual(0.99);
    expectOnlyTheConversationWarmed(at.requests);
    await claude.quit();
    const before = at.requests.length;
    await wait(2 * TTL_MS);
    expect(at.requests).toHaveLength(before);
  });

  it("never warms a sub-agent's requests, and its own while it waits for it", async (test) => {
    const at = await place(test);
    const claude = at.start(["--allowedTools=Bash,Agent"]);
    await claude.say("/warm on");
    await claude.say("Question 0, please.");
    const subAgent = JSON.stringify({
      description: "Look around",
      prompt: TOOL,
      subagent_type: "general-purpose",
      run_in_background: false,
    });
    await claude.say(`[[tool:Agent ${subAgent}]] Delegate, please.`);
    const isOfSession = (request: RecordedRequest) => !("x-claude-code-agent-id" in request.headers);
    expect(at.requests.some((request) => !isOfSession(request))).toBe(true);
    expect(at.requests.filter(isWarm).every(isOfSession)).toBe(true);
    expectOnlyTheConversationWarmed(at.requests.filter(isOfSession));
    expect(readShare({ ...at, requests: at.requests.filter(isOfSession) })).toBeGreaterThanOrEqual(0.99);
  });

  it("leaves all warming to the gateway of keepwarm run", async (test) => {
    const at = await place(test, { launcher: [...KEEPWARM, "run", "--quiet", "--enable", "--"] });
    const claude = at.start();
    await claude.say("Question 0, please.");
    await wait(PAUSE_MS);
    await claude.say("Question 1, please.");
    expect(readShare(at)).toBeGreaterThanOrEqual(0.99);
    // One a lifetime, as ever.
    expect(warms(at)).toBeLessThanOrEqual(Math.ceil(PAUSE_MS / (TTL_MS * 0.8)));
    expect(answer(await claude.say("/warm"))).toMatch(/Warming is on/);
    expect(await conversations(at.env)).toMatchObject([{ enabled: true }]);
    await claude.quit();
    expect(readdirSync(join(at.home, "keepwarm")).includes("spool")).toBe(false);
  });

  it("sends nothing where a gateway of keepwarm's is in the way, and says so", async (test) => {
    const at = await place(test);
    const [node, cli] = KEEPWARM;
    const gateway = start(node, [cli, "start"], { env: at.env, cwd: at.home, test });
    await gateway.says(/127\.0\.0\.1/);
    const claude = at.start([], { ANTHROPIC_BASE_URL: `http://127.0.0.1:${at.env.KEEPWARM_PORT}` });
    await claude.say("/warm on");
    await claude.say("Question 0, please.");
    await wait(2 * TTL_MS);
    expect(at.requests).toHaveLength(1);
    expect(answer(await claude.say("/warm"))).toMatch(/Requests go by a gateway of keepwarm's/);
  });

  it("does not warm what a subscription's token may pay for, and says so", async (test) => {
    const at = await place(test, {
      chosen: {
        ANTHROPIC_API_KEY: "",
        CLAUDE_CODE_OAUTH_TOKEN: "sk-ant-oat01-any",
        KEEPWARM_TTL_1H: `${TTL_MS}ms`,
      },
    });
    const claude = at.start();
    await claude.say("/warm on");
    await claude.say("Question 0, please.");
    await wait(2 * TTL_MS);
    expect(warms(at)).toBe(0);
    expect(answer(await claude.say("/warm"))).toMatch(/signed in with a subscription/);
  });

  it("is a mod that Claude Code finds nothing wrong with", async (test) => {
    const { env } = await place(test, { mod: "not installed" });
    await expect(validate(MOD, env)).resolves.toBeUndefined();
  });

  it.for([
    ...["isWanted", "started", "told", "stepBegan", "stepEnded", "turnEnded"],
    ...["leaving", "answered", "ended"],
  ])("leaves Claude Code working though it throws when it is told %s", async (told, test) => {
    const at = await place(test, { mod: "not installed" });
    const folder = faultyMod(told, at.home);
    await validate(folder, at.env);
    const claude = at.start(["--plugin-dir", folder]);
    for (const words of [
      "Question 0, please.",
      TOOL.replace(/sleep \d+/, "echo hi"),
      "Question 1, please.",
    ]) {
      expect(await claude.say(words)).toMatch(/"is_error":false/);
    }
    await claude.quit();
    expect(exchanges(at.requests)).toHaveLength(4);
    expect(warms(at)).toBe(0);
  });

  it("is gone from its settings, and from it, once it is uninstalled", async (test) => {
    const at = await place(test);
    const settings = join(at.home, ".claude", "settings.json");
    expect(JSON.parse(readFileSync(settings, "utf8")).enabledPlugins).toEqual({ "keepwarm@keepwarm": true });
    await installMod(at.env, "uninstall");
    const claude = at.start();
    expect(await claude.say("/warm on")).not.toMatch(/Warming is/);
  });
});
