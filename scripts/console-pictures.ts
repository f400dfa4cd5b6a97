/** Takes the console's pictures, `docs/images/console-*.webp`: each view, light, dark and on a phone. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { launchChromium } from "../test/support/chromium.ts";
import { buildConsolePage } from "./console-page.ts";
import { type Story, tellStory } from "./console-story.ts";

const IMAGES = "docs/images";
const QUALITY = 82;

const LOOKS = {
  light: { colorScheme: "light", viewport: { width: 1_280, height: 860 }, deviceScaleFactor: 1.5 },
  dark: { colorScheme: "dark", viewport: { width: 1_280, height: 860 }, deviceScaleFactor: 1.5 },
  phone: { colorScheme: "dark", viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 },
} as const;

const home = mkdtempSync(join(tmpdir(), "keepwarm-pictures-"));
// Whose machine it is must not be seen.
Object.assign(process.env, { HOME: home, TZ: "UTC", XDG_CONFIG_HOME: join(home, ".config") });
await buildConsolePage("dist/console");
const story = await tellStory(join(home, "state"));
const browser = await launchChromium();
try {
  mkdirSync(IMAGES, { recursive: true });
  for (const look of Object.keys(LOOKS) as (keyof typeof LOOKS)[]) await take(browser, story, look);
} finally {
  await browser.close();
  await story.end();
  rmSync(home, { recursive: true, force: true });
}

async function take(browser: Browser, { service, conversationId, endsAt }: Story, look: keyof typeof LOOKS) {
  const context = await browser.newContext({
    ...LOOKS[look],
    locale: "en-US",
    timezoneId: "UTC",
    reducedMotion: "reduce",
    hasTouch: look === "phone",
  });
  const page = await context.newPage();
  // The gateway's clock stands still, and so does the page's.
  await page.clock.setFixedTime(endsAt);
  await page.goto(service.consoleLink ?? "");
  await page.getByText("Live", { exact: true }).waitFor();
  const views = {
    list: ["", ".row"],
    conversation: [`conversation/${conversationId}`, ".legend ~ *, .plot canvas"],
    totals: ["totals", ".plot canvas"],
    settings: ["settings", ".setting"],
  } as const;
  for (const [view, [address, sign]] of Object.entries(views)) {
    await page.evaluate(`location.hash = ${JSON.stringify(`#/${address}`)}`);
    await page.locator(sign).first().waitFor();
    await page.waitForTimeout(500);
    writeFileSync(join(IMAGES, `console-${view}-${look}.webp`), await webp(page));
  }
  await context.close();
}

/** Playwright itself writes no WebP, which is a third of a PNG. */
async function webp(page: Page): Promise<Buffer> {
  const session = await page.context().newCDPSession(page);
  const { data } = await session.send("Page.captureScreenshot", { format: "webp", quality: QUALITY });
  await session.detach();
  return Buffer.from(data, "base64");
}
