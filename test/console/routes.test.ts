import { IncomingMessage, ServerResponse } from "node:http";
import { connect, Socket } from "node:net";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { createFeed } from "../../src/console/feed.ts";
import { Refused } from "../../src/console/index.ts";
import { createRoutes } from "../../src/console/routes.ts";
import { type ControlClient, ControlError, discover } from "../../src/hub/index.ts";
import { controlOf, type Told, tell } from "../support/control-under-test.ts";
import { aConversation, controlledInMemory } from "../support/controlled-in-memory.ts";

/** Before any server was made. */
const untouched = [Request, Response];

async function aControl({ heartbeatMs = 15_000, ids = ["chat"] } = {}) {
  const controlled = controlledInMemory(...ids.map((id) => aConversation({ id })));
  const control = await controlOf(controlled, { heartbeatMs });
  const headers = { "x-keepwarm-token": control.token };
  const post = (path: string, body?: string): Promise<Told> =>
    tell(control.url, path, { method: "POST", headers, ...(body === undefined ? {} : { body }) });
  return { controlled, ...control, post };
}

async function clientOf(directory: string): Promise<ControlClient> {
  const found = await discover(directory);
  if (found.state !== "running") throw new Error(found.state);
  return found.client;
}

const errorIn = ({ body }: Told): string => JSON.parse(body).error;

describe("the control API of pre-warms", () => {
  it("tells of the catalogue, and compares requests far larger than other bodies", async () => {
    const { directory, controlled } = await aControl();
    const client = await clientOf(directory);
    expect(await client.prewarm()).toEqual(controlled.prewarm());
    const request = JSON.stringify({ model: "claude-opus-5-5", system: "handbook ".repeat(100_000) });
    expect(await client.comparePrewarm({ request, betas: ["a", "b"] })).toMatchObject({ compared: 0 });
    expect(controlled.calls).toContain(`comparePrewarm ${request.length} a,b`);
  });

  it("refuses a comparison that is none", async () => {
    const { post } = await aControl();
    expect((await post("/v1/prewarm/compare", "{}")).status).toBe(400);
  });
});

describe("the control API", () => {
  it("tells the gateway's status and its conversations", async () => {
    const { url, token, controlled } = await aControl();
    const told = await tell(url, "/v1/status", { headers: { "x-keepwarm-token": token } });
    expect(told.headers["content-type"]).toBe("application/json");
    expect(JSON.parse(told.body)).toEqual({
      gateway: controlled.info(),
      conversations: controlled.conversations(),
    });
  });

  it("reports what was spent and saved, from a time on or from the beginning", async () => {
    const { url, token, controlled, directory } = await aControl();
    const ask = (query: string) =>
      tell(url, `/v1/report${query}`, { headers: { "x-keepwarm-token": token } });
    const whole = await controlled.report();
    expect(JSON.parse((await ask("")).body)).toEqual(whole);
    expect(JSON.parse((await ask("?since=1795165200000")).body)).toEqual(whole);
    expect(await (await clientOf(directory)).report(5)).toEqual(whole);
    expect(controlled.calls.slice(1)).toEqual(["report ", "report 1795165200000", "report 5"]);
    for (const wrong of ["x", "-1", "1.5", "1e99"]) {
      const told = await ask(`?since=${wrong}`);
      expect([told.status, errorIn(told)]).toEqual([400, "since must be a time in ms since 1970."]);
    }
  });

  it("switches a conversation on and off, and sets its interval", async () => {
    const { post, controlled } = await aControl();
    expect(JSON.parse((await post("/v1/conversations/chat/off")).body)).toMatchObject({
      conversation: { id: "chat", enabled: false },
      note: null,
    });
    await post("/v1/conversations/chat/on", "{}");
    const told = await post("/v1/conversations/chat/interval", JSON.stringify({ intervalMs: 60_000 }));
    expect(JSON.parse(told.body)).toMatchObject({ conversation: { enabled: true, intervalMs: 60_000 } });
    await post("/v1/conversations/chat/interval", JSON.stringify({ intervalMs: null }));
    expect(controlled.calls).toEqual([
      "setEnabled chat false",
      "setEnabled chat true",
      "setIntervalMs chat 60000",
      "setIntervalMs chat null",
    ]);
  });

  it("stores the choice for a named conversation that is not open, and says that it is not", async () => {
    const { post, controlled } = await aControl();
    const told = await post("/v1/conversations/caht/on");
    expect(told.status).toBe(200);
    expect(JSON.parse(told.body)).toEqual({
      conversation: null,
      note: "No conversation caht is open now. The setting is stored, for when one of that name comes.",
    });
    expect(controlled.stored.get("caht")).toEqual({ enabled: true });
  });

  it("stores nothing for an unnamed conversation that has gone: its id does not come again", async () => {
    const { post, controlled } = await aControl();
    for (const [action, body] of [["on"], ["off"], ["interval", '{"intervalMs":60000}']] as const) {
      const told = await post(`/v1/conversations/keepwarm-thread-1/${action}`, body);
      expect(told.status).toBe(404);
      expect(errorIn(told)).toBe("No conversation keepwarm-thread-1 is open.");
    }
    expect(controlled.calls).toEqual([]);
  });

  it("switches an unnamed conversation that is open", async () => {
    const { post, controlled } = await aControl({ ids: ["keepwarm-thread-1"] });
    expect((await post("/v1/conversations/keepwarm-thread-1/on")).status).toBe(200);
    expect(controlled.calls).toEqual(["setEnabled keepwarm-thread-1 true"]);
  });

  it("warms at once, or says why not", async () => {
    const { post } = await aControl();
    expect(JSON.parse((await post("/v1/conversations/chat/warm")).body)).toMatchObject({
      sent: true,
      conversation: { lastPct: 98 },
    });
    await post("/v1/conversations/chat/off");
    expect(JSON.parse((await post("/v1/conversations/chat/warm")).body)).toMatchObject({
      sent: false,
      why: "It is switched off.",
    });
    expect((await post("/v1/conversations/other/warm")).status).toBe(404);
  });

  it("forgets what it knows, and says when that is nothing", async () => {
    const { post } = await aControl();
    expect((await post("/v1/conversations/chat/forget")).status).toBe(200);
    const told = await post("/v1/conversations/chat/forget");
    expect([told.status, errorIn(told)]).toEqual([404, "Nothing is known of a conversation chat."]);
  });

  it("knows a conversation by whatever id it has", async () => {
    const { directory, controlled } = await aControl();
    const client = await clientOf(directory);
    const id = fc
      .oneof(
        fc.string({ minLength: 1, unit: "grapheme" }),
        fc.string({ minLength: 1, unit: "binary" }),
        fc.constantFrom(
          "a/b",
          "/",
          "//",
          "../x",
          "a/../b",
          "%2F",
          "%",
          "%25",
          "a b",
          "?q#f",
          "\\",
          "東京/🌡️",
          "a\tb\n",
          "on",
        ),
      )
      .filter((made) => made !== "." && made !== ".." && made.isWellFormed());
    await fc.assert(
      fc.asyncProperty(id, async (made) => {
        controlled.open.set(made, aConversation({ id: made }));
        const { conversation } = await client.setEnabled(made, false);
        expect(conversation?.id).toBe(made);
        controlled.open.delete(made);
      }),
      { numRuns: 150 },
    );
  });

  it("says no to the two ids that a URL cannot carry, and does nothing", async () => {
    const { directory, controlled } = await aControl();
    const client = await clientOf(directory);
    for (const id of [".", ".."]) {
      await expect(client.setEnabled(id, true)).rejects.toThrow(ControlError);
    }
    expect(controlled.calls).toEqual([]);
  });

  it.each(["", "{}", "null", "[", '{"intervalMs":"60000"}', '{"intervalMs":999}', '{"intervalMs":86400001}'])(
    "says what is wrong with the body %s",
    async (body) => {
      const { post, controlled } = await aControl();
      const told = await post("/v1/conversations/chat/interval", body);
      expect(told.status).toBe(400);
      expect(errorIn(told)).toMatch(/^The body is not what this path takes: .+\.$/);
      expect(controlled.calls).toEqual([]);
    },
  );

  it.each([
    ["a length", { "content-length": "70000" }],
    ["no length", { "transfer-encoding": "chunked" }],
  ])("takes no body over 64 kB that comes with %s", async (_, framing) => {
    const { url, token, controlled } = await aControl();
    const told = await tell(url, "/v1/conversations/chat/interval", {
      method: "POST",
      headers: { "x-keepwarm-token": token, ...framing },
      body: `{"intervalMs":60000,"x":"${"x".repeat(70_000 - 29)}"}`.padEnd(70_000),
    });
    expect([told.status, errorIn(told)]).toEqual([413, "A body has at most 65536 bytes."]);
    expect(controlled.calls).toEqual([]);
  });

  it("takes a body that comes in chunks, without saying how long it is", async () => {
    const { url, token, controlled } = await aControl();
    const told = await tell(url, "/v1/conversations/chat/interval", {
      method: "POST",
      headers: { "x-keepwarm-token": token, "transfer-encoding": "chunked" },
      body: '{"intervalMs":60000}',
    });
    expect(told.status).toBe(200);
    expect(controlled.calls).toEqual(["setIntervalMs chat 60000"]);
  });

  it("keeps what went wrong inside to itself", async () => {
    const { post, controlled, errors } = await aControl();
    const secret = new Error("sk-ant-api03-secret at /home/person");
    controlled.failWith = secret;
    const told = await post("/v1/conversations/chat/on");
    expect(told.status).toBe(500);
    expect(JSON.parse(told.body)).toEqual({ error: "The gateway could not do this; its log says why." });
    expect(errors).toEqual([secret]);
  });

  it("passes on a no that is meant for people", async () => {
    const { post, controlled, errors } = await aControl();
    controlled.failWith = new Refused(503, "There is no room on the disk, so nothing was stored.");
    const told = await post("/v1/conversations/chat/on");
    expect([told.status, errorIn(told)]).toEqual([
      503,
      "There is no room on the disk, so nothing was stored.",
    ]);
    expect(errors).toEqual([]);
  });

  it("leaves the process's own Request and Response as they are", async () => {
    const { url, token } = await aControl();
    await tell(url, "/v1/status", { headers: { "x-keepwarm-token": token } });
    expect([Request, Response].map((made, index) => made === untouched[index])).toEqual([true, true]);
  });

  it("stops once it has said so", async () => {
    const { directory, controlled, close } = await aControl();
    const stopped = new Promise<void>((resolve) => {
      controlled.stop = () => void close().then(resolve);
    });
    await (await clientOf(directory)).stop();
    await stopped;
    expect(await discover(directory)).toMatchObject({ state: "stale" });
  });
});

describe("a run", () => {
  const run = { pid: 77, command: "claude" };

  /** Resolves once nothing is attached any more. */
  async function detached(controlled: ReturnType<typeof controlledInMemory>): Promise<void> {
    await expect.poll(() => controlled.info().runs).toEqual([]);
  }

  it("is attached for as long as its answer is held, and detached once", async () => {
    const { directory, controlled } = await aControl();
    const held = await (await clientOf(directory)).attachRun({ ...run, runId: "run-1" });
    expect(held).toMatchObject({
      runId: "run-1",
      gatewayUrl: "http://127.0.0.1:4777",
      baseUrl: "http://127.0.0.1:4777/~keepwarm/run/run-1",
    });
    expect(controlled.info().runs).toMatchObject([{ runId: "run-1", pid: 77, command: "claude" }]);
    held.release();
    held.release();
    await held.ended;
    await detached(controlled);
    expect(controlled.calls).toEqual(["attachRun run-1 77 claude -", "detach run-1"]);
  });

  it("gets an id where it brings none, and may have an upstream of its own", async () => {
    const { directory, controlled } = await aControl();
    const upstream = "https://gateway.example.com/anthropic";
    const held = await (await clientOf(directory)).attachRun({ ...run, upstream });
    expect(held.runId).toMatch(/^[\w-]{36}$/);
    expect(controlled.calls).toEqual([`attachRun ${held.runId} 77 claude ${upstream}`]);
    held.release();
    await detached(controlled);
  });

  it.each([
    { ...run, runId: "a/b" },
    { ...run, runId: "" },
    { ...run, runId: "x".repeat(65) },
    { ...run, pid: 0 },
    { ...run, command: "" },
    { ...run, upstream: "file:///etc/passwd" },
    { command: "claude" },
  ])("is not attached as %j", async (body) => {
    const { post, controlled } = await aControl();
    const told = await post("/v1/runs", JSON.stringify(body));
    expect(told.status).toBe(400);
    expect(controlled.calls).toEqual([]);
  });

  it("is told when its id is in use", async () => {
    const { directory, controlled } = await aControl();
    const client = await clientOf(directory);
    const held = await client.attachRun({ ...run, runId: "run-1" });
    await expect(client.attachRun({ ...run, runId: "run-1" })).rejects.toMatchObject({
      status: 409,
      message: "A run run-1 is attached already.",
    });
    expect(controlled.info().runs).toHaveLength(1);
    held.release();
    await detached(controlled);
    expect(controlled.calls.filter((call) => call.startsWith("detach"))).toEqual(["detach run-1"]);
  });

  it("ends with the gateway", async () => {
    const { directory, controlled, close } = await aControl();
    const held = await (await clientOf(directory)).attachRun({ ...run, runId: "run-1" });
    await close();
    await held.ended;
    await detached(controlled);
    expect(controlled.calls).toEqual(["attachRun run-1 77 claude -", "detach run-1"]);
  });

  /** Asks for a run by hand, and resolves with its socket once `heard` suffices. */
  async function byHand(
    { port, token }: { port: number; token: string },
    suffices: (heard: string) => boolean,
    runId = "run-1",
  ): Promise<{ socket: Socket; heard: () => string }> {
    const socket = connect({ port, host: "127.0.0.1" });
    onTestFinished(() => void socket.destroy());
    let heard = "";
    const enough = new Promise<void>((resolve) => {
      socket.on("data", (chunk) => {
        heard += chunk.toString();
        if (suffices(heard)) resolve();
      });
      if (suffices(heard)) resolve();
    });
    const body = JSON.stringify({ ...run, runId });
    socket.write(
      `POST /v1/runs HTTP/1.1\r\nHost: localhost\r\nx-keepwarm-token: ${token}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    await enough;
    return { socket, heard: () => heard };
  }

  it.each<[how: string, end: (socket: Socket) => void]>([
    ["cut", (socket) => socket.resetAndDestroy()],
    ["closed", (socket) => socket.destroy()],
    ["half closed", (socket) => socket.end()],
  ])("is detached exactly once when its connection is %s", async (_, end) => {
    const control = await aControl();
    const { socket } = await byHand(control, (heard) => heard.includes("baseUrl"));
    end(socket);
    await detached(control.controlled);
    // Whatever else may come of it.
    await control.close();
    expect(control.controlled.calls).toEqual(["attachRun run-1 77 claude -", "detach run-1"]);
    expect(control.errors).toEqual([]);
  });

  it("is not left attached when its asker goes before it is answered", async () => {
    const control = await aControl();
    for (let round = 0; round < 20; round++) {
      const { socket } = await byHand(control, () => true, `run-${round}`);
      // At every stage of its being taken in.
      for (let turn = 0; turn < round; turn++) await new Promise(setImmediate);
      socket.resetAndDestroy();
    }
    await detached(control.controlled);
    const count = (word: string) => control.controlled.calls.filter((call) => call.startsWith(word)).length;
    await expect.poll(() => count("attachRun") - count("detach")).toBe(0);
    expect(control.errors).toEqual([]);
  });

  it("is not attached for an asker that went while its request was read", async () => {
    const controlled = controlledInMemory();
    const feed = createFeed({ controlled, onError: () => {} });
    const app = createRoutes({ controlled, feed, onError: () => {}, heartbeatMs: 15_000 });
    const incoming = new IncomingMessage(new Socket());
    incoming.push(JSON.stringify(run));
    incoming.push(null);
    const outgoing = new ServerResponse(incoming);
    outgoing.destroy();
    await app.request("/v1/runs", { method: "POST" }, { incoming, outgoing });
    expect(controlled.calls).toEqual([]);
  });

  it("is no error when its asker goes in the middle of its request", async () => {
    const { port, token, url, controlled, errors } = await aControl();
    const headers = { "x-keepwarm-token": token };
    const socket = connect({ port, host: "127.0.0.1" });
    socket.write(
      `POST /v1/runs HTTP/1.1\r\nHost: localhost\r\nx-keepwarm-token: ${token}\r\nContent-Length: 99\r\n\r\n{"pid"`,
    );
    // A whole request on either side, so that what is between them has been seen.
    await tell(url, "/v1/status", { headers });
    socket.destroy();
    await tell(url, "/v1/status", { headers });
    expect(controlled.calls).toEqual([]);
    expect(errors).toEqual([]);
  });

  it("hears a sign of life from time to time", async () => {
    const control = await aControl({ heartbeatMs: 10 });
    const { heard } = await byHand(control, (text) => text.split("\r\n\n\r\n").length > 3);
    const [, ...chunks] = heard().split("\r\n\r\n");
    expect(chunks.join("")).toMatch(/^[0-9a-f]+\r\n\{"runId":"run-1",.*\}\n\r\n(1\r\n\n\r\n){3,}$/);
  });

  it("whose detaching goes wrong is told to the log alone", async () => {
    const control = await aControl();
    const { socket } = await byHand(control, (heard) => heard.includes("baseUrl"));
    const secret = new Error("what went wrong");
    control.controlled.failWith = secret;
    socket.destroy();
    await expect.poll(() => control.errors).toEqual([secret]);
  });
});
