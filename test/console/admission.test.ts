import { METHODS } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { proofOf } from "../../src/hub/index.ts";
import { controlOf, tell } from "../support/control-under-test.ts";
import { aConversation, controlledInMemory } from "../support/controlled-in-memory.ts";

const ROUTES = [
  "GET /v1/status",
  "POST /v1/conversations/chat/on",
  "POST /v1/conversations/chat/off",
  "POST /v1/conversations/chat/interval",
  "POST /v1/conversations/chat/warm",
  "POST /v1/conversations/chat/forget",
  "POST /v1/runs",
  "POST /v1/stop",
];

const REFUSAL = JSON.stringify({ error: "The control token is missing or wrong." });
const nonce = "a-nonce-of-24-characters";

async function aControl() {
  const controlled = controlledInMemory(aConversation({ id: "chat" }));
  return { controlled, ...(await controlOf(controlled)) };
}

/** What the server says to exactly these bytes. */
async function raw(port: number, bytes: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.end(bytes);
  return text(socket);
}

describe("without the token the control API", () => {
  it.each(ROUTES)("refuses %s, and does nothing", async (route) => {
    const { url, controlled } = await aControl();
    const [method = "", path = ""] = route.split(" ");
    for (const headers of [
      {},
      { "x-keepwarm-token": "" },
      { "x-keepwarm-token": "A".repeat(43) },
      { authorization: "Bearer x" },
    ]) {
      const body =
        method === "POST" ? JSON.stringify({ intervalMs: 60_000, pid: 1, command: "x" }) : undefined;
      const told = await tell(url, path, { method, headers, ...(body === undefined ? {} : { body }) });
      expect(told).toMatchObject({ status: 401, body: REFUSAL });
    }
    expect(controlled.calls).toEqual([]);
  });

  it("gives the same answer whatever the path, the method, the host and the origin", async () => {
    const { url, controlled, errors } = await aControl();
    // A CONNECT has its own test; the others are Node's.
    const methods = METHODS.filter((method) => method !== "CONNECT");
    const path = fc.oneof(
      fc.constantFrom(
        "*",
        "//",
        "/v1/../..",
        "/v1/conversations/%/on",
        "/%00",
        "http://example.com/v1/status",
      ),
      fc.webPath().map((made) => `/${made}`),
      fc.constantFrom(...ROUTES.map((route) => route.split(" ")[1] ?? "")),
    );
    const hosts = fc.constantFrom("127.0.0.1", "example.com", "", "a b", "[::1", "localhost:1", "@");
    await fc.assert(
      fc.asyncProperty(
        path,
        fc.constantFrom(...methods),
        hosts,
        fc.boolean(),
        async (asked, method, host, page) => {
          const headers = { host, ...(page ? { origin: "https://example.com" } : {}) };
          const told = await tell(url, asked, { method, headers });
          expect(told.status).toBe(401);
          expect(told.body).toBe(method === "HEAD" ? "" : REFUSAL);
          const { date: _, ...shown } = told.headers;
          expect(shown).toEqual({
            "cache-control": "no-store",
            connection: "close",
            "content-length": String(REFUSAL.length),
            "content-type": "application/json",
            "x-content-type-options": "nosniff",
          });
        },
      ),
      { numRuns: 300 },
    );
    expect(controlled.calls).toEqual([]);
    expect(errors).toEqual([]);
  });

  it.each([
    ["a tunnel", "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n"],
    ["an upgrade", "GET /v1/status HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"],
    ["an expectation", "POST /v1/stop HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\n\r\n"],
    [
      "an announced body",
      "POST /v1/stop HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n",
    ],
    ["no host at all", "GET /v1/status HTTP/1.1\r\n\r\n"],
    ["an old protocol", "GET /v1/status HTTP/1.0\r\n\r\n"],
  ])("refuses %s alike", async (_, bytes) => {
    const { port, controlled } = await aControl();
    const said = await raw(port, bytes);
    expect(said).toMatch(/^HTTP\/1\.1 401 /);
    expect(said).toContain(REFUSAL);
    expect(controlled.calls).toEqual([]);
  });

  it("refuses a token that is shown twice", async () => {
    const { port, token } = await aControl();
    const said = await raw(
      port,
      `GET /v1/status HTTP/1.1\r\nHost: 127.0.0.1\r\nx-keepwarm-token: ${token}\r\nx-keepwarm-token: ${token}\r\nConnection: close\r\n\r\n`,
    );
    expect(said).toMatch(/^HTTP\/1\.1 401 /);
  });

  it("proves itself to whoever asks, on the refusal too", async () => {
    const { url, token } = await aControl();
    const { status, headers } = await tell(url, "/anything", { headers: { "x-keepwarm-challenge": nonce } });
    expect(status).toBe(401);
    expect(headers["x-keepwarm-proof"]).toBe(proofOf(token, nonce, Number(new URL(url).port)));
    expect(headers["x-keepwarm-proof"]).not.toContain(token);
  });

  it.each(["", "short", "x".repeat(257), "with spaces in the middle of it"])(
    "proves nothing for %j, which is no nonce",
    async (challenge) => {
      const { url } = await aControl();
      const { status, headers } = await tell(url, "/", { headers: { "x-keepwarm-challenge": challenge } });
      expect(status).toBe(401);
      expect(headers).not.toHaveProperty("x-keepwarm-proof");
    },
  );
});

describe("with the token the control API", () => {
  it("proves itself as well", async () => {
    const { url, token } = await aControl();
    const headers = { "x-keepwarm-token": token, "x-keepwarm-challenge": nonce };
    const told = await tell(url, "/v1/status", { headers });
    expect(told.status).toBe(200);
    expect(told.headers["x-keepwarm-proof"]).toBe(proofOf(token, nonce, Number(new URL(url).port)));
    expect(told.headers["cache-control"]).toBe("no-store");
  });

  it.each(["127.0.0.1", "127.0.0.1:4778", "127.1.2.3", "localhost", "LOCALHOST:80", "[::1]", "[::1]:4778"])(
    "answers to the host %s",
    async (host) => {
      const { url, token } = await aControl();
      const told = await tell(url, "/v1/status", { headers: { host, "x-keepwarm-token": token } });
      expect(told.status).toBe(200);
    },
  );

  it.each([
    "example.com",
    "localhost.example.com",
    "127.0.0.1.example.com",
    "127.0.0.1@example.com",
    "example.com@127.0.0.1",
    "127.0.0.1/example.com",
    "0.0.0.0",
    "[::]",
    "192.168.0.1",
  ])("refuses the host %j", async (host) => {
    const { url, token, controlled } = await aControl();
    const told = await tell(url, "/v1/stop", {
      method: "POST",
      headers: { host, "x-keepwarm-token": token },
    });
    expect(told.status).toBe(403);
    expect(JSON.parse(told.body)).toEqual({ error: expect.any(String) });
    expect(controlled.calls).toEqual([]);
  });

  it.each(["", "Host: \r\n", "Host: localhost\r\nHost: example.com\r\n"])(
    "refuses a request whose host lines are %j",
    async (lines) => {
      const { port, token } = await aControl();
      const said = await raw(
        port,
        `GET /v1/status HTTP/1.1\r\n${lines}x-keepwarm-token: ${token}\r\nConnection: close\r\n\r\n`,
      );
      expect(said).toMatch(/^HTTP\/1\.1 403 /);
    },
  );

  it("answers a page of its own, and no other", async () => {
    const { url, port, token } = await aControl();
    const statusFor = async (origin: string) => {
      const told = await tell(url, "/v1/status", { headers: { origin, "x-keepwarm-token": token } });
      expect(Object.keys(told.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
      return told.status;
    };
    expect(await statusFor(`http://127.0.0.1:${port}`)).toBe(200);
    expect(await statusFor(`http://localhost:${port}`)).toBe(200);
    for (const other of [
      "null",
      "",
      "https://example.com",
      `https://127.0.0.1:${port}`,
      `http://127.0.0.1:${port === 65_535 ? port - 1 : port + 1}`,
      "http://127.0.0.1",
      `http://example.com:${port}`,
    ]) {
      expect(await statusFor(other), other).toBe(403);
    }
  });

  it("never allows another page to read an answer, asked beforehand or not", async () => {
    const { url, token } = await aControl();
    const told = await tell(url, "/v1/status", {
      method: "OPTIONS",
      headers: {
        origin: "https://example.com",
        "access-control-request-headers": "x-keepwarm-token",
        "x-keepwarm-token": token,
      },
    });
    expect(told.status).toBe(403);
    expect(Object.keys(told.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
  });

  it.each([
    ["OPTIONS", "*"],
    ["GET", "/v1/nothing"],
    ["GET", "/v1/stop"],
    ["GET", "/v1\\status"],
    ["TRACE", "/v1/status"],
    ["PROPFIND", "/v1/status"],
  ])("answers %s %s with a sentence and no more", async (method, path) => {
    const { url, token, controlled } = await aControl();
    const told = await tell(url, path, { method, headers: { "x-keepwarm-token": token } });
    expect([400, 404]).toContain(told.status);
    expect(JSON.parse(told.body)).toEqual({ error: expect.any(String) });
    expect(controlled.calls).toEqual([]);
  });
});
