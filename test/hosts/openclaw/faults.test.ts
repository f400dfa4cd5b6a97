/** Whatever goes wrong with keepwarm, OpenClaw goes on as if it were not installed. */
import { channel } from "node:diagnostics_channel";
import { describe, expect, it } from "vitest";
import type { NativeHost } from "../../../src/hosts/native/index.ts";
import { MINUTE_MS, recording, setUp } from "./world.ts";

const turns = recording("turns");
const PARTS: readonly (keyof NativeHost | "create")[] = [
  ...(["create", "request", "changed", "closed", "detached", "command", "dispose", "keeper"] as const),
];

const broken = () => {
  throw new Error("out of order");
};

describe.each(PARTS)("a keepwarm whose %s throws", (name) => {
  it("gives OpenClaw nothing back, throws nothing, and lets every request pass", async () => {
    const { play, warm, emulator, stop } = await setUp({
      createHost: (make) => (options) => {
        if (name === "create") return broken();
        const faulty = { ...make(options) };
        Object.defineProperty(faulty, name, name === "keeper" ? { get: broken } : { value: broken });
        return faulty;
      },
    });
    await warm("on");
    expect(new Set(await play(turns))).toEqual(new Set([undefined]));
    const sent = turns.flatMap((moment) => (moment.kind === "sent" ? [moment.status] : []));
    expect(emulator.requests.map(({ status }) => status)).toEqual(sent);
    stop();
  });
});

describe("a keepwarm that cannot write", () => {
  it("works on, and leaves OpenClaw alone", async () => {
    const { play, warm, away, warms } = await setUp({ env: { KEEPWARM_HOME: "/dev/null/nowhere" } });
    await warm("on");
    expect(new Set(await play(turns))).toEqual(new Set([undefined]));
    await away(5 * MINUTE_MS);
    expect(warms().length).toBeLessThanOrEqual(1);
  });
});

describe("an OpenClaw that says other things than it used to", () => {
  it("is not captured, and nothing is thrown", async () => {
    const { tell, warm, away, warms } = await setUp();
    await warm("on");
    const oddities: unknown[] = [null, 7, "run", [], {}, { runId: 3 }, { sessionId: null }];
    for (const hook of ["llm_input", "model_call_started", "model_call_ended", "agent_end", "session_end"]) {
      for (const odd of oddities) expect(await tell(hook, odd, odd)).toEqual([undefined]);
    }
    await away(10 * MINUTE_MS);
    expect(warms()).toEqual([]);
  });

  it("may tell of requests in any shape", async () => {
    const { warm } = await setUp();
    await warm("on");
    const request = { method: "POST", path: "/v1/messages", headers: ["traceparent"] };
    for (const message of [null, {}, { request: null }, { request: {} }, { request }]) {
      for (const name of ["create", "bodyChunkSent", "bodySent", "headers", "bodyChunkReceived", "error"])
        expect(() => channel(`undici:request:${name}`).publish(message)).not.toThrow();
    }
  });

  it("is told why nothing is kept warm when it does not tell which requests are its person's", async () => {
    const { play, warm, away, warms } = await setUp();
    await warm("on");
    await play(turns.filter((moment) => moment.kind === "sent" || moment.hook !== "llm_input"));
    await away(10 * MINUTE_MS);
    expect(warms()).toEqual([]);
    expect(await warm("")).toMatch(/allowConversationAccess/);
  });
});
