/**
 * What a web page, another program or a strange name might try on the console's port of a gateway at work: all of
 * it is refused or harmless, and what passes through the gateway meanwhile does not notice.
 */
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { tell } from "../support/control-under-test.ts";
import { listenTo } from "../support/listening.ts";
import { aService, type ServiceUnderTest } from "../support/service-under-test.ts";

const ROUTES = [
  "GET /v1/status",
  "GET /v1/events",
  "GET /v1/health",
  "GET /v1/settings",
  "GET /v1/report",
  "GET /v1/conversations/ada",
  "GET /v1/conversations/ada/history",
  "GET /v1/conversations/ada/outlook",
  "POST /v1/settings",
  "POST /v1/conversations/ada/on",
  "POST /v1/conversations/ada/off",
  "POST /v1/conversations/ada/interval",
  "POST /v1/conversations/ada/keep-warm",
  "POST /v1/conversations/ada/action",
  "POST /v1/conversations/ada/warm",
  "POST /v1/conversations/ada/close",
  "POST /v1/conversations/ada/forget",
  "POST /v1/forget-pauses",
  "POST /v1/runs",
  "POST /v1/stop",
].map((route) => route.split(" ") as [method: string, path: string]);

/** A gateway with a conversation that is kept warm, and what tells whether anything has become of it. */
async function aGateway() {
  const world = await aService({ flags: { enableNew: true, keepWarm: "always" } });
  await world.ask("ada");
  await expect.poll(async () => (await world.client.conversation("ada"))?.phase).toBe("idle");
  const state = async () => {
    const { gateway, conversations } = await world.client.status();
    const { settings } = await world.client.settings();
    return { enabled: conversations.map(({ enabled }) => enabled), runs: gateway.runs, settings };
  };
  const before = await state();
  return {
    ...world,
    async unharmed(): Promise<void> {
      expect(await state()).toEqual(before);
      expect((await world.ask("ada", "Still there?")).status).toBe(200);
    },
  };
}

/** Exactly these bytes, and what is said to them. */
async function raw({ port }: Pick<ServiceUnderTest, "port">, bytes: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.end(bytes);
  return text(socket).catch(() => "");
}

describe("without the token, or with a wrong one", () => {
  it("no route says or does anything", async () => {
    const world = await aGateway();
    const wrong = `${world.token.slice(0, -1)}${world.token.endsWith("A") ? "B" : "A"}`;
    for (const [method, path] of ROUTES) {
      for (const headers of [
        {},
        { "x-keepwarm-token": wrong },
        { "x-keepwarm-token": world.token.slice(1) },
        { "x-keepwarm-token": `${world.token} `.padEnd(60, "x") },
        { cookie: `x-keepwarm-token=${world.token}; token=${world.token}` },
        { authorization: `Bearer ${world.token}` },
      ]) {
        const body =
          method === "POST" ? { body: JSON.stringify({ name: "tier", value: "1h", enabled: false }) } : {};
        const told = await tell(world.url, path, { method, headers, ...body });
        expect([method, path, told.status]).toEqual([method, path, 401]);
        expect(told.body).toBe('{"error":"The control token is missing or wrong."}');
      }
      const inQuery = await tell(world.url, `${path}?token=${world.token}&x-keepwarm-token=${world.token}`, {
        method,
      });
      expect(inQuery.status).toBe(401);
    }
    await world.unharmed();
  });

  it.each([
    ["application/x-www-form-urlencoded", "name=tier&value=1h"],
    [
      "multipart/form-data; boundary=x",
      '--x\r\nContent-Disposition: form-data; name="name"\r\n\r\ntier\r\n--x--\r\n',
    ],
    ["text/plain", '{"name":"tier","value":"1h"}'],
  ])("a form that another site posts as %s does nothing", async (type, body) => {
    const world = await aGateway();
    for (const [method, path] of ROUTES.filter(([verb]) => verb === "POST")) {
      for (const origin of ["https://evil.example", "null", `http://localhost:${world.port}`]) {
        const told = await tell(world.url, path, {
          method,
          headers: {
            "content-type": type,
            origin,
            "sec-fetch-site": "cross-site",
            referer: "https://evil.example/",
          },
          body,
        });
        expect([path, told.status]).toEqual([path, 401]);
        expect(Object.keys(told.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
      }
    }
    await world.unharmed();
  });

  it("a page that asks beforehand whether it may is told nothing that lets it", async () => {
    const world = await aGateway();
    for (const [method, path] of ROUTES) {
      const told = await tell(world.url, path, {
        method: "OPTIONS",
        headers: {
          origin: "https://evil.example",
          "access-control-request-method": method,
          "access-control-request-headers": "x-keepwarm-token,content-type",
          "access-control-request-private-network": "true",
        },
      });
      expect(told.status).toBe(401);
      expect(Object.keys(told.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
    }
  });
});

describe("even with the token", () => {
  it("no route answers another site's page, nor a name that such a site made resolve here", async () => {
    const world = await aGateway();
    const headers = { "x-keepwarm-token": world.token };
    for (const [method, path] of ROUTES) {
      for (const more of [
        { origin: "https://evil.example" },
        { origin: "null" },
        { origin: `https://127.0.0.1:${world.port}` },
        { origin: `http://evil.example:${world.port}` },
        { host: "evil.example" },
        { host: `evil.example:${world.port}` },
        { host: `127.0.0.1.evil.example:${world.port}` },
        { host: `127.0.0.1:${world.port}`, origin: `http://rebound.example:${world.port}` },
      ]) {
        const told = await tell(world.url, path, {
          method,
          headers: { ...headers, ...more },
          ...(method === "POST" ? { body: "{}" } : {}),
        });
        expect([method, path, told.status]).toEqual([method, path, 403]);
      }
    }
    await world.unharmed();
  });

  it("no way leads out of a path", async () => {
    const world = await aGateway();
    const token = `x-keepwarm-token: ${world.token}\r\n`;
    for (const path of [
      "/v1/conversations/../stop",
      "/v1/conversations/..%2f..%2fv1%2fstop",
      "/v1/conversations/%2e%2e/stop",
      "/v1/conversations/%2e%2e%2fstop",
      "/v1/conversations/%252e%252e%252fstop",
      "/v1/conversations/..%5cstop",
      "/v1/conversations/%00/on",
      "/v1/conversations/%/on",
      "/v1/conversations/%ff%fe/on",
      "/v1/conversations/ada%00/on",
      "/v1/conversations//on",
      "/../../../etc/passwd",
      "/..%2f..%2f..%2fetc%2fpasswd",
      "/%2e%2e/%2e%2e/token",
      "//v1/stop",
      "/v1//stop",
      "/V1/STOP",
    ]) {
      for (const method of ["GET", "POST"]) {
        const said = await raw(
          world,
          `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${token}Content-Length: 0\r\nConnection: close\r\n\r\n`,
        );
        // An id like any other, which is not open; or no path at all.
        expect([path, said.split(" ")[1]]).toEqual([path, expect.stringMatching(/^(200|400|404|503)$/)]);
        expect(said).not.toMatch(/root:|stopping|private/);
        expect(said).not.toContain(world.token);
      }
    }
    await world.unharmed();
  });

  it.each([
    ["with a length", ""],
    ["in chunks", "chunked"],
  ])("a body of 10 MB %s is refused, and is not kept", async (_, coding) => {
    const world = await aGateway();
    const before = process.memoryUsage().arrayBuffers;
    const body = JSON.stringify({ name: "tier", value: "1h", padding: "x".repeat(10_000_000) });
    for (const path of [
      "/v1/settings",
      "/v1/conversations/ada/interval",
      "/v1/conversations/ada/action",
      "/v1/runs",
    ]) {
      const told = await tell(world.url, path, {
        method: "POST",
        headers: {
          "x-keepwarm-token": world.token,
          ...(coding === "" ? {} : { "transfer-encoding": coding }),
        },
        body,
      });
      expect([path, told.status, JSON.parse(told.body)]).toEqual([
        path,
        413,
        { error: "A body has at most 65536 bytes." },
      ]);
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(40_000_000);
    await world.unharmed();
  });

  it.each([
    ["nothing", "", "expected object"],
    ["no JSON", "{", ""],
    ["a list", "[]", ""],
    ["a number", "7", ""],
    ["null", "null", ""],
    ["another type", '{"name":7,"value":1}', "name: Invalid input: expected string, received number"],
    ["an object for a value", '{"name":"tier","value":{"toString":"x"}}', "value: Invalid input"],
    ["a prototype", '{"__proto__":{"name":"tier"},"value":"1h"}', "name: Invalid input"],
    ["depth", "[".repeat(30_000), ""],
  ])("a body of %s is answered with what is wrong with it", async (_, body, sentence) => {
    const world = await aGateway();
    const told = await tell(world.url, "/v1/settings", {
      method: "POST",
      headers: { "x-keepwarm-token": world.token },
      body,
    });
    expect(told.status).toBe(400);
    expect(JSON.parse(told.body).error).toMatch(/^The body is not what this path takes: .+\.$/);
    expect(told.body).toContain(sentence);
    await world.unharmed();
  });
});

describe("a conversation of a strange name", () => {
  it.each([
    "<img src=x onerror=alert(1)>",
    '"><script>alert(1)</script>',
    "a/b/../c",
    "100%",
    "%2e%2e%2f",
    "..%2fstop",
    "?query#fragment",
    "__proto__",
    "constructor",
    "a b\tc",
    "data: x",
    "é÷ÿ",
  ])("is %j and no more: in its own words in JSON, never a page, and steered by them", async (id) => {
    const world = await aService();
    const page = await listenTo(world);
    await page.come("live");
    expect((await world.ask(id)).status).toBe(200);
    await expect
      .poll(async () => (await world.client.status()).conversations.map((view) => view.id))
      .toEqual([id]);
    await expect.poll(() => [...page.known().keys()]).toEqual([id]);
    const { conversation } = await world.client.setEnabled(id, true);
    expect(conversation).toMatchObject({ id, enabled: true });
    await world.client.setIntervalMs(id, 60_000);
    await world.client.setKeepWarm(id, "1 ping");
    expect((await world.client.history(id))?.entries.map(({ kind }) => kind)).toEqual(["turn", "switch"]);
    expect(await world.client.outlook(id)).toMatchObject({ conversationId: id });
    for (const path of [
      "/v1/status",
      `/v1/conversations/${encodeURIComponent(id)}`,
      `/v1/conversations/${encodeURIComponent(`${id}!`)}`,
    ]) {
      const told = await tell(world.url, path, { headers: { "x-keepwarm-token": world.token } });
      expect(told.headers).toMatchObject({
        "content-type": "application/json",
        "x-content-type-options": "nosniff",
      });
    }
    await world.client.forget(id);
    await page.come("gone");
    expect(page.known().size).toBe(0);
    expect(await world.client.history(id)).toBeNull();
  });

  it.each([".", ".."])(
    "that a URL takes for a folder (%s) cannot be steered, and steers nothing else",
    async (id) => {
      const world = await aService();
      await world.ask(id);
      await expect.poll(async () => (await world.client.status()).conversations.length).toBe(1);
      await expect(world.client.setEnabled(id, true)).rejects.toMatchObject({ status: 400 });
      expect((await world.client.status()).conversations[0]).toMatchObject({ id, enabled: false });
    },
  );
});

describe("a storm", () => {
  it("of 10,000 notices a second leaves traffic alone, and ends in the truth", async () => {
    const world = await aService({ flags: { enableNew: true } });
    const ids = Array.from({ length: 200 }, (_, n) => `c${n}`);
    for (let n = 0; n < ids.length; n += 20)
      await Promise.all(ids.slice(n, n + 20).map((id) => world.ask(id)));
    const pages = await Promise.all([listenTo(world), listenTo(world)]);
    for (const page of pages) await page.come("live");
    const { warmer } = world.service.gateway.keeper;
    let notices = 0;
    const startedAt = performance.now();
    const storm = setInterval(() => {
      const due = (performance.now() - startedAt) * 10;
      for (; notices < due; notices++) {
        warmer.onConversationChanged(ids[notices % ids.length] ?? "", { present: notices % 2 === 0 });
      }
    }, 5);
    onTestFinished(() => clearInterval(storm));
    for (let n = 0; n < 40; n++) {
      const { status, body } = await world.ask(`c${n}`, "Are you there?");
      expect([status, JSON.parse(body).type]).toEqual([200, "message"]);
      await sleep(25);
    }
    await world.client.setEnabled("c0", false);
    clearInterval(storm);
    const seconds = (performance.now() - startedAt) / 1_000;
    expect(notices / seconds).toBeGreaterThan(8_000);
    for (const page of pages) {
      await expect
        .poll(async () => [...page.known().values()].find(({ id }) => id === "c0"))
        .toMatchObject({ enabled: false, phase: "off" });
      // Gathered: of each conversation the latest, some times a second.
      const told = page
        .all("conversations")
        .reduce((sum, { conversations }) => sum + conversations.length, 0);
      expect(told).toBeLessThan(notices / 4);
    }
  });

  it("of connections that ask nothing, or never end their request, keeps nobody out", async () => {
    const world = await aGateway();
    const sockets = Array.from({ length: 300 }, (_, n) => {
      const socket = connect(world.port, "127.0.0.1");
      socket.on("error", () => {});
      if (n % 3 === 1) socket.write("GET /v1/status HTTP/1.1\r\nHost: 127.0.0.1\r\nx-slow: ");
      if (n % 3 === 2)
        socket.write(
          `POST /v1/settings HTTP/1.1\r\nHost: 127.0.0.1\r\nx-keepwarm-token: ${world.token}\r\nContent-Length: 60000\r\n\r\n{`,
        );
      return socket;
    });
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
    });
    await world.unharmed();
  });
});
