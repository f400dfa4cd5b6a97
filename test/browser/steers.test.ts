/** What a person does on the page, done by a real gateway, and seen without a reload. */
import { describe, expect, it } from "vitest";
import { intervalIn, keepWarmIn, openBrowser, openConsole, rowOf, setUp, soon, switchIn } from "./world.ts";

describe("the console", () => {
  it("switches a conversation on, and shows the countdown and each warm as it lands", async () => {
    // A long life, so that it is there however long a busy machine takes to open the page.
    const world = await setUp({ ttlMs: 60_000, env: { KEEPWARM_KEEP_WARM: "always" } });
    await world.talk("api-server");
    const page = await openConsole(world.link);
    await page.evaluate(() => Object.assign(window, { sameDocument: true }));
    const row = rowOf(page, "api-server");
    expect(await row.innerText()).toContain("Off");
    await intervalIn(row).fill("8");
    await intervalIn(row).press("Enter");

    await switchIn(row).click();
    await expect.poll(() => row.innerText(), soon).toMatch(/0:0\d\s*next warm/);
    expect(await row.locator(".cell-warm").innerText()).not.toContain("%");

    await expect.poll(world.warms, soon).toBe(1);
    await expect.poll(() => row.locator(".cell-warm").innerText(), soon).toMatch(/^(9\d|100)\s%/);
    await expect.poll(() => row.locator(".cell-kept").innerText(), soon).toMatch(/^100\s%/);
    await expect.poll(() => row.locator(".cell-net").innerText(), soon).toMatch(/−\$0\.0/);
    const first = await row.locator(".countdown").innerText();
    await expect.poll(() => row.locator(".countdown").innerText(), soon).not.toBe(first);
    expect(await page.evaluate(() => "sameDocument" in window)).toBe(true);

    await switchIn(row).click();
    await expect.poll(() => row.innerText()).toContain("Off");
  });

  it("sets the interval, and the next warm comes by it", async () => {
    const world = await setUp({ ttlMs: 60_000, env: { KEEPWARM_KEEP_WARM: "always" } });
    await world.talk("api-server");
    const page = await openConsole(world.link);
    const row = rowOf(page, "api-server");
    await switchIn(row).click();
    await intervalIn(row).fill("2");
    await intervalIn(row).press("Enter");
    await expect.poll(() => intervalIn(row).inputValue()).toBe("2");
    await expect.poll(world.warms, soon).toBeGreaterThanOrEqual(2);

    // What is being typed outlives what happens meanwhile, and warms do.
    const before = world.warms();
    await intervalIn(row).fill("3");
    await expect.poll(world.warms, soon).toBeGreaterThan(before + 1);
    await expect.poll(() => row.locator(".row-below").last().innerText()).toContain("spent");
    expect(await intervalIn(row).inputValue()).toBe("3");
    await intervalIn(row).press("Escape");
    expect(await intervalIn(row).inputValue()).toBe("2");

    await intervalIn(row).fill("0");
    await intervalIn(row).press("Enter");
    await expect.poll(() => intervalIn(row).inputValue()).toBe("2");

    await intervalIn(row).fill("");
    await intervalIn(row).press("Enter");
    await expect.poll(() => intervalIn(row).getAttribute("placeholder")).toBe("auto");
  });

  it("chooses how long a conversation is kept warm, by the list or in the person's own words", async () => {
    const world = await setUp();
    await world.talk("api-server");
    const page = await openConsole(world.link);
    const row = rowOf(page, "api-server");
    await keepWarmIn(row).selectOption("2h");
    await expect.poll(() => keepWarmIn(row).inputValue()).toBe("2h");
    await page.reload();
    await expect.poll(() => keepWarmIn(row).inputValue()).toBe("2h");

    await keepWarmIn(row).selectOption("other");
    const typed = row.getByPlaceholder("45m, 5 pings");
    await typed.fill("as long as you like");
    await typed.press("Enter");
    await page.getByText("is not a choice").last().waitFor();
    await typed.fill("5 Pings");
    await typed.press("Enter");
    await expect.poll(() => keepWarmIn(row).inputValue()).toBe("5 pings");

    await keepWarmIn(row).selectOption("");
    await expect.poll(() => keepWarmIn(row).locator("option:checked").innerText()).toBe("Auto (default)");
  });

  it("warms now, and the history shows what it read and what it cost", async () => {
    const world = await setUp({ ttlMs: 60_000 });
    await world.talk("api-server");
    const page = await openConsole(world.link);
    await rowOf(page, "api-server").getByRole("link").click();
    const warmNow = page.getByRole("button", { name: "Warm now" });
    expect(await warmNow.isDisabled()).toBe(true);
    await page.getByText("Warming is off for it: switch it on first.").waitFor();
    await page.getByRole("switch", { name: "Enabled" }).click();
    await page.getByRole("button", { name: "Warm now" }).click();
    await expect.poll(world.warms).toBe(1);
    await page.getByText("api-server: warmed, ", { exact: false }).last().waitFor();
    const warm = page.getByRole("row").filter({ hasText: "Hit: all of it was read" });
    await expect.poll(() => warm.innerText()).toMatch(/\$0\.0/);
    expect(await page.getByRole("img", { name: "Timeline: 1 turn, 1 warm" }).count()).toBe(1);
  });

  it("closes a conversation once its person has said that it is meant", async () => {
    const world = await setUp();
    await world.talk("api-server");
    await world.talk("website");
    const page = await openConsole(world.link);
    await rowOf(page, "api-server").getByRole("link").click();
    await page.getByRole("button", { name: "Close…" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Close…" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Close it" }).click();
    await rowOf(page, "website").waitFor();
    expect(await rowOf(page, "api-server").count()).toBe(0);
  });

  it("forgets a conversation, its history too", async () => {
    const world = await setUp();
    await world.talk("api-server");
    const page = await openConsole(world.link);
    await rowOf(page, "api-server").getByRole("link").click();
    await page.getByRole("button", { name: "Forget…" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Forget it" }).click();
    await page.getByRole("heading", { name: "No conversation yet" }).waitFor();
  });

  it("shows in one tab what is done in another", async () => {
    const world = await setUp();
    await world.talk("api-server");
    const context = await openBrowser();
    const one = await openConsole(world.link, { context });
    const other = await openConsole(world.link, { context });
    await switchIn(rowOf(one, "api-server")).click();
    await expect.poll(() => switchIn(rowOf(other, "api-server")).getAttribute("aria-checked")).toBe("true");
    await keepWarmIn(rowOf(other, "api-server")).selectOption("always");
    await expect.poll(() => keepWarmIn(rowOf(one, "api-server")).inputValue()).toBe("always");
    await intervalIn(rowOf(other, "api-server")).fill("7");
    await intervalIn(rowOf(other, "api-server")).press("Enter");
    await expect.poll(() => intervalIn(rowOf(one, "api-server")).inputValue()).toBe("7");
  });

  it("lends its token to a tab that is opened from it", async () => {
    const world = await setUp();
    await world.talk("api-server");
    const context = await openBrowser();
    await openConsole(world.link, { context });
    const other = await context.newPage();
    await other.goto(`${new URL(world.link).origin}/#/conversation/api-server`);
    await other.getByRole("heading", { name: "api-server" }).waitFor();
    expect(await other.evaluate(() => sessionStorage.length)).toBe(1);
  });

  it("recovers by itself when the gateway was killed and starts again", async () => {
    const world = await setUp();
    await world.talk("api-server");
    const page = await openConsole(world.link);
    await switchIn(rowOf(page, "api-server")).click();
    await expect.poll(() => switchIn(rowOf(page, "api-server")).getAttribute("aria-checked")).toBe("true");
    await world.kill();
    await page.getByText("The gateway does not answer.", { exact: false }).first().waitFor();
    expect(await page.locator(".presence").innerText()).toBe("Disconnected");
    // What was known last stays.
    expect(await rowOf(page, "api-server").count()).toBe(1);

    await world.start();
    await page.getByText("Live", { exact: true }).waitFor();
    expect(await page.getByText("The gateway does not answer.").count()).toBe(0);
    await page.getByRole("heading", { name: "No conversation yet" }).waitFor();
    await world.talk("website");
    await rowOf(page, "website").waitFor();
  });

  it("changes what holds for all conversations, and says who said so", async () => {
    const world = await setUp();
    await world.talk("api-server");
    const page = await openConsole(world.link);
    await page.getByRole("link", { name: "Settings" }).click();
    await page.getByRole("switch", { name: "Switch new conversations on" }).click();
    const setting = page.locator("[data-setting=enableNew]");
    await expect.poll(() => setting.innerText()).toContain("Set by");
    await page.getByRole("textbox", { name: "Most per day", exact: true }).fill("2");
    await page.getByRole("textbox", { name: "Most per day", exact: true }).press("Enter");
    await expect.poll(() => page.locator("[data-setting=maxUsdPerDay]").innerText()).toContain("Set by");
    const most = page.getByRole("textbox", { name: "Most per day", exact: true });
    await most.fill("-3");
    await most.press("Enter");
    await page.getByText("Most per day must be", { exact: false }).last().waitFor();
    expect([await most.inputValue(), await most.getAttribute("aria-invalid")]).toEqual(["-3", "true"]);
    await most.press("Tab");
    expect([await most.inputValue(), await most.getAttribute("aria-invalid")]).toEqual(["2", "false"]);
    await world.talk("website");
    await page.getByRole("link", { name: "Conversations", exact: true }).click();
    await expect.poll(() => switchIn(rowOf(page, "website")).getAttribute("aria-checked")).toBe("true");
    expect(await switchIn(rowOf(page, "api-server")).getAttribute("aria-checked")).toBe("false");
  });
});
