import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { sendWarm, warmCaptured } from "../../src/anthropic/index.ts";
import { apiMessage, captured, gzipped, KEY, requestBody, sse, textOf, warmOf } from "./fixtures.ts";

interface Seen {
  readonly headers: string[];
  readonly body: Buffer;
}

let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** A real socket, because a fake fetch cannot show what goes over the wire. */
async function serve(answer: (response: ServerResponse, request: IncomingMessage) => void) {
  const seen: Seen[] = [];
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    seen.push({ headers: request.rawHeaders, body: Buffer.concat(chunks) });
    answer(response, request);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { seen, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/messages` };
}

function answerJson(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" });
  response.end(gzipSync(JSON.stringify(apiMessage())));
}

describe("a warm on the wire", () => {
  it("carries the planned bytes and headers, and reads a compressed answer", async () => {
    const { seen, url } = await serve(answerJson);
    const headers = [
      ["X-Api-Key", KEY],
      ["Anthropic-Beta", "context-1m-2025-08-07"],
      ["Content-Type", "application/json"],
      ["Content-Length", "99999"],
      ["Connection", "close"],
      ["traceparent", "00-1-2-01"],
    ] as const;
    const plan = warmOf(captured(requestBody(), { url, headers }));
    expect(await sendWarm(plan)).toMatchObject({ kind: "warmed", outcome: "hit" });
    expect(seen[0]?.body).toEqual(Buffer.from(plan.body));
    const names = seen[0]?.headers.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
    expect(names).toEqual(expect.arrayContaining(["x-api-key", "anthropic-beta", "content-type"]));
    expect(names).not.toContain("traceparent");
    const length =
      seen[0]?.headers[(seen[0]?.headers.findIndex((name) => /content-length/i.test(name)) ?? 0) + 1];
    expect(length).toBe(String(plan.body.length));
  });

  it("goes out plain when the captured request was compressed", async () => {
    const { seen, url } = await serve(answerJson);
    await warmCaptured({ ...gzipped(requestBody()), url });
    expect(JSON.parse(textOf(seen[0]?.body ?? Buffer.alloc(0)))).toMatchObject({
      max_tokens: 0,
      stream: false,
    });
  });

  it("hangs up at message_start, so that no more is generated", async () => {
    let hungUp: Promise<unknown> | undefined;
    const { url } = await serve((response, request) => {
      hungUp = once(request.socket, "close");
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(sse([{ type: "message_start", message: apiMessage() }]));
    });
    const body = requestBody({ thinking: { type: "enabled", budget_tokens: 2_000 } });
    expect(await warmCaptured(captured(body, { url }), { budgetThinking: "stream-abort" })).toMatchObject({
      kind: "warmed",
    });
    expect(hungUp).toBeDefined();
    await hungUp;
  });

  it("does not take credentials along to where a redirect points", async () => {
    const { seen, url } = await serve((response) => {
      response.writeHead(302, { location: "/elsewhere" }).end();
    });
    expect(await warmCaptured(captured(requestBody(), { url }))).toMatchObject({
      kind: "failed",
      permanent: true,
    });
    expect(seen).toHaveLength(1);
  });

  it("names the reason when nobody listens", async () => {
    const { url } = await serve(answerJson);
    server?.close();
    if (server !== undefined) await once(server, "close");
    expect(await warmCaptured(captured(requestBody(), { url }))).toMatchObject({
      error: "The warm did not get through to the API (ECONNREFUSED).",
      permanent: false,
    });
  });
});
