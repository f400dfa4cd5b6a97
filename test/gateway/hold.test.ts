import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { hold, mayBeHeld } from "../../src/gateway/hold.ts";
import type { Came } from "../../src/gateway/pass-through.ts";

function held(mostBytes = 10) {
  const request = new IncomingMessage(new Socket());
  const told: string[] = [];
  const gone: Came[] = [];
  const observer = {
    requestHeld: (body: Buffer) => {
      told.push(`held ${body}`);
      return Buffer.from("edited");
    },
    requestRefused: () => true,
    requestChunk: (chunk: Buffer) => void told.push(`chunk ${chunk}`),
    requestEnded: () => void told.push("ended"),
    responseBegan: () => {},
    responseChunk: () => {},
    ended: (ending: string) => void told.push(ending),
  };
  hold(request, observer, mostBytes, (came) => void gone.push(came));
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  return { request, told, gone, turn };
}

describe("a held request", () => {
  it("goes on once all of its body is there, with what is to be sent in its place", async () => {
    const { request, told, gone, turn } = held();
    request.push("one");
    await turn();
    expect(gone).toEqual([]);
    request.push("two");
    request.push(null);
    await turn();
    expect(told).toEqual(["held onetwo"]);
    expect(gone.map(({ chunks, edited }) => [Buffer.concat(chunks).toString(), edited?.toString()])).toEqual([
      ["onetwo", "edited"],
    ]);
    expect(gone[0]?.refused()).toBe(true);
  });

  it("goes on as it comes when it is too large to be held", async () => {
    const { request, told, gone, turn } = held();
    request.push("123456");
    await turn();
    request.push("7890123");
    await turn();
    expect(gone.map(({ chunks, edited }) => [Buffer.concat(chunks).toString(), edited])).toEqual([
      ["1234567890123", null],
    ]);
    expect(told).toEqual(["chunk 123456", "chunk 7890123"]);
    request.push("more");
    request.push(null);
    await turn();
    expect(gone).toHaveLength(1);
  });

  it("is over when its client goes away first", async () => {
    const { request, told, gone, turn } = held();
    request.push("half");
    request.destroy();
    await turn();
    expect(told).toEqual(["abandoned"]);
    expect(gone).toEqual([]);
  });

  it.each([
    [{}, true],
    [{ "content-encoding": "identity" }, true],
    [{ "content-encoding": "gzip" }, false],
    [{ expect: "100-continue" }, false],
    [{ trailer: "x-sum" }, false],
  ])("with the headers %o: %s", (headers, may) => {
    const { request } = held();
    Object.assign(request.headers, headers);
    expect(mayBeHeld(request)).toBe(may);
  });
});
