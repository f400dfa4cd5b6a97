/** Takes the console's pictures, `docs/images/console-*.webp`: each view, light, dark and on a phone. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { stateDirectory } from "../src/storage/index.ts";
import { launchChromium } from "../test/support/chromium.ts";
import { buildConsolePage } from "./console-page.ts";
import { type Story, seeded, tellStory } from "./console-story.ts";

const IMAGES = "docs/images";
const QUALITY = 0.86;

const LOOKS = {
  light: { colorScheme: "light", viewport: { width: 1_280, height: 860 }, deviceScaleFactor: 1.5 },
  dark: { colorScheme: "dark", viewport: { width: 1_280, height: 860 }, deviceScaleFactor: 1.5 },
  phone: { colorScheme: "dark", viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 },
} as const;

const home = mkdtempSync(join(tmpdir(), "keepwarm-pictures-"));
// Whose machine it is must not be seen, nor what is set on it.
for (const name of Object.keys(process.env)) if (/^(KEEPWARM|XDG)_/.test(name)) delete process.env[name];
Object.assign(process.env, { HOME: home, TZ: "UTC" });
const directory = stateDirectory();
mkdirSync(directory, { recursive: true, mode: 0o700 });
writeFileSync(join(directory, "config.json"), '{\n  "enableNew": true,\n  "maxUsdPerDay": 5\n}\n');
// What is chance in a gateway, such as the jitter of a warm, is the same in each picture.
Math.random = seeded(1);
await buildConsolePage("dist/console");
const story = await tellStory(directory);
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

/** Playwright itself writes no WebP, which is a third of a PNG: the browser does. */
async function webp(page: Page): Promise<Buffer> {
  const png = (await page.screenshot()).toString("base64");
  const painter = await page.context().newPage();
  const url: unknown = await painter.evaluate(`(async () => {
    const image = new Image();
    image.src = "data:image/png;base64,${png}";
    await image.decode();
    const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
    canvas.getContext("2d").drawImage(image, 0, 0);
    const blob = await canvas.convertToBlob({ type: "image/webp", quality: ${QUALITY} });
    return new Promise((resolve) => {
      const reader = new FileReader();
      reader.onload = () => resolve(reader.result);
      reader.readAsDataURL(blob);
    });
  })()`);
  await painter.close();
  return Buffer.from(String(url).replace(/^.*,/, ""), "base64");
}
