/** What a gateway warms before anyone asks, as its person sees it. */
import { expect, it } from "vitest";
import { openConsole, prewarmed, setUp, soon } from "./world.ts";

it("shows the catalogue, and each pre-warm as it lands", async () => {
  const world = await setUp({ ttlMs: 60_000, env: prewarmed({ schedule: "2s" }) });
  const page = await openConsole(world.link);
  await page.getByRole("link", { name: "Totals" }).click();
  const card = page.locator("section").filter({ has: page.getByRole("heading", { name: "Pre-warms" }) });
  await card.waitFor();
  expect(await card.innerText()).toMatch(/of \$1\.00 in 24 hours/);
  const history = card.getByLabel("History of pre-warms");
  await expect.poll(() => history.locator("tbody tr").count(), soon).toBeGreaterThanOrEqual(3);
  const rows = await history.locator("tbody tr").allInnerTexts();
  expect(rows.at(-1)).toMatch(/reviewer written.*at the start.*4,\d\d\d/s);
  expect(rows[0]).toMatch(/reviewer was warm, lives on.*its schedule/s);
});
