/** What a terminal and other programs ask a gateway, by the client that proves it first. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { createControlClient } from "../../src/hub/client.ts";
import {
  type ConsoleEvent,
  type ControlClient,
  ControlError,
  discover,
  proofOf,
} from "../../src/hub/index.ts";
import { controlOf } from "../support/control-under-test.ts";
import { aConversation, controlledInMemory, NOON } from "../support/controlled-in-memory.ts";

async function aClient(...ids: readonly string[]) {
  const controlled = controlledInMemory(...ids.map((id) => aConversation({ id })));
  const control = await controlOf(controlled, { feed: { windowMs: 5 } });
  const found = await discover(control.directory);
  if (found.state !== "running") throw new Error(found.state);
  return { controlled, control, client: found.client };
}

/** Hears until it is enough. */
async function hear(
  client: ControlClient,
  isEnough: (heard: readonly ConsoleEvent[]) => boolean,
  lastEventId?: string,
) {
  const heard: ConsoleEvent[] = [];
  for await (const event of client.events({ lastEventId })) {
    heard.push(event);
    if (isEnough(heard)) break;
  }
  return heard;
}

describe("a client's events", () => {
  it("come one after the other, until the loop is left", async () => {
    const { client, controlled } = await aClient("ada", "bob");
    const heard = await hear(client, (events) => events.at(-1)?.type === "live");
    expect(heard.map(({ type }) => type)).toEqual(["snapshot", "conversations", "live"]);
    expect(heard[1]).toMatchObject({ data: { conversations: controlled.conversations() } });
    await expect.poll(async () => (await client.health()).listeners).toBe(0);
  });

  it("go on from the last one that was heard", async () => {
    const { client, controlled } = await aClient("ada", "bob");
    const heard = await hear(client, (events) => events.at(-1)?.type === "live");
    controlled.tell((watcher) => watcher.conversation("bob"));
    const more = await hear(client, (events) => events.length === 1, heard.at(-1)?.id ?? "");
    expect(more).toMatchObject([{ type: "conversations", data: { conversations: [{ id: "bob" }] } }]);
  });

  it("end when they are told to, and when the gateway goes away", async () => {
    const { client, control } = await aClient("ada");
    const aborting = new AbortController();
    for await (const event of client.events({ signal: aborting.signal })) {
      if (event.type === "live") aborting.abort();
    }
    for await (const _ of client.events({ signal: aborting.signal }))
      throw new Error("nothing is told any more");
    for await (const event of client.events()) if (event.type === "live") await control.close();
  });

  it("leave out what a newer gateway tells besides, and say so when it tells nothing that is known", async () => {
    const token = "t".repeat(43);
    let events = 'event: comets\ndata: {"seen":1}\n\nevent: live\ndata: {"now":1}\n\n';
    const server = createServer((request, response) => {
      const nonce = request.headers["x-keepwarm-challenge"];
      if (typeof nonce === "string") {
        response.setHeader("x-keepwarm-proof", proofOf(token, nonce, request.socket.localPort ?? 0));
        response.writeHead(401).end("{}");
      } else response.end(events);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const controlUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const record = { pid: 1, gatewayUrl: "", controlUrl, startedAt: 0, version: "9" };
    const client = createControlClient(record, token);
    expect(await hear(client, () => false)).toEqual([{ type: "live", id: null, data: { now: 1 } }]);
    events = "event: live\ndata: soon\n\n";
    await expect(hear(client, () => false)).rejects.toThrow(
      "the gateway tells events of a version that this keepwarm does not know",
    );
  });

  it("end where the gateway cannot tell them", async () => {
    const { client, controlled } = await aClient();
    controlled.info = () => {
      throw new Error("broken");
    };
    await expect(hear(client, () => false)).resolves.toEqual([]);
  });
});

describe("a client", () => {
  it("asks for a conversation, its history and what is to come of it; null where there is none", async () => {
    const { client, controlled } = await aClient("a/b ü%");
    expect(await client.conversation("a/b ü%")).toEqual(controlled.conversation("a/b ü%"));
    expect(await client.history("a/b ü%")).toEqual({
      conversationId: "a/b ü%",
      entries: [],
      truncated: false,
    });
    expect(await client.outlook("a/b ü%")).toMatchObject({ conversationId: "a/b ü%", at: NOON });
    expect(await client.conversation("other")).toBeNull();
    expect(await client.history("other")).toBeNull();
    expect(await client.outlook("other")).toBeNull();
  });

  it("closes a conversation", async () => {
    const { client, controlled } = await aClient("ada");
    await client.close("ada");
    expect(controlled.calls).toEqual(["close ada"]);
    await expect(client.close("ada")).rejects.toEqual(new ControlError(404, "No conversation ada is open."));
  });

  it("reads settings, changes one, and asks how the gateway is", async () => {
    const { client, controlled } = await aClient();
    expect(await client.settings()).toEqual(controlled.settings());
    expect(await client.changeSetting({ name: "tier", value: null })).toMatchObject({ note: null });
    expect(controlled.calls).toEqual(["changeSetting tier "]);
    expect(await client.health()).toEqual({ ...controlled.health(), listeners: 0 });
  });
});
