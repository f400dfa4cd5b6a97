/** What HTTP/1 has beside a request and its answer passes as well. */
import { describe, expect, it } from "vitest";
import { answering, bareGateway, rawServer } from "./wire.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

function post(body = "{}", headers = ""): string {
  return `POST /v1/messages HTTP/1.1\r\nHost: x\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`;
}

describe("what HTTP has beside requests and answers", () => {
  it("has informational answers pass, each with its headers", async () => {
    const upstream = await answering(
      `HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n${OK}`,
    );
    const { ask } = await bareGateway(upstream.url);
    const text = await ask(post()).until("ok");
    expect(text).toMatch(
      /^HTTP\/1.1 102 Processing\r\n\r\nHTTP\/1.1 103 Early Hints\r\nLink: <\/a>; rel=preload\r\n\r\nHTTP\/1.1 200 OK\r\n/,
    );
  });

  it("has none of them pass to a client of HTTP/1.0, whose answer ends with its connection", async () => {
    const upstream = await answering(
      "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n",
    );
    const { ask } = await bareGateway(upstream.url);
    const client = ask("GET / HTTP/1.0\r\n\r\n");
    await client.over;
    expect(client.text).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    expect(client.text).not.toMatch(/transfer-encoding|103/i);
    expect(client.text).toMatch(/\r\n\r\nok$/);
  });

  it.each([
    ["HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"],
    ["HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n"],
    ["GET", "HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n"],
    ["GET", 'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\nContent-Length: 5000\r\n\r\n'],
  ])("has a %s answered without a body, and its connection goes on", async (method, bodyless) => {
    const upstream = await answering(bodyless, OK);
    const { ask } = await bareGateway(upstream.url);
    const client = ask(`${method} /x HTTP/1.1\r\nHost: x\r\n\r\n`);
    await client.until("\r\n\r\n");
    const headers = bodyless.split("\r\n").filter((line) => /^(Content-Length|X-A|ETag|HTTP)/.test(line));
    for (const line of headers) expect(client.text.split("\r\n")).toContain(line);
    const before = client.text.length;
    client.send(post());
    await client.until("ok");
    expect(client.text.slice(before)).toMatch(/^HTTP\/1.1 200 OK\r\n/);
  });

  it("has trailers pass both ways", async () => {
    const upstream = await answering(
      "HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 9\r\nX-Sum: 10\r\n\r\n",
    );
    const { ask } = await bareGateway(upstream.url);
    const client = ask(
      "POST / HTTP/1.1\r\nHost: x\r\nTrailer: X-Md\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-Md: 7\r\n\r\n",
    );
    expect(await client.until("X-Sum: 10\r\n\r\n")).toMatch(/0\r\nX-Sum: 9\r\nX-Sum: 10\r\n\r\n$/);
    expect(client.text).toContain("Trailer: X-Sum\r\n");
    expect(upstream.lines[0]?.text).toMatch(/2\r\nhi\r\n0\r\nX-Md: 7\r\n\r\n$/);
  });

  it("leaves it to the upstream whether a body is wanted", async () => {
    const upstream = await rawServer((line) => {
      void line
        .until("\r\n\r\n")
        .then(() => line.send("HTTP/1.1 100 Continue\r\n\r\n").until("{}"))
        .then(() => line.send(OK));
    });
    const { ask } = await bareGateway(upstream.url);
    const client = ask("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    expect(await client.until("\r\n\r\n")).toBe("HTTP/1.1 100 Continue\r\n\r\n");
    expect((await upstream.line(0)).text).toContain("Expect: 100-continue\r\n");
    client.send("{}");
    expect(await client.until("ok")).toContain("200 OK");
  });

  it("passes its no on, too", async () => {
    const upstream = await rawServer((line) => {
      void line
        .until("\r\n\r\n")
        .then(() => line.send("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n"));
    });
    const { ask } = await bareGateway(upstream.url);
    const client = ask("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    expect(await client.until("\r\n\r\n")).toMatch(/^HTTP\/1.1 417 /);
  });

  it("has order, spelling and repetition of headers pass both ways", async () => {
    const upstream = await answering(
      "HTTP/1.1 200 Fine Indeed\r\nsEt-CoOkIe: a\r\nX-B: 1\r\nSet-Cookie: b\r\nx-b: 2\r\nCONTENT-LENGTH: 2\r\n\r\nok",
    );
    const { ask } = await bareGateway(upstream.url);
    const own = ["X-One: 1", "x-ONE: 2", "Cookie: a", "Cookie: b", "X-Two: ,,"];
    const client = ask(`GET /?a=%20&&b=c HTTP/1.1\r\nX-Zero: 0\r\nhOsT: x\r\n${own.join("\r\n")}\r\n\r\n`);
    await client.until("ok");
    expect(client.text.split("\r\n").filter((line) => !/^(Connection|Keep-Alive):/.test(line))).toEqual([
      "HTTP/1.1 200 Fine Indeed",
      "sEt-CoOkIe: a",
      "X-B: 1",
      "Set-Cookie: b",
      "x-b: 2",
      "CONTENT-LENGTH: 2",
      "",
      "ok",
    ]);
    const asked = upstream.lines[0]?.text.split("\r\n") ?? [];
    expect(asked.filter((line) => !/^Connection:/.test(line))).toEqual([
      "GET /?a=%20&&b=c HTTP/1.1",
      "X-Zero: 0",
      `hOsT: 127.0.0.1:${upstream.port}`,
      ...own,
      "",
      "",
    ]);
  });

  it("keeps a connection alive over many exchanges, on both sides", async () => {
    const upstream = await answering(OK);
    const { ask } = await bareGateway(upstream.url);
    const client = ask("");
    for (let n = 1; n <= 20; n++) {
      client.send(post());
      await client.until((text) => text.split("\r\n\r\nok").length > n);
    }
    expect(upstream.lines.length).toBe(1);
  });
});
