/** What becomes of the two connections of an exchange when either side does something else than read and write. */
import { afterEach, describe, expect, it } from "vitest";
import { answering, bareGateway, dial, firstRequest, rawServer } from "./wire.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const STREAM =
  "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nevent:\r\n";
const MB = 1_048_576;

function post(body = "{}", headers = ""): string {
  return `POST /v1/messages HTTP/1.1\r\nHost: x\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`;
}

const rejections: unknown[] = [];
process.on("unhandledRejection", (reason) => rejections.push(reason));
afterEach(() => expect(rejections).toEqual([]));

describe("a client that goes away", () => {
  it.each(["resets", "ends"] as const)(
    "%s its connection before it is answered: the upstream's is closed at once",
    async (how) => {
      const upstream = await rawServer();
      const { ask } = await bareGateway(upstream.url);
      const client = ask(post());
      const line = await upstream.line(0);
      await line.until("{}");
      if (how === "resets") client.reset();
      else client.socket.destroy();
      await line.over;
      expect(upstream.lines.length).toBe(1);
    },
  );

  it("in the middle of its request leaves no half of it waiting", async () => {
    const upstream = await rawServer();
    const { ask } = await bareGateway(upstream.url);
    const client = ask(post("{}").replace("Content-Length: 2", "Content-Length: 2000"));
    const line = await upstream.line(0);
    await line.until("{}");
    client.reset();
    await line.over;
  });

  it("in the middle of the answer has the upstream's connection closed at once", async () => {
    const upstream = await answering(STREAM);
    const { ask } = await bareGateway(upstream.url);
    const client = ask(post());
    await client.until("event:");
    client.reset();
    await upstream.lines[0]?.over;
    expect(upstream.open()).toBe(1);
  });

  it("after an early answer, in the middle of its request, leaves no connection behind", async () => {
    const upstream = await rawServer((line) => {
      void line.until("\r\n\r\n{").then(() => line.send(OK));
    });
    const { ask } = await bareGateway(upstream.url);
    const client = ask(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{`);
    await client.until("ok");
    client.reset();
    const line = await upstream.line(0);
    await line.over;
  });

  it("with requests that wait for each other leaves none of their connections behind", async () => {
    const upstream = await rawServer();
    const { ask } = await bareGateway(upstream.url);
    const client = ask(post() + post() + post());
    await upstream.line(2);
    for (const line of upstream.lines) await line.until("{}");
    client.reset();
    await Promise.all(upstream.lines.map((line) => line.over));
  });

  it("has no warm waiting for it: the conversation settles", async () => {
    const upstream = await rawServer();
    const { ask, gateway } = await bareGateway(upstream.url, { enableNew: true });
    const body = JSON.stringify({
      model: "claude-opus-5-5",
      max_tokens: 9,
      cache_control: { type: "ephemeral" },
      messages: [{ role: "user", content: "Hi" }],
    });
    const client = ask(post(body, "X-Keepwarm-Conversation: ada\r\nX-Api-Key: sk-ant-api03-x\r\n"));
    await expect.poll(() => gateway.keeper.warmer.getState("ada").active).toBe(true);
    client.reset();
    await expect.poll(() => gateway.keeper.warmer.getState("ada").active).toBe(false);
  });
});

describe("an answer that breaks off", () => {
  it.each([
    ["of a length", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nevent:", "ended"],
    ["in chunks", STREAM, "ended"],
    ["in the middle of a chunk", `${STREAM}ff\r\nabc`, "ended"],
    ["by a reset", STREAM, "reset"],
  ] as const)("%s breaks off for the client too, after all that came", async (_, begun, how) => {
    const upstream = await answering(begun);
    const { ask } = await bareGateway(upstream.url);
    const client = ask(post());
    await client.until("event:");
    const line = await upstream.line(0);
    if (how === "reset") line.reset();
    else line.end();
    await client.over;
    expect(client.text).toContain("event:");
    if (begun.includes("abc")) expect(client.text).toContain("abc");
    expect(client.text).not.toMatch(/\r\n0\r\n\r\n$/);
  });

  it("loses nothing of what came before the break for a client that reads slowly", async () => {
    const bytes = 8 * MB;
    const upstream = await rawServer((line) => {
      void line.until("{}").then(() => {
        line.send(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes + 1}\r\n\r\n`);
        line.send("x".repeat(bytes));
        line.end();
      });
    });
    const { port } = await bareGateway(upstream.url);
    const client = dial(port).send(post());
    await client.until("\r\n\r\n");
    client.socket.pause();
    await new Promise((resolve) => setTimeout(resolve, 200));
    client.socket.resume();
    await client.over;
    expect(client.text.slice(client.text.indexOf("\r\n\r\n") + 4).length).toBe(bytes);
  });

  it("breaks off for a request that waits for another, too", async () => {
    const upstream = await rawServer((line, index) => {
      void line.until("{}").then(() => {
        line.send(STREAM);
        if (index === 1) line.end();
      });
    });
    const { ask } = await bareGateway(upstream.url);
    const client = ask(post() + post());
    await client.until("event:");
    await (await upstream.line(1)).over;
    (await upstream.line(0)).send("0\r\n\r\n");
    await client.over;
    expect(client.text.match(/event:/g)).toHaveLength(2);
  });
});

describe("a client that is slow", () => {
  it("does not fill the gateway's memory while it does not read", async () => {
    const size = 200 * MB;
    let written = 0;
    const upstream = await rawServer((line) => {
      void line.until("{}").then(() => {
        line.send(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
        const piece = Buffer.alloc(MB, "x");
        const more = () => {
          while (written < size) {
            written += piece.length;
            if (!line.socket.write(piece)) return void line.socket.once("drain", more);
          }
        };
        more();
      });
    });
    const { port } = await bareGateway(upstream.url);
    const client = dial(port).send(post());
    await client.until("\r\n\r\n");
    client.socket.pause();
    const reached = async () => {
      for (let before = -1; before !== written; ) {
        before = written;
        await new Promise((resolve) => setTimeout(resolve, 150));
      }
      return written;
    };
    // What the system's own buffers take, and not the answer.
    expect(await reached()).toBeLessThan(30 * MB);
    let read = client.text.length - client.text.indexOf("\r\n\r\n") - 4;
    client.socket.removeAllListeners("data");
    const { promise, resolve } = Promise.withResolvers<void>();
    client.socket.on("data", (chunk: Buffer) => {
      read += chunk.length;
      if (read >= size) resolve();
    });
    client.socket.resume();
    await promise;
    expect(read).toBe(size);
  });

  it("may write its request as slowly as it likes", async () => {
    const upstream = await answering(OK);
    const { ask } = await bareGateway(upstream.url);
    const request = post("x".repeat(40));
    const client = ask("");
    for (const byte of request) {
      client.send(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await client.until("ok")).toContain("200 OK");
    expect(upstream.lines[0]?.text).toMatch(/\r\n\r\nx{40}$/);
  });

  it.each(["Content-Length", "Transfer-Encoding"])(
    "gets 30 MB through both ways, framed by %s",
    async (framing) => {
      const large = "y".repeat(30 * MB);
      const framed = (text: string) =>
        framing === "Content-Length"
          ? `Content-Length: ${text.length}\r\n\r\n${text}`
          : `Transfer-Encoding: chunked\r\n\r\n${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;
      const upstream = await rawServer((line) => {
        let bytes = 0;
        line.socket.on("data", (chunk) => {
          bytes += chunk.length;
          if (bytes > large.length && /\r\n0\r\n\r\n$|y$/.test(chunk.toString("latin1").slice(-7))) {
            if (firstRequest(line.text) !== null) line.send(`HTTP/1.1 200 OK\r\n${framed(large)}`);
          }
        });
      });
      const { ask } = await bareGateway(upstream.url);
      const client = ask(`POST /v1/messages HTTP/1.1\r\nHost: x\r\n${framed(large)}`);
      let bytes = 0;
      await new Promise<void>((resolve) => {
        client.socket.on("data", (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > large.length && /\r\n0\r\n\r\n$|y$/.test(chunk.toString("latin1").slice(-7))) resolve();
        });
      });
      const count = (text = "") => text.split("y").length - 1;
      expect(count(client.text)).toBe(large.length);
      expect(count(upstream.lines[0]?.text)).toBe(large.length);
    },
  );
});
