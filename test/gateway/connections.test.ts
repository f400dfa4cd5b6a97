/** What becomes of the two connections of an exchange when either side does something else than read and write. */
import { IncomingMessage } from "node:http";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { answering, bareGateway, dial, type Line, rawServer } from "./wire.ts";

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

  it("and only says that it has no more to say is taken to be gone, as it may be", async () => {
    const upstream = await rawServer();
    const { ask } = await bareGateway(upstream.url);
    const client = ask(post());
    const line = await upstream.line(0);
    await line.until("{}");
    client.end();
    await line.over;
  });

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
    const warned: Error[] = [];
    const warn = (warning: Error) => void warned.push(warning);
    process.on("warning", warn);
    onTestFinished(() => void process.off("warning", warn));
    const client = ask(post().repeat(20));
    await upstream.line(19);
    for (const line of upstream.lines) await line.until("{}");
    client.reset();
    await Promise.all(upstream.lines.map((line) => line.over));
    expect(warned).toEqual([]);
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

  it("loses nothing of what came before the break for a client that does not read", async () => {
    const paused = vi.spyOn(IncomingMessage.prototype, "pause");
    onTestFinished(() => paused.mockRestore());
    let sent = 0;
    const upstream = await rawServer((line) => {
      void line.until("{}").then(async () => {
        line.send(`HTTP/1.1 200 OK\r\nContent-Length: ${1_000 * MB}\r\n\r\n`);
        paused.mockClear();
        // Until the gateway takes no more, and then a little that it has to keep for its client.
        for (; paused.mock.calls.length === 0; sent += 20_000) {
          await new Promise<void>((resolve) => line.socket.write("x".repeat(20_000), () => resolve()));
          await new Promise((resolve) => setImmediate(resolve));
        }
        line.send("the end");
        line.end();
      });
    });
    const { port } = await bareGateway(upstream.url);
    const client = dial(port).send(post());
    await client.until("\r\n\r\n");
    client.socket.pause();
    await (await upstream.line(0)).over;
    client.socket.resume();
    await client.over;
    const body = client.text.slice(client.text.indexOf("\r\n\r\n") + 4);
    expect(body.length).toBe(sent + 7);
    expect(body.endsWith("the end")).toBe(true);
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
      const large = "@".repeat(30 * MB);
      const framed = (text: string) =>
        framing === "Content-Length"
          ? `Content-Length: ${text.length}\r\n\r\n${text}`
          : `Transfer-Encoding: chunked\r\n\r\n${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;
      /** Resolves once all of it came. */
      const whole = (line: Line) => {
        let count = 0;
        const { promise, resolve } = Promise.withResolvers<void>();
        line.socket.on("data", (chunk: Buffer) => {
          for (const byte of chunk) if (byte === 0x40) count++;
          if (count >= large.length) resolve();
        });
        return promise.then(() =>
          line.until((text) => framing === "Content-Length" || text.endsWith("\r\n0\r\n\r\n")),
        );
      };
      const upstream = await rawServer((line) => {
        void whole(line).then(() => line.send(`HTTP/1.1 200 OK\r\n${framed(large)}`));
      });
      const { ask } = await bareGateway(upstream.url);
      const client = ask(`POST /v1/messages HTTP/1.1\r\nHost: x\r\n${framed(large)}`);
      const count = (text = "") => text.split("@").length - 1;
      expect(count(await whole(client))).toBe(large.length);
      expect(count(upstream.lines[0]?.text)).toBe(large.length);
    },
  );
});
