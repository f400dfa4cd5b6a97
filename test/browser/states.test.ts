/** What the page says when there is nothing to show, and whom it believes. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { openBrowser, openConsole, rowOf, setUp } from "./world.ts";

describe("a page", () => {
  it("opens in a browser whose language no browser can read, as one on a bare system says it", async () => {
    const world = await setUp();
    const context = await openBrowser();
    await context.addInitScript(() => {
      const posix = { get: () => "en-US@posix", configurable: true };
      Object.defineProperty(Navigator.prototype, "language", posix);
      Object.defineProperty(Navigator.prototype, "languages", { get: () => ["en-US@posix"] });
    });
    const page = await openConsole(world.link, { context });
    await page.getByRole("heading", { name: "No conversation yet" }).waitFor();
  });

  it("without conversations says how an agent is pointed at the gateway", async () => {
    const world = await setUp();
    const page = await openConsole(world.link);
    await page.getByRole("heading", { name: "No conversation yet" }).waitFor();
    await page.getByText(`ANTHROPIC_BASE_URL=${world.baseURL}`).waitFor();
    await world.talk("api-server");
    await rowOf(page, "api-server").waitFor();
  });

  it("takes the token out of the address bar, and keeps it for its tab alone", async () => {
    const world = await setUp();
    const page = await openConsole(world.link);
    const token = new URLSearchParams(new URL(world.link).hash.slice(1)).get("token") ?? "";
    expect(token).not.toBe("");
    expect(page.url()).not.toContain(token);
    expect(await page.evaluate(() => [localStorage.length, document.cookie])).toEqual([
      expect.any(Number),
      "",
    ]);
    expect(await page.evaluate(() => JSON.stringify({ ...localStorage }))).not.toContain(token);
    await page.reload();
    await page.getByText("Live", { exact: true }).waitFor();
  });

  it("without its token says where the link is to be had, and learns nothing", async () => {
    const world = await setUp();
    await world.talk("api-server");
    const page = await (await openBrowser()).newPage();
    await page.goto(new URL(world.link).origin);
    await page.getByRole("heading", { name: "This page needs its link" }).waitFor();
    await page.getByText("keepwarm console", { exact: true }).waitFor();
    expect(await page.content()).not.toContain("api-server");
  });

  it("shows its token to nobody who does not know it already", async () => {
    const seen: string[] = [];
    const world = await setUp();
    const page = await openConsole(world.link);
    const token = new URLSearchParams(new URL(world.link).hash.slice(1)).get("token") ?? "";
    await world.kill();
    const impostor = createServer((request, response) => {
      seen.push(JSON.stringify(request.rawHeaders));
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
    onTestFinished(() => void impostor.close());
    const { port } = new URL(world.link);
    await new Promise<void>((resolve) => impostor.listen(Number(port), "127.0.0.1", resolve));
    expect((impostor.address() as AddressInfo).port).toBe(Number(port));
    await page
      .getByRole("heading", { name: "This link is for another gateway" })
      .waitFor({ timeout: 20_000 });
    expect(seen.length).toBeGreaterThan(0);
    expect(seen.join()).not.toContain(token);
  });

  it("shows a conversation's name as what it is, whatever it is", async () => {
    const world = await setUp();
    const names = ["<img src=x onerror=alert(1)>", '"><script>alert(1)</script>', "javascript:alert(1)"];
    const ids = [...names, "a/b?c#d", "100%", "..%2f", "__proto__", "constructor"];
    for (const id of ids) await world.talk(id);
    const page = await openConsole(world.link);
    page.on("dialog", () => expect.unreachable("a name was run"));
    for (const id of ids) {
      await rowOf(page, id).getByRole("link").click();
      await page.getByRole("heading", { name: id, exact: true, level: 1 }).waitFor();
      await page.getByText("The first that is known of").waitFor();
      await page.keyboard.press("Escape");
    }
    expect(await page.locator("img, script:not([src])").count()).toBe(0);
  });

  it("of a conversation that is not open says so", async () => {
    const world = await setUp();
    await world.talk("api-server");
    const page = await openConsole(world.link);
    await page.goto(`${new URL(world.link).origin}/#/conversation/gone`);
    await page.getByRole("heading", { name: "No such conversation is open" }).waitFor();
    await page.goto(`${new URL(world.link).origin}/#/conversation/%E0%A4%A`);
    await rowOf(page, "api-server").waitFor();
  });
});
