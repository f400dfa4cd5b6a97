/** Connections that change their protocol, and a gateway that closes. */
import { describe, expect, it } from "vitest";
import { answering, bareGateway, rawServer } from "./wire.ts";

const STREAM =
  "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nevent:\r\n";

function post(body = "{}", headers = ""): string {
  return `POST /v1/messages HTTP/1.1\r\nHost: x\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`;
}

describe("a connection that changes its protocol", () => {
  const UPGRADE =
    "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Keepwarm-Conversation: a\r\n\r\n";
  const SWITCHED = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

  async function switched() {
    const upstream = await rawServer((line) => {
      void line.until("\r\n\r\n").then(() => line.send(`${SWITCHED}hello`));
    });
    const bare = await bareGateway(upstream.url);
    const client = bare.ask(`${UPGRADE}early`);
    await client.until("hello");
    return { ...bare, upstream, client, line: await upstream.line(0) };
  }

  it("passes bytes both ways, and the end of either", async () => {
    const { client, line } = await switched();
    expect(client.text).toBe(`${SWITCHED}hello`);
    expect(await line.until("early")).not.toMatch(/keepwarm/i);
    client.send("\x00\xff");
    await line.until("\x00\xff");
    line.send("bye").end();
    await client.over;
    expect(client.text).toMatch(/bye$/);
    client.end();
    await line.over;
  });

  it.each(["client", "upstream"])("ends when the %s is gone", async (side) => {
    const { client, line } = await switched();
    const [gone, left] = side === "client" ? [client, line] : [line, client];
    gone.reset();
    await left.over;
  });

  it("does not keep the gateway from closing", async () => {
    const { gateway, client } = await switched();
    await gateway.close(50);
    await client.over;
  });

  it("is answered as any request is when the upstream will not", async () => {
    const upstream = await answering(
      'HTTP/1.1 401 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{"\r\n2\r\n"}\r\n0\r\n\r\n',
    );
    const { ask } = await bareGateway(upstream.url);
    const client = ask(UPGRADE);
    await client.over;
    expect(client.text).toMatch(/^HTTP\/1.1 401 No\r\n/);
    const isChunked = /transfer-encoding: chunked/i.test(client.text);
    expect(client.text).toMatch(isChunked ? /\r\n0\r\n\r\n$/ : /\r\n\r\n\{""\}$/);
  });

  it("is told so when the upstream's answer has no status that HTTP knows", async () => {
    const upstream = await answering("HTTP/1.1 099 Odd\r\nContent-Length: 2\r\n\r\nok");
    const { ask } = await bareGateway(upstream.url);
    const client = ask(`${UPGRADE.replace("\r\n\r\n", "\r\nTrailer: x\r\n\r\n")}`);
    await client.over;
    expect(client.text).toMatch(/^(HTTP\/1.1 502 [\s\S]*)?$/);
  });

  it("is told so when the upstream cannot be reached", async () => {
    const upstream = await rawServer();
    await upstream.close();
    const { ask } = await bareGateway(upstream.url);
    const client = ask(UPGRADE);
    await client.over;
    expect(client.text).toMatch(/^HTTP\/1.1 502 /);
  });
});

describe("a gateway that closes", () => {
  it("lets an answer under way end within its grace, and is gone then", async () => {
    const upstream = await answering(STREAM);
    const { ask, gateway } = await bareGateway(upstream.url);
    const client = ask(post());
    await client.until("event:");
    const begun = performance.now();
    const closed = gateway.close(10_000);
    setTimeout(() => upstream.lines[0]?.send("3\r\nend\r\n0\r\n\r\n"), 50);
    await closed;
    expect(performance.now() - begun).toBeLessThan(5_000);
    expect(client.text).toMatch(/3\r\nend\r\n0\r\n\r\n$/);
  });

  it("cuts it off after that", async () => {
    const upstream = await answering(STREAM);
    const { ask, gateway } = await bareGateway(upstream.url);
    const client = ask(post());
    await client.until("event:");
    await gateway.close(50);
    await client.over;
    await upstream.lines[0]?.over;
  });
});
