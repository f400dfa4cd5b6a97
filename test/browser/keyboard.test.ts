/** The whole of it without a mouse. */
import { expect, it } from "vitest";
import { openBrowser, openConsole, rowOf, setUp, switchIn } from "./world.ts";

it("does with keys alone all that a mouse does", async () => {
  const world = await setUp({ ttlMs: 60_000 });
  for (const id of ["notes", "api-server", "website"]) await world.talk(id);
  const page = await openConsole(world.link);
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute("data-row"));
  const { keyboard } = page;

  await keyboard.press("Tab");
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Skip to the content");
  await keyboard.press("Enter");
  expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("MAIN");

  // The last one spoke last, and stands first.
  await keyboard.press("j");
  await expect.poll(focused).toBe("website");
  await keyboard.press("j");
  await expect.poll(focused).toBe("api-server");
  await keyboard.press("k");
  await expect.poll(focused).toBe("website");

  // The last row moves to another group, to the top, and the focus with it.
  await keyboard.press("j");
  await keyboard.press("j");
  await expect.poll(focused).toBe("notes");
  await keyboard.press("Space");
  await expect.poll(() => switchIn(rowOf(page, "notes")).getAttribute("aria-checked")).toBe("true");
  await expect.poll(() => page.locator(".row").first().innerText()).toContain("notes");
  expect(await focused()).toBe("notes");
  await keyboard.press("j");
  await expect.poll(focused).toBe("website");

  await keyboard.press("i");
  await keyboard.type("9");
  await keyboard.press("Enter");
  await expect.poll(() => rowOf(page, "website").getByRole("spinbutton").inputValue()).toBe("9");

  await keyboard.press("/");
  await keyboard.type("api-server");
  await expect
    .poll(() =>
      page
        .getByRole("row")
        .filter({ has: page.getByRole("switch") })
        .count(),
    )
    .toBe(1);
  await keyboard.press("Escape");
  await expect
    .poll(() =>
      page
        .getByRole("row")
        .filter({ has: page.getByRole("switch") })
        .count(),
    )
    .toBe(3);

  await keyboard.press("?");
  await page.getByRole("dialog", { name: "Help" }).waitFor();
  await keyboard.press("2");
  expect(page.url()).toMatch(/#\/$/);
  await keyboard.press("Escape");
  await keyboard.press("2");
  await page.getByRole("heading", { name: "Totals" }).waitFor();
  await keyboard.press("3");
  await page.getByRole("heading", { name: "Settings" }).waitFor();
  // Nothing of what is typed right after the key is lost, or taken for a key of the view that was left.
  await keyboard.press("/");
  await keyboard.type("website");
  expect(await page.getByRole("searchbox").inputValue()).toBe("website");
  await keyboard.press("Escape");
  await rowOf(page, "website").waitFor();

  await keyboard.press("j");
  await expect.poll(focused).not.toBeNull();
  const opened = await focused();
  await keyboard.press("Enter");
  await page.getByRole("heading", { name: opened ?? "", exact: true }).waitFor();
  await keyboard.press("Escape");
  await rowOf(page, "website").waitFor();
});

it("keeps the focus on its row in browsers that move an element by taking it out", async () => {
  const world = await setUp({ ttlMs: 60_000 });
  for (const id of ["notes", "api-server", "website"]) await world.talk(id);
  const context = await openBrowser();
  // As Safari is.
  await context.addInitScript(
    "for (const it of [Element, Document, DocumentFragment]) delete it.prototype.moveBefore",
  );
  const page = await openConsole(world.link, { context });
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute("data-row"));
  await rowOf(page, "notes").getByRole("link").focus();
  await page.keyboard.press("e");
  await expect.poll(() => page.locator(".row").first().innerText()).toContain("notes");
  expect(await focused()).toBe("notes");
  // Who has left it is not called back.
  await page.evaluate(() => (document.activeElement as HTMLElement).blur());
  await switchIn(rowOf(page, "website")).evaluate((one: HTMLElement) => one.click());
  await expect.poll(() => page.locator(".row").first().innerText()).toContain("website");
  expect(await focused()).toBeNull();
});

it("leaves single keys alone once its person has switched them off", async () => {
  const world = await setUp();
  await world.talk("api-server");
  const page = await openConsole(world.link);
  await page.keyboard.press("?");
  await page.getByRole("switch", { name: "Single-key shortcuts" }).click();
  await page.keyboard.press("Escape");
  await page.keyboard.press("2");
  await page.keyboard.press("j");
  expect(page.url()).toMatch(/#\/$/);
  expect(await page.evaluate(() => document.activeElement?.getAttribute("data-row") ?? null)).toBeNull();
  await page.reload();
  await rowOf(page, "api-server").waitFor();
  await page.keyboard.press("2");
  expect(page.url()).toMatch(/#\/$/);
});
