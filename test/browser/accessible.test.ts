/** No violation that axe-core knows, on any view, light and dark, wide and as a phone. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { openBrowser, openConsole, prewarmed, rowOf, setUp, soon, switchIn } from "./world.ts";

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

const PLACES = ["light", "dark"].flatMap((colours) => [
  { colours, size: "wide", viewport: { width: 1_400, height: 900 } },
  { colours, size: "phone", viewport: { width: 390, height: 844 } },
]);

it("has no violation on any view, light and dark, wide and as a phone", { timeout: 180_000 }, async () => {
  const world = await setUp({ ttlMs: 60_000, env: { KEEPWARM_KEEP_WARM: "always", ...prewarmed() } });
  for (const id of ["api-server", "website", "notes"]) await world.talk(id);
  for (const { colours, size, viewport } of PLACES) {
    const context = await openBrowser({
      colorScheme: colours as "light" | "dark",
      viewport,
      hasTouch: size === "phone",
    });
    await context.addInitScript({ content: AXE });
    const page = await openConsole(world.link, { context });
    const row = rowOf(page, "api-server");
    if ((await switchIn(row).getAttribute("aria-checked")) === "false") await switchIn(row).click();
    const found: Record<string, string[]> = {};
    found.list = await violations(page);
    await row.getByRole("link").click();
    await page.getByRole("button", { name: "Warm now" }).click();
    await expect.poll(() => page.locator("tr[data-kind=warm]").count(), soon).toBeGreaterThan(0);
    found.conversation = await violations(page);
    await page.getByRole("button", { name: "Forget…" }).click();
    found.dialog = await violations(page);
    await page.keyboard.press("Escape");
    await page.keyboard.press("?");
    found.help = await violations(page);
    await page.keyboard.press("Escape");
    await page.getByRole("link", { name: "Totals" }).click();
    await page.getByRole("img", { name: "Spent, saved and net" }).waitFor();
    await page.getByRole("heading", { name: "Pre-warms" }).waitFor();
    found.totals = await violations(page);
    await page.getByRole("link", { name: "Settings" }).click();
    await page.getByRole("heading", { name: "Limits" }).waitFor();
    found.settings = await violations(page);
    await page.evaluate(() => sessionStorage.clear());
    await page.reload();
    await page.getByRole("heading", { name: "This page needs its link" }).waitFor();
    found.refused = await violations(page);
    expect({ colours, size, found }).toEqual({
      colours,
      size,
      found: { list: [], conversation: [], dialog: [], help: [], totals: [], settings: [], refused: [] },
    });
  }
});

it("has no violation where conversations generate, have lapsed or were stopped, and the gateway is gone", {
  timeout: 120_000,
}, async () => {
  const world = await setUp({
    ttlMs: 3_000,
    env: { KEEPWARM_ENABLE_NEW: "true", KEEPWARM_MIN_PREFIX_TOKENS: "3000", KEEPWARM_KEEP_WARM: "1 ping" },
  });
  await world.talk("too short", 1_500);
  await world.talk("pinged once");
  world.emulator.failNext({ status: 400 });
  await world.talk("refused").catch(() => {});
  const busy = await world.talk("busy");
  void busy.ask("[[delay:60000ms]]").catch(() => {});
  for (const colorScheme of ["light", "dark"] as const) {
    const context = await openBrowser({ colorScheme });
    await context.addInitScript({ content: AXE });
    const page = await openConsole(world.link, { context });
    await expect.poll(() => rowOf(page, "busy").innerText(), soon).toContain("Generating");
    await expect.poll(() => rowOf(page, "refused").innerText(), soon).toContain("Stopped");
    await expect.poll(() => rowOf(page, "too short").innerText(), soon).toContain("Lapsed");
    await expect.poll(() => rowOf(page, "pinged once").innerText(), soon).toMatch(/Lapsed\s+cold for/);
    expect(await violations(page)).toEqual([]);
    await rowOf(page, "too short").getByRole("link").click();
    await page.getByRole("heading", { name: "Will you be back?" }).waitFor();
    await page.locator(".plot canvas").first().waitFor();
    expect(await violations(page)).toEqual([]);
    if (colorScheme === "light") continue;
    await world.kill();
    await page.getByText("The gateway does not answer.", { exact: false }).first().waitFor();
    expect(await violations(page)).toEqual([]);
  }
});
