/** Five hundred conversations: only those that can be seen are in the page. */
import { expect, it } from "vitest";
import { openConsole, rowOf, setUp } from "./world.ts";

const MANY = 500;
/** Rows that fit a window, twice over. */
const FEW = 60;

it("scrolls and filters five hundred conversations with a few rows in the page", {
  timeout: 120_000,
}, async () => {
  const world = await setUp({ ttlMs: 300_000 });
  const ids = Array.from({ length: MANY }, (_, index) => `project-${String(index).padStart(3, "0")}`);
  // A few at a time, as the emulator answers.
  for (let from = 0; from < MANY; from += 20) {
    await Promise.all(ids.slice(from, from + 20).map((id) => world.talk(id, 1_200)));
  }
  const page = await openConsole(world.link);
  const rows = page.locator(".row");
  await expect.poll(() => page.getByRole("button", { name: /^All/ }).innerText()).toMatch(/All\s+500/);
  expect(await rows.count()).toBeLessThan(FEW);
  expect(await page.getByRole("table").getAttribute("aria-rowcount")).toBe(String(MANY + 2));

  await page.getByLabel("Sort").selectOption("title");
  await rowOf(page, "project-000").waitFor();
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
  await rowOf(page, "project-499").waitFor();
  expect(await rows.count()).toBeLessThan(FEW);

  await page.getByRole("searchbox").fill("project-25");
  await expect.poll(() => rows.count()).toBe(10);
  await rowOf(page, "project-250").waitFor();
  await page.getByRole("searchbox").fill("nothing of that name");
  await page.getByText("None of 500 conversations is found.").waitFor();

  // The focus stays where it is, however far its row is scrolled away.
  await page.getByRole("button", { name: "Clear the search" }).click();
  await page.evaluate(() => scrollTo(0, 0));
  await rowOf(page, "project-000").getByRole("link").focus();
  await page.evaluate(() => scrollTo(0, 20_000));
  await rowOf(page, "project-350").waitFor();
  expect(await page.evaluate(() => document.activeElement?.getAttribute("data-row"))).toBe("project-000");
  await page.keyboard.press("j");
  await rowOf(page, "project-001").waitFor();
  await expect
    .poll(() => page.evaluate(() => document.activeElement?.getAttribute("data-row")))
    .toBe("project-001");
});
