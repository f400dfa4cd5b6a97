import { createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  type ConversationView,
  createLink,
  discover,
  type LinkedProgram,
  type Wish,
} from "../../src/hub/index.ts";
import { publish } from "../../src/hub/record.ts";
import { controlToken } from "../../src/hub/token.ts";
import { systemTimers } from "../../src/timers.ts";
import { aStateDirectory, controlOf, tell } from "../support/control-under-test.ts";
import { aConversation, controlledInMemory } from "../support/controlled-in-memory.ts";
import { createRecordingLogger } from "../support/recording-logger.ts";

/** A program with conversations that remembers what was asked of it. */
function aProgram(host = "pi", ...ids: readonly string[]) {
  const open = new Map(ids.map((id) => [id, aConversation({ id })]));
  const asked: { readonly conversationId: string; readonly wish: Wish }[] = [];
  let failure: string | null = null;
  let isStuck = false;
  const program: LinkedProgram = {
    host,
    version: "0.1.0",
    conversationIds: () => [...open.keys()],
    view: (id) => open.get(id) ?? null,
    async perform(conversationId, wish) {
      asked.push({ conversationId, wish });
      if (isStuck) await new Promise(() => {});
      if (failure !== null) throw new Error(failure);
      const view = open.get(conversationId);
      if (wish.what === "enabled" && view) open.set(conversationId, { ...view, enabled: wish.enabled });
      if (wish.what === "warm") return { notSent: "A turn is under way." };
      return { conversation: open.get(conversationId) };
    },
  };
  return {
    program,
    open,
    asked,
    failWith: (text: string) => {
      failure = text;
    },
    getStuck: () => {
      isStuck = true;
    },
  };
}

type Program = ReturnType<typeof aProgram>;

function linkOf({ program }: Pick<Program, "program">, stateDirectory: string) {
  const logger = createRecordingLogger();
  const link = createLink({ stateDirectory, program, timers: systemTimers(), logger, lookMs: 20 });
  onTestFinished(() => link.close());
  return { ...link, logger };
}

async function linked(...programs: readonly Program[]) {
  const controlled = controlledInMemory();
  const control = await controlOf(controlled, { links: { deadlineMs: 200 } });
  const links = programs.map((program) => linkOf(program, control.directory));
  for (const link of links) link.changed("any");
  await expect.poll(() => links.every((link) => link.isLinked())).toBe(true);
  const found = await discover(control.directory);
  if (found.state !== "running") throw new Error(found.state);
  const ids = async () => (await found.client.status()).conversations.map(({ id }) => id).toSorted();
  return { controlled, control, links, client: found.client, ids };
}

describe("a program that is linked to the hub", () => {
  it("has its conversations stand beside the gateway's, with its name", async () => {
    const pi = aProgram("pi", "ada");
    const { controlled, client, ids } = await linked(pi);
    controlled.open.set("ben", aConversation({ id: "ben" }));
    await expect.poll(ids).toEqual(["ada", "ben"]);
    const { gateway, conversations } = await client.status();
    expect(Object.fromEntries(conversations.map(({ id, host }) => [id, host]))).toEqual({
      ada: "pi",
      ben: null,
    });
    expect(gateway.hosts).toMatchObject([
      { host: "pi", pid: process.pid, version: "0.1.0", conversations: 1 },
    ]);
  });

  it("tells what changes, gathered, and only that", async () => {
    const pi = aProgram("pi", "ada", "ben");
    const { client, links, ids } = await linked(pi);
    await expect.poll(ids).toEqual(["ada", "ben"]);
    pi.open.set("ada", aConversation({ id: "ada", phase: "warming" }));
    pi.open.delete("ben");
    for (let count = 0; count < 1_000; count++) {
      links[0]?.changed("ada");
      links[0]?.changed("ben");
    }
    await expect.poll(ids).toEqual(["ada"]);
    expect((await client.status()).conversations[0]?.phase).toBe("warming");
  });

  it("is told what its person does elsewhere, and says what came of it", async () => {
    const pi = aProgram("pi", "ada");
    const { client, controlled, ids } = await linked(pi);
    await expect.poll(ids).toEqual(["ada"]);
    expect(await client.setEnabled("ada", true)).toMatchObject({
      conversation: { enabled: true, host: "pi" },
    });
    await client.setIntervalMs("ada", 60_000);
    await client.setKeepWarm("ada", "2h");
    expect(await client.warmNow("ada")).toMatchObject({ sent: false, why: "A turn is under way." });
    await client.forget("ada");
    expect(pi.asked.map(({ wish }) => wish)).toEqual([
      { what: "enabled", enabled: true },
      { what: "interval", intervalMs: 60_000 },
      { what: "keep-warm", keepWarm: "2h" },
      { what: "warm" },
      { what: "forget" },
    ]);
    expect(controlled.calls.filter((call) => !call.startsWith("forget"))).toEqual([]);
  });

  it("is told nothing of conversations that are the gateway's own", async () => {
    const pi = aProgram("pi", "ada");
    const { client, controlled, ids } = await linked(pi);
    controlled.open.set("ben", aConversation({ id: "ben" }));
    await expect.poll(ids).toEqual(["ada", "ben"]);
    await client.setEnabled("ben", true);
    expect(pi.asked).toEqual([]);
  });

  it("has a conversation switched off that two have, in both", async () => {
    const [pi, second] = [aProgram("pi", "ada"), aProgram("opencode", "ada")];
    pi.open.set("ada", aConversation({ id: "ada", lastTurnAt: 2 }));
    second.open.set("ada", aConversation({ id: "ada", lastTurnAt: 1 }));
    const { client, controlled, ids } = await linked(pi, second);
    controlled.open.set("ada", aConversation({ id: "ada" }));
    await expect.poll(ids).toEqual(["ada"]);
    expect((await client.status()).conversations[0]?.host).toBe("pi");
    await client.setEnabled("ada", false);
    expect([pi, second].map(({ asked }) => asked.length)).toEqual([1, 1]);
    expect(controlled.calls).toContain("setEnabled ada false");
    await client.setEnabled("ada", true);
    expect(controlled.calls).not.toContain("setEnabled ada true");
  });

  it("tells what happened, also of the time before there was a hub, and of no conversation of others", async () => {
    const directory = aStateDirectory();
    const pi = aProgram("pi", "ada");
    const link = linkOf(pi, directory);
    link.changed("ada");
    const at = 1;
    link.happened("ada", { kind: "switch", seq: 1, at, enabled: true });
    link.happened("ben", { kind: "switch", seq: 2, at, enabled: true });
    const controlled = controlledInMemory();
    await controlOf(controlled, { directory });
    await expect.poll(() => controlled.calls).toContain("noteHistory ada switch");
    link.happened("ada", { kind: "stop", seq: 3, at, why: "because" });
    await expect.poll(() => controlled.calls).toContain("noteHistory ada stop");
    expect(controlled.calls.join()).not.toContain("noteHistory ben");
  });

  it("takes its conversations along when it goes", async () => {
    const pi = aProgram("pi", "ada");
    const { client, links, ids } = await linked(pi);
    await expect.poll(ids).toEqual(["ada"]);
    links[0]?.close();
    await expect.poll(ids).toEqual([]);
    expect((await client.status()).gateway.hosts).toEqual([]);
  });
});

describe("an action for a program", () => {
  it("fails with a sentence when it cannot be done there", async () => {
    const pi = aProgram("pi", "ada");
    const { client, ids } = await linked(pi);
    await expect.poll(ids).toEqual(["ada"]);
    pi.failWith("the disk is full");
    await expect(client.setEnabled("ada", true)).rejects.toMatchObject({
      status: 503,
      message: `pi (process ${process.pid}) could not do this: the disk is full`,
    });
  });

  it("fails in time when it does not answer", async () => {
    const pi = aProgram("pi", "ada");
    const { client, ids } = await linked(pi);
    await expect.poll(ids).toEqual(["ada"]);
    pi.getStuck();
    await expect(client.setEnabled("ada", true)).rejects.toMatchObject({
      status: 503,
      message: `pi (process ${process.pid}) did not answer in time.`,
    });
  });

  it("fails at once when it goes meanwhile", async () => {
    const pi = aProgram("pi", "ada");
    const { client, links, ids } = await linked(pi);
    await expect.poll(ids).toEqual(["ada"]);
    pi.getStuck();
    const change = client.warmNow("ada");
    change.catch(() => {});
    await expect.poll(() => pi.asked.length).toBe(1);
    links[0]?.close();
    await expect(change).rejects.toThrow(
      `pi (process ${process.pid}) has gone, and its conversations with it.`,
    );
  });
});

describe("a program without a hub", () => {
  it("is linked when one starts later, and again when it starts anew", async () => {
    const directory = aStateDirectory();
    const pi = aProgram("pi", "ada");
    const link = linkOf(pi, directory);
    link.changed("ada");
    await sleep(60);
    expect(link.isLinked()).toBe(false);
    const first = await controlOf(controlledInMemory(), { directory });
    await expect.poll(() => link.isLinked()).toBe(true);
    await first.close();
    await expect.poll(() => link.isLinked()).toBe(false);
    await controlOf(controlledInMemory(), { directory });
    await expect.poll(() => link.isLinked()).toBe(true);
  });

  it("does not even look for one before it has a conversation", async () => {
    const { directory } = await controlOf(controlledInMemory());
    const link = linkOf(aProgram(), directory);
    await sleep(80);
    expect(link.isLinked()).toBe(false);
  });

  it("shows an impostor nothing, and does not ask it again and again", async () => {
    const directory = aStateDirectory();
    const token = await controlToken(directory);
    const heard: string[] = [];
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.on("error", () => {});
      socket.on("data", (chunk) => {
        heard.push(String(chunk));
        socket.write("HTTP/1.1 401 Unauthorized\r\nx-keepwarm-proof: none\r\ncontent-length: 2\r\n\r\n{}");
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const address = server.address();
    const port = typeof address === "object" ? address?.port : 0;
    const controlUrl = `http://127.0.0.1:${port}`;
    await publish(directory, { pid: 1, gatewayUrl: controlUrl, controlUrl, startedAt: 1, version: "0" });
    const link = linkOf(aProgram("pi", "ada"), directory);
    link.changed("ada");
    await expect.poll(() => heard.length).toBe(1);
    await sleep(120);
    expect(heard).toHaveLength(1);
    expect(sockets).toHaveLength(1);
    expect(heard.join("")).not.toContain(token);
    expect(link.isLinked()).toBe(false);
  });

  it("is not held up by a hub that says nothing, or ends in the middle", async () => {
    for (const answer of ["", "HTTP/1.1 401 Unauthorized\r\n", "nonsense\r\n\r\n"]) {
      const directory = aStateDirectory();
      await controlToken(directory);
      const server = createServer((socket) => {
        socket.on("error", () => {});
        socket.once("data", () => (answer === "" ? undefined : socket.end(answer)));
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      onTestFinished(() => void server.close());
      const address = server.address();
      const controlUrl = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
      await publish(directory, { pid: 1, gatewayUrl: controlUrl, controlUrl, startedAt: 1, version: "0" });
      const link = linkOf(aProgram("pi", "ada"), directory);
      link.changed("ada");
      await sleep(50);
      expect(link.isLinked()).toBe(false);
      link.close();
    }
  });
});

describe("the way in for programs", () => {
  it("is closed without the token, and to any other protocol", async () => {
    const { url, token } = await controlOf(controlledInMemory());
    const upgrade = { connection: "upgrade", upgrade: "keepwarm-link" };
    expect((await tell(url, "/v1/link", { headers: upgrade })).status).toBe(401);
    expect(
      (await tell(url, "/v1/link", { headers: { ...upgrade, "x-keepwarm-token": "wrong" } })).status,
    ).toBe(401);
    const other = { connection: "upgrade", upgrade: "websocket", "x-keepwarm-token": token };
    expect((await tell(url, "/v1/link", { headers: other })).status).toBe(404);
    expect((await tell(url, "/v1/status", { headers: other })).status).toBe(200);
    const page = { ...upgrade, "x-keepwarm-token": token, origin: "http://evil.example" };
    expect((await tell(url, "/v1/link", { headers: page })).status).toBe(403);
  });

  it("ends with whoever sends what is no line, and leaves the others alone", async () => {
    const pi = aProgram("pi", "ada");
    const { ids, control } = await linked(pi);
    const { connectToHub } = await import("../../src/hub/link/connect.ts");
    const connect = () => connectToHub({ controlUrl: control.url, token: control.token, timeoutMs: 1_000 });
    for (const nonsense of [Buffer.alloc(3_000_000, 0x41), Buffer.from("nonsense\n{}\n[1]\n")]) {
      const { socket } = await connect();
      socket.resume();
      socket.write(nonsense);
      if (nonsense.length > 1_000) await new Promise((resolve) => socket.once("close", resolve));
      else socket.destroy();
    }
    const views: Partial<ConversationView>[] = [{ id: "evil" }];
    const { socket } = await connect();
    socket.write(`${JSON.stringify({ type: "conversations", conversations: views })}\n`);
    socket.write(`${JSON.stringify({ type: "hello", host: "a b\u001b", pid: 1, version: "0" })}\n`);
    await sleep(30);
    expect(await ids()).toEqual(["ada"]);
    socket.destroy();
  });
});
