/** A client that listens hears what the control API pushes, and that it has gone. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  type ConsoleEvent,
  ControlError,
  controlToken,
  discover,
  lastStarted,
  PROOF_HEADER,
  proofOf,
  publish,
} from "../../src/hub/index.ts";
import { aStateDirectory, type ControlUnderTest, controlOf } from "../support/control-under-test.ts";
import { aConversation, controlledInMemory, NOON } from "../support/controlled-in-memory.ts";

async function clientOf({ directory }: Pick<ControlUnderTest, "directory">) {
  const found = await discover(directory);
  if (found.state !== "running") throw new Error(`it is ${found.state}`);
  return found.client;
}

/** Hears what comes, and waits until something of a kind has. */
function ears() {
  const heard: ConsoleEvent[] = [];
  return {
    heard,
    onEvent: (event: ConsoleEvent) => void heard.push(event),
    comes: (type: ConsoleEvent["type"]) =>
      expect.poll(() => heard.map((event) => event.type)).toContain(type),
  };
}

describe("listening to a gateway", () => {
  it("hears everything there is, and then what changes", async () => {
    const controlled = controlledInMemory(aConversation({ id: "chat" }));
    const client = await clientOf(await controlOf(controlled, { feed: { windowMs: 5 } }));
    const { heard, onEvent, comes } = ears();
    const listening = await client.listen({ onEvent });
    await comes("live");
    expect(heard.map(({ type }) => type)).toEqual(["snapshot", "conversations", "live"]);
    expect(heard[1]?.data).toEqual({ conversations: controlled.conversations() });
    controlled.open.delete("chat");
    controlled.tell((watcher) => watcher.conversation("chat"));
    await comes("gone");
    listening.close();
    await listening.ended;
  });

  it("goes on from where it was", async () => {
    const controlled = controlledInMemory(aConversation({ id: "chat" }));
    const client = await clientOf(await controlOf(controlled, { feed: { windowMs: 5 } }));
    const first = ears();
    const listening = await client.listen(first);
    await first.comes("live");
    const lastEventId = first.heard.at(-1)?.id ?? null;
    expect(lastEventId).not.toBeNull();
    listening.close();
    await listening.ended;
    const second = ears();
    const again = await client.listen({ ...second, lastEventId });
    controlled.open.delete("chat");
    controlled.tell((watcher) => watcher.conversation("chat"));
    await second.comes("gone");
    expect(second.heard.map(({ type }) => type)).not.toContain("snapshot");
    again.close();
    await again.ended;
  });

  it("ends when the gateway does", async () => {
    const control = await controlOf(controlledInMemory());
    const client = await clientOf(control);
    const { onEvent, comes } = ears();
    const listening = await client.listen({ onEvent });
    await comes("live");
    await control.close();
    await listening.ended;
    await expect(client.listen({ onEvent })).rejects.toThrow("nothing listens where the gateway did");
  });

  it("takes a gateway for gone that gives no sign of life", async () => {
    const client = await clientOf(await controlOf(controlledInMemory()));
    const { onEvent, comes } = ears();
    const listening = await client.listen({ onEvent, silenceMs: 100 });
    await comes("live");
    await listening.ended;
  });

  it("is not taken for gone while it has nothing to tell", async () => {
    const client = await clientOf(await controlOf(controlledInMemory(), { heartbeatMs: 20 }));
    const { onEvent, comes } = ears();
    const listening = await client.listen({ onEvent, silenceMs: 400 });
    await comes("live");
    let hasEnded = false;
    void listening.ended.then(() => {
      hasEnded = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 900));
    expect(hasEnded).toBe(false);
    listening.close();
    await listening.ended;
  });

  it("leaves out what another version tells, and is told when it tells nothing at all", async () => {
    const directory = aStateDirectory();
    const token = await controlToken(directory);
    let status = 200;
    const server = createServer((request, response) => {
      const nonce = request.headers["x-keepwarm-challenge"];
      if (typeof nonce === "string") {
        response.setHeader(PROOF_HEADER, proofOf(token, nonce, (server.address() as AddressInfo).port));
        return void response.writeHead(401).end("{}");
      }
      response.writeHead(status, { "content-type": "text/event-stream" });
      if (status !== 200) return void response.end('{"error":"There is no GET of this path."}');
      response.write("event: newer\ndata: {}\n\nevent: live\ndata: {\n\nevent: live\ndata: 7\n\n");
      response.write('data: {}\n\nevent: live\nid: 3\ndata: {"now":1,"newer":true}\n\n');
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const controlUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await publish(directory, {
      pid: process.pid,
      gatewayUrl: controlUrl,
      controlUrl,
      startedAt: NOON,
      version: "9.9.9",
    });
    const client = await clientOf({ directory });
    const { heard, onEvent, comes } = ears();
    const listening = await client.listen({ onEvent });
    await comes("live");
    expect(heard).toEqual([{ type: "live", id: "3", data: { now: 1, newer: true } }]);
    listening.close();
    status = 404;
    await expect(client.listen({ onEvent })).rejects.toThrow(ControlError);
  });
});

describe("the gateway that was started last", () => {
  it("is asked at once, and tells of one conversation", async () => {
    const view = aConversation({ id: "a/b c" });
    const { directory } = await controlOf(controlledInMemory(view));
    const client = await lastStarted(directory);
    expect(await client?.conversation("a/b c")).toEqual(view);
    expect(await client?.conversation("other")).toBeNull();
  });

  it("is none where none was started, and found out when it is asked where it has gone", async () => {
    expect(await lastStarted(aStateDirectory())).toBeNull();
    const { directory, close } = await controlOf(controlledInMemory());
    await close();
    const client = await lastStarted(directory);
    await expect(client?.status()).rejects.toThrow("nothing listens where the gateway did");
  });
});
