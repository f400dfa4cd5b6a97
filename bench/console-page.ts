/**
 * What the console's page costs in a real Chromium: the weight of its first paint, how long until the first rows
 * are there, how much work a frame of scrolling, searching and traffic is, how often and for how long it holds the page
 * up (long tasks: over 50 ms), and how much of a core it takes while it only counts down.
 *
 * Limit: 100 kB gzipped, which the build holds too. Times are printed, and not judged. Work is the main thread's own, by
 * the browser's trace; a task that waits for a processor, because the machine is busy with the gateway, the upstream and
 * whatever else, is long and no more work.
 *
 * Run: npm run bench:console-page [-- --conversations 500]
 */
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Browser, Page } from "playwright-core";
import * as z from "zod";
import { LIGHT_BYTES, weightOf } from "../scripts/console-page.ts";
import { consoleLink, discover, readToken } from "../src/hub/index.ts";
import { launchChromium } from "../test/support/chromium.ts";
import { startGateway, startScript } from "./support/child-process.ts";

const { values } = parseArgs({ options: { conversations: { type: "string" } } });
const COUNTS = values.conversations === undefined ? [500, 1_000] : [Number(values.conversations)];
const TTL_MS = 300_000;
const IDLE_MS = 10_000;
const AT_ONCE = 10;
/** Wheel notches of a scroll, one a frame. */
const NOTCHES = 300;
/** How far a mouse scrolls by one. */
const NOTCH_PX = 120;
const SEARCH = "conversation 25";
/** Turns a second while the page is open. */
const TURNS_A_SECOND = 50;
const TRAFFIC_MS = 8_000;

/** What a browser calls one. */
const LONG_MS = 50;

const trace = z.object({
  traceEvents: z.array(
    z.object({
      name: z.string(),
      pid: z.number(),
      tid: z.number(),
      /** In µs. */
      dur: z.number().optional(),
      tdur: z.number().optional(),
    }),
  ),
});

const weight = weightOf(fileURLToPath(new URL("../dist/console", import.meta.url)));
console.log(`first paint: ${(weight / 1_000).toFixed(1)} kB gzipped (limit ${LIGHT_BYTES / 1_000} kB)`);
if (weight > LIGHT_BYTES) process.exitCode = 1;

for (const conversations of COUNTS) await measure(conversations);

async function measure(conversations: number): Promise<void> {
  const upstream = await startScript(fileURLToPath(new URL("./support/emulator.ts", import.meta.url)), [
    String(TTL_MS),
  ]);
  const gateway = await startGateway({ upstream: upstream.url, args: ["--enable-new"] });
  const browser = await launchChromium();
  try {
    const turn = (index: number) => ask(gateway.url, `conversation ${index}`);
    for (let from = 0; from < conversations; from += AT_ONCE) {
      await Promise.all(Array.from({ length: AT_ONCE }, (_, offset) => turn(from + offset)));
    }
    const page = await browser.newPage({ viewport: { width: 1_400, height: 900 }, locale: "en-US" });

    console.log(`\n${conversations} conversations, all kept warm`);
    const startedAt = performance.now();
    await page.goto(await linkOf(gateway.directory));
    await page.locator(".row").first().waitFor();
    console.log(`  first rows after ${Math.round(performance.now() - startedAt)} ms`);
    await sleep(1_000);

    const still = await traced(browser, page, () => sleep(IDLE_MS));
    const share = workMs(still) / IDLE_MS;
    console.log(`  counting down: ${(share * 100).toFixed(1)} % of a core`);

    await watched("scrolling", browser, page, async () => {
      await page.mouse.move(700, 500);
      for (let notch = 0; notch < NOTCHES; notch++) {
        await page.mouse.wheel(0, notch < NOTCHES / 2 ? NOTCH_PX : -NOTCH_PX);
      }
    });
    await watched("searching", browser, page, async () => {
      await page.getByRole("searchbox").pressSequentially(SEARCH, { delay: 60 });
      await page.getByRole("searchbox").fill("");
    });
    await watched(`${TURNS_A_SECOND} turns a second`, browser, page, async () => {
      const until = performance.now() + TRAFFIC_MS;
      for (let index = 0; performance.now() < until; index++) {
        await Promise.all([turn(index % conversations), sleep(1_000 / TURNS_A_SECOND)]);
      }
    });
  } finally {
    await browser.close();
    await gateway.stop();
    await upstream.stop();
  }
}

/** A turn of a conversation. */
async function ask(gatewayUrl: string, session: string): Promise<void> {
  const marker = { type: "ephemeral" };
  const answer = await fetch(`${gatewayUrl}/v1/messages`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "anthropic-version": "2023-06-01",
      "x-api-key": "sk-ant-api-bench",
      "x-session-id": session,
    },
    body: JSON.stringify({
      model: "claude-opus-5-5",
      max_tokens: 64,
      system: [{ type: "text", text: `${session} `.repeat(1_000), cache_control: marker }],
      messages: [{ role: "user", content: "And then?" }],
    }),
  });
  if (!answer.ok) throw new Error(`the upstream answered ${answer.status}: ${await answer.text()}`);
  await answer.arrayBuffer();
}

/** A task of the page's main thread. */
interface Task {
  readonly longMs: number;
  /** What of it was work. */
  readonly workMs: number;
}

interface Traced {
  readonly tasks: readonly Task[];
  readonly frames: number;
}

async function watched(
  what: string,
  browser: Browser,
  page: Page,
  act: () => Promise<unknown>,
): Promise<void> {
  const seen = await traced(browser, page, act);
  const long = seen.tasks.filter(({ longMs }) => longMs > LONG_MS);
  const worked = long.filter(({ workMs }) => workMs > LONG_MS);
  const most = Math.max(0, ...seen.tasks.map(({ workMs }) => workMs));
  console.log(
    `  ${what}: ${(workMs(seen) / Math.max(1, seen.frames)).toFixed(1)} ms of work a frame, ${most.toFixed(0)} ms at most at once; long tasks: ${worked.length} by their work, ${long.length} by the clock`,
  );
}

async function traced(browser: Browser, page: Page, act: () => Promise<unknown>): Promise<Traced> {
  const categories = ["devtools.timeline", "disabled-by-default-devtools.timeline", "__metadata"];
  await browser.startTracing(page, { categories });
  await act();
  await sleep(300);
  const { traceEvents } = trace.parse(JSON.parse((await browser.stopTracing()).toString("utf8")));
  // The thread that lays out: the page's own.
  const { pid, tid } = traceEvents.findLast(({ name }) => name === "Layout" || name === "PrePaint") ?? {};
  const own = traceEvents.filter((event) => event.pid === pid && event.tid === tid);
  return {
    tasks: own
      .filter(({ name }) => name === "RunTask")
      .map(({ dur = 0, tdur = 0 }) => ({ longMs: dur / 1_000, workMs: tdur / 1_000 })),
    frames: own.filter(({ name }) => name === "Commit").length,
  };
}

function workMs({ tasks }: Traced): number {
  return tasks.reduce((sum, task) => sum + task.workMs, 0);
}

async function linkOf(directory: string): Promise<string> {
  const found = await discover(directory);
  const token = await readToken(directory);
  if (found.state !== "running" || token === null) throw new Error("the gateway cannot be found");
  return consoleLink(found.record.controlUrl, token);
}
