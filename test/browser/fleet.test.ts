/** The fleet's pages: a queue, a job that failed and is queued again, the worker that does it. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { newFleetKey } from "../../src/fleet/index.ts";
import { API_KEY } from "../hosts/sdk/world.ts";
import { keepwarm } from "../support/keepwarm-command.ts";
import { openBrowser, openConsole, setUp } from "./world.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

declare const axe: typeof import("axe-core");

async function violations(page: Page): Promise<string[]> {
  const { violations } = await page.evaluate(
    (values): Promise<AxeResults> => axe.run(document, { runOnly: { type: "tag", values } }),
    TAGS,
  );
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(" ")}: ${failureSummary}`),
  );
}

/** How far the page is wider than its screen, in px. */
async function overhang(page: Page): Promise<number> {
  return page.evaluate(() => Math.max(0, document.documentElement.scrollWidth - innerWidth));
}

const soon = { timeout: 20_000 };

/** Longer than any of this takes. */
const TTL_MS = 120_000;

/** A gateway with the worker inside, whose first warm is refused by the API. */
async function aFleetWithFailure() {
  const world = await setUp({
    ttlMs: TTL_MS,
    env: {
      KEEPWARM_FLEET: "true",
      KEEPWARM_ENABLE_NEW: "true",
      KEEPWARM_KEEP_WARM: "always",
      KEEPWARM_FLEET_KEY: newFleetKey(),
      KEEPWARM_FLEET_API_KEY: API_KEY,
      KEEPWARM_FLEET_DASHBOARD: "http://127.0.0.1:3000/",
    },
  });
  await world.talk("api-server");
  world.emulator.failNext({ status: 400, message: "The handbook cannot be read today." });
  await keepwarm(["interval", "api-server", "2s"], world.env);
  return world;
}

const figure = (page: Page, name: string) =>
  page.locator(".figure", { has: page.getByText(name, { exact: true }) }).locator(".figure-value");

it("queues a failed job again, which is done then", { timeout: 120_000 }, async () => {
  const world = await aFleetWithFailure();
  const page = await openConsole(world.link);
  await page.getByRole("link", { name: "Fleet" }).click();
  await page.getByRole("heading", { name: "Fleet", level: 1 }).waitFor();
  await expect.poll(() => figure(page, "Failed, 24 h").innerText(), soon).toBe("1");
  expect(await page.getByRole("link", { name: "Its own dashboard" }).getAttribute("href")).toBe(
    "http://127.0.0.1:3000/",
  );
  const worker = page.getByRole("row").filter({ hasText: "embedded-" }).last();
  expect(await worker.innerText()).toMatch(/Working\s+\S.*0 of 4/s);

  await page.getByRole("radio", { name: "Failed" }).check();
  const row = page.getByRole("row").filter({ has: page.getByRole("link", { name: "api-server" }) });
  await expect.poll(() => row.count(), soon).toBe(1);
  expect(await row.innerText()).toContain("The handbook cannot be read today.");
  await row.getByRole("link").click();
  await page.getByRole("heading", { name: "api-server", level: 1 }).waitFor();
  const failed = page.url();
  await page.getByText("The handbook cannot be read today.").waitFor();
  for (const phase of ["Queued", "Claimed", "Running"]) {
    const took = page.locator(".phase-row", { hasText: phase }).locator("dd").first();
    expect(await took.innerText()).toMatch(/^[\d.]+ m?s$/);
  }

  const before = world.warms();
  await page.getByRole("button", { name: "Queue again" }).click();
  await page.getByText("It is queued again, as another job.").first().waitFor();
  await expect.poll(() => page.url()).not.toBe(failed);
  await expect.poll(() => page.locator(".outcome").innerText(), soon).toBe("Completed");
  expect(world.warms()).toBeGreaterThan(before);
  await page.keyboard.press("Escape");
  // It goes on being kept warm, every two seconds.
  const completed = async () => Number(await figure(page, "Completed, 24 h").innerText());
  await expect.poll(completed, soon).toBeGreaterThan(0);
});

it("does not queue again what its person has switched off since, and says so", {
  timeout: 120_000,
}, async () => {
  const world = await aFleetWithFailure();
  const page = await openConsole(world.link);
  await page.getByRole("link", { name: "Fleet" }).click();
  await page.getByRole("radio", { name: "Failed" }).check();
  await page.getByRole("link", { name: "api-server" }).click();
  await page.getByRole("button", { name: "Queue again" }).waitFor();
  await keepwarm(["off", "api-server"], world.env);
  const before = world.warms();
  // What is to be removed is on its way to the database.
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  await page.getByRole("button", { name: "Queue again" }).click();
  await page.getByText("is not kept any more").first().waitFor();
  expect(world.warms()).toBe(before);
});

it("has no violation, light and dark, wide and as a phone, and nothing is cut off", {
  timeout: 180_000,
}, async () => {
  const world = await aFleetWithFailure();
  for (const [colorScheme, width, height] of [
    ["light", 1_400, 900],
    ["dark", 1_400, 900],
    ["light", 360, 780],
    ["dark", 360, 780],
  ] as const) {
    const context = await openBrowser({ colorScheme, viewport: { width, height }, hasTouch: width < 500 });
    await context.addInitScript({ content: AXE });
    const page = await openConsole(world.link, { context });
    await page.getByRole("link", { name: "Fleet" }).click();
    await expect.poll(() => figure(page, "Failed, 24 h").innerText(), soon).toBe("1");
    await page.getByRole("radio", { name: "Failed" }).check();
    const link = page.getByRole("link", { name: "api-server" });
    await link.waitFor();
    const found = { fleet: await violations(page), job: [] as string[] };
    const sideways = [await overhang(page)];
    await link.click();
    await page.getByRole("button", { name: "Queue again" }).waitFor();
    found.job = await violations(page);
    sideways.push(await overhang(page));
    expect({ colorScheme, width, found, sideways }).toEqual({
      colorScheme,
      width,
      found: { fleet: [], job: [] },
      sideways: [0, 0],
    });
  }
});

it("shows nothing of a fleet where there is none", async () => {
  const world = await setUp();
  const page = await openConsole(world.link);
  await page.getByRole("link", { name: "Totals" }).waitFor();
  expect(await page.getByRole("link", { name: "Fleet" }).count()).toBe(0);
  await page.keyboard.press("4");
  expect(page.url()).not.toContain("fleet");
  await page.goto(`${new URL(world.link).origin}/#/fleet`);
  await page.getByRole("heading", { name: "This gateway has no fleet" }).waitFor();
});
