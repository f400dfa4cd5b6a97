/**
 * What the console's page costs in a real Chromium: the weight of its first paint, how long until the first rows
 * are there, how often and for how long scrolling, searching and traffic hold it up (long tasks: over 50 ms), and how
 * much of a core it takes while it only counts down. Everything runs on one machine: other work on it shows.
 *
 * Limit: 100 kB gzipped, which the build holds too. Times are printed, and not judged.
 *
 * Run: npm run bench:console-page [-- --conversations 500]
 */
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { CDPSession, Page } from "playwright-core";
import { LIGHT_BYTES, weightOf } from "../scripts/console-page.ts";
import { consoleLink, discover, readToken } from "../src/hub/index.ts";
import { launchChromium } from "../test/support/chromium.ts";
import { startGateway, startScript } from "./support/child-process.ts";
import { percentile } from "./support/statistics.ts";

const { values } = parseArgs({ options: { conversations: { type: "string" } } });
const COUNTS = values.conversations === undefined ? [500, 1_000] : [Number(values.conversations)];
const TTL_MS = 300_000;
const IDLE_MS = 10_000;
const AT_ONCE = 10;
/** Wheel notches of a scroll, one a frame. */
const NOTCHES = 180;
const SEARCH = "conversation 25";
/** Turns a second while the page is open. */
const TURNS_A_SECOND = 50;
const TRAFFIC_MS = 8_000;

/** Notes long tasks, and the time between two frames, from the page's first moment. */
const WATCH = `
  globalThis.longTasks = [];
  globalThis.frames = [];
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) longTasks.push(duration);
  }).observe({ type: "longtask", buffered: true });
  let last = 0;
  requestAnimationFrame(function frame(now) {
    if (last > 0) frames.push(now - last);
    last = now;
    requestAnimationFrame(frame);
  });
`;

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
    const session = await page.context().newCDPSession(page);
    // Time at work, and not time waited for a processor.
    await session.send("Performance.setTimeDomain", { timeDomain: "threadTicks" });
    await session.send("Performance.enable");
    await page.addInitScript(WATCH);

    console.log(`\n${conversations} conversations, all kept warm`);
    const startedAt = performance.now();
    await page.goto(await linkOf(gateway.directory));
    await page.locator(".row").first().waitFor();
    console.log(`  first rows after ${Math.round(performance.now() - startedAt)} ms`);
    await sleep(1_000);

    const from = await busyMs(session);
    await sleep(IDLE_MS);
    const share = ((await busyMs(session)) - from) / IDLE_MS;
    console.log(`  counting down: ${(share * 100).toFixed(1)} % of a core`);

    await watched("scrolling", page, session, async () => {
      await page.mouse.move(700, 500);
      for (let notch = 0; notch < NOTCHES; notch++)
        await page.mouse.wheel(0, notch < NOTCHES / 2 ? 400 : -400);
    });
    await watched("searching", page, session, async () => {
      await page.getByRole("searchbox").pressSequentially(SEARCH, { delay: 60 });
      await page.getByRole("searchbox").fill("");
    });
    await watched(`${TURNS_A_SECOND} turns a second`, page, session, async () => {
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

async function watched(
  what: string,
  page: Page,
  session: CDPSession,
  act: () => Promise<unknown>,
): Promise<void> {
  await page.evaluate("longTasks.length = frames.length = 0");
  const from = await busyMs(session);
  await act();
  await sleep(300);
  const tasks: number[] = await page.evaluate("longTasks");
  const frames: number[] = await page.evaluate("frames");
  const perFrame = ((await busyMs(session)) - from) / Math.max(1, frames.length);
  const longest = tasks.length === 0 ? "" : `, the longest ${Math.round(Math.max(...tasks))} ms`;
  console.log(
    `  ${what}: ${perFrame.toFixed(1)} ms of work a frame; ${tasks.length} long tasks${longest}; a frame each ${percentile(frames, 50).toFixed(0)} ms (p50), ${percentile(frames, 99).toFixed(0)} ms (p99)`,
  );
}

/** Time that the page's main thread has been at work, in ms. */
async function busyMs(session: CDPSession): Promise<number> {
  const { metrics } = await session.send("Performance.getMetrics");
  return (metrics.find(({ name }) => name === "TaskDuration")?.value ?? 0) * 1_000;
}

async function linkOf(directory: string): Promise<string> {
  const found = await discover(directory);
  const token = await readToken(directory);
  if (found.state !== "running" || token === null) throw new Error("the gateway cannot be found");
  return consoleLink(found.record.controlUrl, token);
}
