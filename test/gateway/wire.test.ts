/** What is on the wire, byte for byte: both sides of the gateway are bare connections here. */
import { describe, expect, it } from "vitest";
import { answering, bareGateway, firstRequest, rawServer } from "./wire.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

function post(body = "{}", headers = ""): string {
  return `POST /v1/messages HTTP/1.1\r\nHost: x\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`;
}

describe("a request that is odd", () => {
  it.each([
    ["announces trailers beside a length", post("{}", "Trailer: X-Sum\r\n")],
    ["names its own length as the connection's", post("{}", "Connection: content-length\r\n")],
    [
      "is a GET that names its own length as the connection's",
      "GET /x HTTP/1.1\r\nHost: x\r\nConnection: content-length\r\nContent-Length: 2\r\n\r\n{}",
    ],
    ["has 3,000 headers", post("{}", Array.from({ length: 3_000 }, (_, n) => `X-${n}: ${n}\r\n`).join(""))],
    ["has a header of 900 kB", post("{}", `X-Long: ${"x".repeat(900_000)}\r\n`)],
    ["has bytes beyond ASCII in a header", post("{}", "X-Odd: \xe9\x80\xff\r\n")],
    ["is an absolute address", post().replace("/v1/messages", "http://example.com/v1/messages")],
    [
      "wants to speak HTTP/2",
      post("{}", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"),
    ],
  ])("%s is passed on whole, and answered", async (_, request) => {
    const upstream = await answering(OK);
    const { ask } = await bareGateway(upstream.url);
    expect(await ask(request).until("\r\n\r\nok")).toContain(" 200 OK\r\n");
    const [line] = upstream.lines;
    const [method = ""] = request.split(" ", 1);
    expect(line?.text.startsWith(`${method} `)).toBe(true);
    expect(line?.text.endsWith("\r\n\r\n{}")).toBe(true);
    expect(line?.text).toMatch(/^Content-Length: 2\r\n/m);
    const own = request.split("\r\n").filter((field) => field.startsWith("X-"));
    expect(line?.text.split("\r\n").filter((field) => field.startsWith("X-"))).toEqual(own);
  });
});

describe("a request that is no HTTP", () => {
  it.each([
    [
      "has a coding that frames nothing",
      "POST / HTTP/1.1\r\nHost: x\r\nTrailer: a\r\nTransfer-Encoding: gzip\r\n\r\n{}",
    ],
    [
      "has two framings",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}",
    ],
    ["has two lengths", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}"],
    ["has no host", "GET / HTTP/1.1\r\n\r\n"],
    ["asks for a tunnel", "CONNECT api.anthropic.com:443 HTTP/1.1\r\nHost: api.anthropic.com:443\r\n\r\n"],
    ["has a space in its path", "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n"],
    ["has a method that nobody knows", "BREW / HTTP/1.1\r\nHost: x\r\n\r\n"],
    ["is of another protocol", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
    ["has a head of 2 MB", `GET / HTTP/1.1\r\nHost: x\r\nX: ${"x".repeat(2_000_000)}\r\n\r\n`],
  ])("(it %s) is answered 4xx and never sent on whole", async (_, request) => {
    const upstream = await answering(OK);
    const { ask } = await bareGateway(upstream.url);
    const client = ask(request);
    await client.over;
    expect(client.text).toMatch(/^(HTTP\/1.1 4\d\d [\s\S]*)?$/);
    expect(upstream.lines.filter(({ text }) => firstRequest(text) !== null)).toEqual([]);
    expect(await ask(post()).until("\r\n\r\nok")).toContain(" 200 OK\r\n");
  });
});

describe("an answer that is odd", () => {
  it.each([
    [
      "announces trailers beside a length",
      "HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nContent-Length: 2\r\n\r\nok",
      /^HTTP\/1.1 200 OK\r\n/,
    ],
    [
      "says its length is the connection's",
      "HTTP/1.1 200 OK\r\nConnection: content-length\r\nContent-Length: 2\r\n\r\nok",
      /Content-Length: 2\r\n/,
    ],
    [
      "has a control character in its reason",
      "HTTP/1.1 200 O\x01K\r\nContent-Length: 2\r\n\r\nok",
      /^HTTP\/1.1 200 /,
    ],
    [
      "has a reason beyond ASCII",
      "HTTP/1.1 200 \xe9\xff\r\nContent-Length: 2\r\n\r\nok",
      /^HTTP\/1.1 200 \xe9\xff\r\n/,
    ],
    [
      "has 3,000 headers",
      `HTTP/1.1 200 OK\r\n${"X-A: b\r\n".repeat(3_000)}Content-Length: 2\r\n\r\nok`,
      /(X-A: b\r\n){3000}/,
    ],
    [
      "has a header of 900 kB",
      `HTTP/1.1 200 OK\r\nX-A: ${"b".repeat(900_000)}\r\nContent-Length: 2\r\n\r\nok`,
      /X-A: b{900000}\r\n/,
    ],
    ["has the status 999", "HTTP/1.1 999 Odd\r\nContent-Length: 2\r\n\r\nok", /^HTTP\/1.1 999 Odd\r\n/],
    ["has the status 099", "HTTP/1.1 099 Odd\r\nContent-Length: 2\r\n\r\nok", /^HTTP\/1.1 502 /],
    [
      "changes the protocol unasked",
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n",
      /^HTTP\/1.1 502 /,
    ],
    [
      "changes the protocol to none",
      "HTTP/1.1 101 Switching Protocols\r\nContent-Length: 0\r\n\r\n",
      /^HTTP\/1.1 502 /,
    ],
    ["is no HTTP", "SSH-2.0-OpenSSH_9\r\n\r\n", /^HTTP\/1.1 502 /],
    [
      "has a header without a name",
      "HTTP/1.1 200 OK\r\n: x\r\nContent-Length: 2\r\n\r\nok",
      /^HTTP\/1.1 502 /,
    ],
  ])("%s breaks nothing", async (_, odd, seen) => {
    const upstream = await answering(odd, OK);
    const { ask } = await bareGateway(upstream.url);
    expect(await ask(post()).until((text) => /\r\n\r\n./s.test(text))).toMatch(seen);
    expect(await ask(post()).until("\r\n\r\nok")).toContain(" 200 OK\r\n");
  });
});

describe("the keep-alive race", () => {
  it("sends a request again over a new connection, once, when its old one was just closed", async () => {
    let asked = 0;
    const upstream = await answering(
      OK,
      (line) => {
        asked++;
        line.reset();
      },
      OK,
    );
    const { ask } = await bareGateway(upstream.url);
    await ask(post()).until("ok");
    expect(await ask(post('{"a":1}')).until("ok")).toContain("200 OK");
    expect(asked).toBe(1);
    expect(upstream.lines.length).toBe(2);
    expect(upstream.lines[1]?.text).toMatch(/\r\n\r\n\{"a":1\}$/);
  });

  it("does not try the next old connection, which may be just as stale", async () => {
    const upstream = await rawServer();
    const { ask } = await bareGateway(upstream.url);
    const clients = [ask(post()), ask(post())];
    // Both are in use at once, so that two connections are kept.
    const lines = [await upstream.line(0), await upstream.line(1)];
    let asked = 0;
    for (const [index, line] of lines.entries()) {
      await line.until("{}");
      line.send(OK);
      await clients[index]?.until("ok");
      line.socket.on("data", () => {
        asked++;
        line.reset();
      });
    }
    const again = ask(post());
    const third = await upstream.line(2);
    await third.until("{}");
    third.send(OK);
    expect(await again.until("ok")).toContain("200 OK");
    expect([asked, upstream.lines.length]).toEqual([1, 3]);
  });

  it("sends it no third time", async () => {
    const upstream = await answering(OK, (line) => line.reset());
    const { ask } = await bareGateway(upstream.url);
    await ask(post()).until("ok");
    expect(await ask(post()).until("}")).toMatch(/^HTTP\/1.1 502 /);
    expect(upstream.lines.length).toBe(2);
  });

  it.each([
    ["a byte", "H"],
    ["half a head", "HTTP/1.1 200 OK\r\nContent-"],
    ["an informational answer", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"],
  ])("sends nothing again once %s of an answer came", async (_, begun) => {
    const upstream = await answering(OK, (line) => {
      line.send(begun);
      line.end();
    });
    const { ask } = await bareGateway(upstream.url);
    await ask(post()).until("ok");
    expect(await ask(post()).until((text) => text.includes("502"))).toContain("HTTP/1.1 502 ");
    expect(upstream.lines.length).toBe(1);
  });

  it("sends nothing again over a first connection", async () => {
    const upstream = await answering((line) => line.reset());
    const { ask } = await bareGateway(upstream.url);
    expect(await ask(post()).until("}")).toMatch(/^HTTP\/1.1 502 /);
    expect(upstream.lines.length).toBe(1);
  });
});

describe("an upstream that answers before the request is through", () => {
  const HEAD = "POST /v1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\n";
  const TOO_LARGE = "HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno";

  it("sees the head of a request whose body has not begun to come", async () => {
    const upstream = await rawServer();
    const { ask } = await bareGateway(upstream.url);
    ask(HEAD);
    const line = await upstream.line(0);
    expect(await line.until("\r\n\r\n")).toContain("Content-Length: 10000000\r\n");
  });

  it.each(["keeps the connection", "closes the connection", "resets the connection"])(
    "and %s: its answer gets through, and the rest of the body is taken",
    async (then) => {
      const upstream = await rawServer((line) => {
        void line.until("\r\n\r\n{").then(() => {
          line.send(TOO_LARGE);
          if (then === "closes the connection") line.end();
          if (then === "resets the connection") setTimeout(() => line.reset(), 50);
        });
      });
      const { ask } = await bareGateway(upstream.url);
      const client = ask(`${HEAD}{`);
      await client.until("no");
      expect(client.text).toMatch(/^HTTP\/1.1 413 Too Large\r\n[\s\S]*\r\n\r\nno$/);
      const written = new Promise<void>((resolve) => {
        client.socket.write("x".repeat(9_999_999), () => resolve());
      });
      await Promise.race([written, client.over]);
      expect(client.text).toMatch(/\r\n\r\nno$/);
    },
  );
});
