/**
 * How long a program takes to quit with keepwarm and a warm due, beside the same without: pi, OpenCode in its terminal,
 * OpenClaw's gateway, and Claude Code, with the mod and in a run of `keepwarm run`, which has to end with it. They are
 * installed by `npm run test:hosts`, which has to have run first. Rounds alternate, medians count. Needs `npm run
 * build`. Limit: 50 ms more.
 *
 * Usage: node bench/host-exit.ts [pi | opencode | openclaw | claude-code | "keepwarm run -- claude"]...
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { createEmulator } from "../src/emulator/index.ts";
import { type Claude, claudeEnv, startClaude } from "../test/hosts/support/claude-code.ts";
import { installMod } from "../test/hosts/support/claude-code-mod.ts";
import { installedVersion } from "../test/hosts/support/install.ts";
import { keepwarmEnv } from "../test/hosts/support/keepwarm.ts";
import { startOpenClaw } from "../test/hosts/support/openclaw.ts";
import { installPlugin } from "../test/hosts/support/opencode-plugin.ts";
import { openTerminal, terminalEnv } from "../test/hosts/support/opencode-terminal.ts";
import { startPi } from "../test/hosts/support/pi.ts";
import { median } from "./support/statistics.ts";

const ROUNDS = 7;
const LIMIT_MS = 50;
/** What a program does once it has answered, such as asking for a title, is over by then. */
const SETTLED_MS = 3_000;
const HOSTS = resolve("dist/hosts");
const KEEPWARM = [process.execPath, resolve("dist/cli.js")];

interface Place {
  readonly home: string;
  /** The API's address. */
  readonly url: string;
  readonly test: { onTestFinished(end: () => unknown): void };
  readonly keepwarm: boolean;
}

interface Program {
  readonly package: string;
  /** Starts it and has one turn with it. Resolves with the way to end it, which says how long that took, in ms. */
  talk(place: Place): Promise<() => Promise<number>>;
}

const ALWAYS = { KEEPWARM_KEEP_WARM: "always" };

const PROGRAMS: Readonly<Record<string, Program>> = {
  pi: {
    package: "@earendil-works/pi-coding-agent",
    async talk({ keepwarm, ...place }) {
      const packages = keepwarm ? [join(HOSTS, "pi")] : [];
      const pi = startPi({ ...place, version: "0.87.1", settings: { packages }, env: ALWAYS });
      if (keepwarm) await pi.ask("/warm on");
      await pi.say("Hello.");
      return pi.quit;
    },
  },
  opencode: {
    package: "opencode-ai",
    async talk({ home, url, test, keepwarm }) {
      const env = { ...terminalEnv(home, url), ...ALWAYS, KEEPWARM_HOME: join(home, "keepwarm") };
      if (keepwarm) await installPlugin(env);
      const opencode = await openTerminal({ env, cwd: home, test });
      await opencode.say("Hello.");
      await opencode.shows(/emulated answer/);
      if (keepwarm) {
        await opencode.say("/warm on");
        await opencode.shows(/warm \d:\d\d/);
      }
      return opencode.quit;
    },
  },
  openclaw: {
    package: "openclaw",
    async talk({ keepwarm, ...place }) {
      const plugins: Record<string, string> = keepwarm ? { keepwarm: join(HOSTS, "openclaw") } : {};
      const openclaw = await startOpenClaw({ ...place, plugins, env: ALWAYS });
      if (keepwarm) await openclaw.say("/warm on");
      await openclaw.say("Hello.");
      return openclaw.quit;
    },
  },
  "claude-code": {
    package: "@anthropic-ai/claude-code",
    async talk({ home, url, test, keepwarm }) {
      const env = {
        ...claudeEnv(home),
        ...(await keepwarmEnv(home, { upstream: url, ttlMs: 300_000, test })),
        ANTHROPIC_BASE_URL: url,
      };
      if (keepwarm) await installMod(env);
      const claude = startClaude({ env, cwd: home, test });
      if (keepwarm) await claude.say("/warm on");
      await claude.say("Hello.");
      return () => endOf(claude);
    },
  },
  "keepwarm run -- claude": {
    package: "@anthropic-ai/claude-code",
    async talk({ home, url, test, keepwarm }) {
      const settings = keepwarm
        ? await keepwarmEnv(home, { upstream: url, ttlMs: 300_000, test })
        : { ANTHROPIC_BASE_URL: url };
      const claude = startClaude({
        launcher: keepwarm ? [...KEEPWARM, "run", "--quiet", "--enable", "--"] : [],
        env: { ...claudeEnv(home), ...settings },
        cwd: home,
        test,
      });
      await claude.say("Hello.");
      return () => endOf(claude);
    },
  },
};

async function endOf(claude: Claude): Promise<number> {
  const from = performance.now();
  await claude.quit();
  return performance.now() - from;
}

async function quitMs(program: Program, keepwarm: boolean): Promise<number> {
  const home = mkdtempSync(join(tmpdir(), "keepwarm-exit-"));
  mkdirSync(join(home, "keepwarm"));
  const emulator = createEmulator();
  const ends: (() => unknown)[] = [];
  const test = { onTestFinished: (end: () => unknown) => void ends.push(end) };
  try {
    const quit = await program.talk({ home, url: (await emulator.listen()).url, test, keepwarm });
    await wait(SETTLED_MS);
    return await quit();
  } finally {
    for (const end of ends.toReversed()) await end();
    await emulator.close();
    rmSync(home, { recursive: true, force: true, maxRetries: 10 });
  }
}

async function measure(name: string, program: Program): Promise<void> {
  const withIt: number[] = [];
  const without: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    withIt.push(await quitMs(program, true));
    without.push(await quitMs(program, false));
  }
  const delayMs = Math.max(0, median(withIt) - median(without));
  console.log(
    `${name} quits in ${median(withIt).toFixed(0)} ms with keepwarm, ${median(without).toFixed(0)} ms without: ${delayMs.toFixed(0)} ms more (${(delayMs / LIMIT_MS).toFixed(2)} of the limit)`,
  );
  if (delayMs <= LIMIT_MS) return;
  console.error(`keepwarm: the end of ${name} is delayed by more than ${LIMIT_MS} ms`);
  process.exitCode = 1;
}

const chosen = process.argv.slice(2);
for (const [name, program] of Object.entries(PROGRAMS)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  if (installedVersion(program.package) === undefined) {
    console.error(`keepwarm: ${name} is not installed here: run npm run test:hosts first`);
    process.exit(1);
  }
  await measure(name, program);
}
