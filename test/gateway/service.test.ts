/** A whole gateway: what its control API tells of what passes, and what it keeps over a restart. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { conversationView, outlookView } from "../../src/hub/views/conversation.ts";
import { aStateDirectory } from "../support/control-under-test.ts";
import { listenTo } from "../support/listening.ts";
import { aService } from "../support/service-under-test.ts";

describe("a gateway's conversation", () => {
  it("is told with all that a page shows of it", async () => {
    const { ask, client } = await aService({ flags: { keepWarm: "always" } });
    await ask("ada");
    await ask("ada");
    await client.setEnabled("ada", true);
    await expect.poll(async () => (await client.conversation("ada"))?.phase).toBe("idle");
    const view = await client.conversation("ada");
    expect(view).toMatchObject({
      id: "ada",
      named: true,
      folder: null,
      cwd: null,
      run: null,
      modelName: "claude-opus-5-5",
      enabled: true,
      plan: {
        policy: "always",
        action: "warm",
        at: view?.nextWarmAt,
        reason: "Kept warm until you close it, as you chose.",
      },
      lastTurnPct: 100,
      lastTurnExpectedPct: 100,
      lastPct: null,
      ttlMs: 300_000,
      money: null,
      returnUsd: { warm: expect.any(Number), cold: expect.any(Number) },
    });
    // Reckoned on both clocks, which do not tick together.
    const livesMs = (view?.lapsesAt ?? 0) - (view?.lastUsedAt ?? 0);
    expect(Math.abs(livesMs - 300_000)).toBeLessThan(50);
    expect(view?.prefixTokens).toBeGreaterThan(5_000);
    // Reading costs 0.05, writing 1.25 of an input token.
    expect((view?.returnUsd?.cold ?? 0) / (view?.returnUsd?.warm ?? 1)).toBeGreaterThan(20);
    expect(conversationView.parse(view)).toEqual(view);
  });

  it("has the folder and the command of its run for a title, as long as that is attached", async () => {
    const { client } = await aService();
    const run = await client.attachRun({ pid: 1, command: "claude", cwd: "/home/ada/cathedral" });
    const answer = await fetch(`${run.baseUrl}/v1/messages`, {
      method: "POST",
      headers: {
        "x-api-key": "sk-ant-api03-nobodys",
        "content-type": "application/json",
        "x-keepwarm-conversation": "ada",
      },
      body: JSON.stringify({
        model: "claude-opus-5-5",
        max_tokens: 5,
        messages: [{ role: "user", content: "Hello" }],
      }),
    });
    await answer.text();
    await expect
      .poll(() => client.conversation("ada"))
      .toMatchObject({
        folder: "cathedral",
        cwd: "/home/ada/cathedral",
        run: { runId: run.runId, command: "claude" },
      });
    expect((await client.status()).gateway.runs).toMatchObject([
      { command: "claude", cwd: "/home/ada/cathedral" },
    ]);
    run.release();
    await expect.poll(() => client.conversation("ada")).toBeNull();
  });

  it("is foreseen: the chance of a return over time, the warms to come, and what each costs", async () => {
    const { client, ask } = await aService({ flags: { keepWarm: "3 pings", enableNew: true } });
    await ask("ada");
    await expect.poll(async () => (await client.outlook("ada"))?.warms.length).toBe(3);
    const outlook = await client.outlook("ada");
    expect(outlookView.parse(outlook)).toEqual(outlook);
    expect(outlook?.plan).toMatchObject({ policy: "3 pings", action: "warm" });
    expect(outlook?.curve.length).toBeGreaterThan(20);
    expect(outlook?.warms[0]).toEqual({ at: outlook?.plan?.at, usd: outlook?.warmUsd });
    expect(outlook?.warmUsd).toBeGreaterThan(0);
    await client.setEnabled("ada", false);
    expect(await client.outlook("ada")).toMatchObject({
      plan: null,
      warms: [],
      curve: outlook?.curve.map(() => expect.anything()),
    });
  });

  it("is steered by its surface's actions, and by no other", async () => {
    const { client, ask, url, token } = await aService();
    await ask("ada");
    const act = async (body: unknown, id = "ada") => {
      const answer = await fetch(`${url}/v1/conversations/${id}/action`, {
        method: "POST",
        headers: { "x-keepwarm-token": token },
        body: JSON.stringify(body),
      });
      return { status: answer.status, answer: await answer.json() };
    };
    expect(await act({ actionId: "cache-warming/toggle" })).toMatchObject({
      status: 200,
      answer: { conversation: { enabled: true } },
    });
    expect(await act({ actionId: "cache-warming/set-interval", payload: 60 })).toMatchObject({
      answer: { conversation: { intervalMs: 60_000 } },
    });
    expect(await act({ actionId: "cache-warming/set-interval", payload: "soon" })).toEqual({
      status: 400,
      answer: { error: "Refresh Interval must be a positive number." },
    });
    expect(await act({ actionId: "self-destruct" })).toEqual({
      status: 404,
      answer: { error: "Its surface has no action self-destruct." },
    });
    expect(await act({ actionId: "cache-warming/toggle" }, "bob")).toMatchObject({ status: 404 });
    expect(await client.conversation("ada")).toMatchObject({ enabled: true, intervalMs: 60_000 });
  });

  it("is closed: off, gone, and remembered as off", async () => {
    const { client, ask } = await aService({ flags: { enableNew: true } });
    await ask("ada");
    await expect.poll(async () => (await client.conversation("ada"))?.enabled).toBe(true);
    await client.close("ada");
    expect(await client.conversation("ada")).toBeNull();
    await ask("ada");
    await expect.poll(async () => (await client.conversation("ada"))?.phase).toBe("off");
    const entries = (await client.history("ada"))?.entries.map((entry) => entry.kind);
    expect(entries).toEqual(["turn", "switch", "turn"]);
  });
});

describe("a gateway's events", () => {
  it("tell of a turn while it happens, and of a switch, without being asked", async () => {
    const world = await aService();
    const page = await listenTo(world);
    await page.come("live");
    await world.ask("ada");
    await expect.poll(() => page.known().get("ada")?.phase).toBe("off");
    await world.client.setEnabled("ada", true);
    await expect.poll(() => page.known().get("ada")?.enabled).toBe(true);
    const entries = () =>
      page.all("history").flatMap((event) => event.entries.map(({ entry }) => entry.kind));
    await expect.poll(entries).toEqual(["turn", "switch"]);
    await expect.poll(() => page.all("gateway").at(-1)?.turns).toBe(1);
    await expect
      .poll(() => page.all("totals").at(-1))
      .toMatchObject({ today: { warms: 0 }, all: { warms: 0 } });
    await world.client.forget("ada");
    await page.come("gone");
    expect(page.known().size).toBe(0);
  });

  it("begin anew after a restart, with what has happened before it still there", async () => {
    const directory = aStateDirectory();
    const first = await aService({ directory });
    await first.ask("ada");
    await first.client.setEnabled("ada", true);
    const page = await listenTo(first);
    await page.come("live");
    const before = await first.client.history("ada");
    await first.service.stop();
    await expect.poll(() => page.over()).toBe(true);
    const second = await aService({ directory });
    const again = await listenTo(second, page.lastId());
    await again.come("live");
    expect(again.events[0]?.type).toBe("snapshot");
    expect(again.known().size).toBe(0);
    expect(await second.client.history("ada")).toEqual(before);
    await second.ask("ada");
    await expect.poll(() => again.known().get("ada")?.enabled).toBe(true);
    await second.client.forget("ada");
    expect(await second.client.history("ada")).toBeNull();
  });
});

describe("a gateway's settings", () => {
  it("are changed by one page, in force at once, told to the others, and there after a restart", async () => {
    const directory = aStateDirectory();
    writeFileSync(join(directory, "config.json"), '{\n  // mine\n  "maxUsdPerDay": 9\n}\n');
    const { ask, client, ...world } = await aService({ directory });
    const other = await listenTo(world);
    await other.come("live");
    const changed = await client.changeSetting({ name: "enableNew", value: true });
    expect(changed.settings.find(({ name }) => name === "enableNew")).toMatchObject({
      value: true,
      origin: { from: "file" },
    });
    await other.come("settings");
    expect(other.all("settings").at(-1)?.settings).toEqual(changed.settings);
    await expect.poll(() => other.all("gateway").at(-1)?.enableNew).toBe(true);
    await ask("ada");
    await expect.poll(async () => (await client.conversation("ada"))?.enabled).toBe(true);
    await client.changeSetting({ name: "maxUsdPerDay", value: 0 });
    expect((await client.conversation("ada"))?.plan).toMatchObject({
      action: "stop",
      reason: expect.stringMatching(/for 24 hours/),
    });
    expect(readFileSync(join(directory, "config.json"), "utf8")).toBe(
      '{\n  // mine\n  "maxUsdPerDay": 0,\n  "enableNew": true\n}\n',
    );
    await world.service.stop();
    const again = await aService({ directory });
    expect((await again.client.status()).gateway).toMatchObject({ enableNew: true, keepWarm: "auto" });
  });

  it("say with whom they are not to be changed", async () => {
    const { client } = await aService({ flags: { enableNew: true } });
    await expect(client.changeSetting({ name: "enableNew", value: false })).rejects.toMatchObject({
      status: 409,
      message: expect.stringMatching(/^The gateway was started with the flag --enable-new/),
    });
    expect((await client.status()).gateway.enableNew).toBe(true);
  });
});

describe("a gateway's health", () => {
  it("is a sentence when the upstream cannot be reached, and good again once it can", async () => {
    const upstream = createServer((_, response) => response.end("{}"));
    await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
    const { port } = upstream.address() as AddressInfo;
    await new Promise((resolve) => upstream.close(resolve));
    const world = await aService({ flags: { upstream: `http://127.0.0.1:${port}` } });
    const page = await listenTo(world);
    await page.come("live");
    expect(await world.client.health()).toMatchObject({ ok: true, problems: [], listeners: 1 });
    expect((await world.ask("ada")).status).toBe(502);
    await page.come("health");
    expect(await world.client.health()).toMatchObject({
      ok: false,
      problems: [
        {
          about: "upstream",
          since: expect.any(Number),
          sentence: `http://127.0.0.1:${port} cannot be reached (ECONNREFUSED): agents are told so, and nothing there is kept warm.`,
        },
      ],
    });
    await new Promise<void>((resolve) => upstream.listen(port, "127.0.0.1", resolve));
    onTestFinished(() => void upstream.closeAllConnections());
    onTestFinished(() => void upstream.close());
    expect((await world.ask("ada")).status).toBe(200);
    await page.come("health", 2);
    expect(page.all("health").map(({ ok }) => ok)).toEqual([false, true]);
  });

  it("is a sentence when nothing can be stored", async () => {
    const directory = aStateDirectory();
    const { client } = await aService({ directory });
    const file = join(directory, "keepwarm.sqlite");
    for (const suffix of ["", "-wal", "-shm"]) rmSync(file + suffix, { force: true });
    mkdirSync(file);
    await expect(client.setEnabled("ada", true)).rejects.toMatchObject({ status: 503 });
    expect(await client.health()).toMatchObject({ ok: false, problems: [{ about: "storage" }] });
    rmSync(file, { recursive: true });
    await client.setEnabled("ada", true);
    expect(await client.health()).toMatchObject({ ok: true });
  });
});

describe("a gateway's page", () => {
  it("has its link, with the token in the fragment, and can be left out", async () => {
    const { service, token, client } = await aService();
    expect(service.consoleLink).toBe(`${service.controlUrl}/#token=${token}`);
    expect((await client.status()).gateway.page).toBe(true);
    await service.stop();
    const without = await aService({ flags: { console: false } });
    expect(without.service.consoleLink).toBeNull();
    expect((await without.client.status()).gateway.page).toBe(false);
    expect((await fetch(`${without.url}/`)).status).toBe(401);
  });
});
