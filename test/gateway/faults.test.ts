/** What a failing API and a failing network do to conversations: nothing is sent that should not be. */
import Anthropic from "@anthropic-ai/sdk";
import { afterEach, describe, expect, it } from "vitest";
import { doctored } from "./doctored.ts";
import { type Front, frontOf, type Mood } from "./front.ts";
import { dial } from "./wire.ts";
import { clientOf, MINUTE_MS, setUp, text, type World } from "./world.ts";

const rejections: unknown[] = [];
process.on("unhandledRejection", (reason) => rejections.push(reason));
afterEach(() => expect(rejections).toEqual([]));

const SECOND_MS = 1_000;

/** What a client makes of an answer, as far as it can tell. */
async function outcome(ask: Promise<unknown>): Promise<unknown> {
  try {
    await ask;
    return "answered";
  } catch (error) {
    if (!(error instanceof Anthropic.APIError)) throw error;
    return [error.constructor.name, error.status, error.headers?.get("retry-after")];
  }
}

/** Asks what fails, without it becoming part of the conversation. */
function failing(world: World, id: string, fault: string) {
  const talk = world.talk(id);
  const params = { ...talk.params, messages: [{ role: "user" as const, content: "And?" }] };
  const headers = { ...talk.headers, "x-emulator-fault": fault };
  return outcome(world.client.messages.create(params, { headers })).finally(world.calm);
}

/** With something before the emulator that can fail as a network does. */
async function fronted(): Promise<{ readonly world: World; readonly front: Front }> {
  const { promise, resolve } = Promise.withResolvers<Front>();
  const upstream = async (url: string) => {
    const front = await frontOf(url);
    resolve(front);
    return front.url;
  };
  return { world: await setUp({ upstream }), front: await promise };
}

/** Seconds after `since` at which each warm of a conversation arrived. */
function warmedAt(world: World, since: number, marker = ""): number[] {
  return world
    .warms()
    .filter(({ body }) => Buffer.from(body ?? []).includes(marker))
    .map(({ at }) => Math.round((at - since) / SECOND_MS));
}

describe("an API that says no", () => {
  it.each(["400", "401", "403", "404", "413", "429; retry-after=7", "500", "503", "529"])(
    "with %s says it to the client as it would directly, and once",
    async (fault) => {
      const world = await setUp();
      const direct = clientOf(world.emulatorUrl);
      const params = { ...world.talk("a").params, messages: [{ role: "user" as const, content: "Hi" }] };
      const headers = { "x-emulator-fault": fault };
      const expected = await outcome(direct.messages.create(params, { headers }));
      const before = world.emulator.requests.length;
      expect(await outcome(world.client.messages.create(params, { headers }))).toEqual(expected);
      expect(expected).not.toBe("answered");
      await world.calm();
      await world.away(10 * MINUTE_MS);
      // Nothing was ever answered, so there is nothing to keep warm.
      expect(world.emulator.requests.length).toBe(before + 1);
    },
  );

  it.each([
    ["in seconds", "20"],
    ["as a date", "date"],
    ["in milliseconds", "ms"],
  ])(
    "and wants to be left alone for 20 s (%s): that conversation's warms wait, others' go on",
    async (_, as) => {
      let now = () => 0;
      const world = await setUp({
        upstream: (url) =>
          doctored(url, ({ headers }) => {
            if (headers["retry-after"] === undefined || as === "20") return;
            delete headers["retry-after"];
            if (as === "ms") headers["retry-after-ms"] = "20000";
            else headers["retry-after"] = new Date(Math.ceil((now() + 20_000) / 1000) * 1000).toUTCString();
          }),
      });
      now = world.clock.now;
      const since = now();
      await world.talk("ada").ask("Shall we begin?");
      await world.talk("bob").ask("Shall we begin?");
      await world.away(265 * SECOND_MS);
      expect(await failing(world, "ada", "429; retry-after=20")).toMatchObject({
        0: "RateLimitError",
        1: 429,
      });
      await world.away(60 * SECOND_MS);
      const [ada, bob] = ["handbook of ada", "handbook of bob"].map((one) => warmedAt(world, since, one));
      expect(bob?.[0]).toBeLessThan(282);
      expect(ada?.[0]).toBeGreaterThanOrEqual(285);
      expect(ada?.[0]).toBeLessThan(295);
      // No burst afterwards.
      expect([ada?.length, bob?.length]).toEqual([1, 1]);
      expect(world.warms().every(({ usage }) => usage?.cache_creation_input_tokens === 0)).toBe(true);
    },
  );

  it.each(["99999999999999999999", "1e400", "-5", "0", "soon", ""])(
    "with a Retry-After of %j breaks nothing",
    async (retryAfter) => {
      const world = await setUp({
        upstream: (url) =>
          doctored(url, ({ headers }) => {
            if (headers["retry-after"] !== undefined) headers["retry-after"] = retryAfter;
          }),
      });
      const talk = world.talk("ada");
      await talk.ask("Shall we begin?");
      await world.away(200 * SECOND_MS);
      await failing(world, "ada", "429; retry-after=7");
      await world.away(10 * MINUTE_MS);
      const isEndless = retryAfter.startsWith("9");
      expect(world.warms().length).toBe(isEndless ? 0 : 2);
      expect(world.clock.delays().every((delayMs) => delayMs >= 1 && Number.isFinite(delayMs))).toBe(true);
    },
  );

  it.each(["500", "529"])("with %s for a moment keeps nothing from being kept warm", async (fault) => {
    const world = await setUp();
    const talk = world.talk("ada");
    await talk.ask("Shall we begin?");
    await world.away(200 * SECOND_MS);
    await failing(world, "ada", fault);
    await world.away(20 * MINUTE_MS);
    expect((await talk.ask("Go on.")).cache_read_input_tokens).toBeGreaterThan(4_000);
  });

  it("with 401 to a warm stops that conversation, and only that", async () => {
    const world = await setUp();
    await world.talk("ada").ask("Shall we begin?");
    await world.away(60 * SECOND_MS);
    await world.talk("bob").ask("Shall we begin?");
    world.emulator.failNext({ status: 401 });
    await world.away(20 * MINUTE_MS);
    expect([world.phase("ada"), world.phase("bob")]).toEqual(["stopped", "idle"]);
    expect(world.warms().filter(({ status }) => status !== 200)).toHaveLength(1);
  });

  it("with 429 to a warm is asked again once it said, and not before", async () => {
    const world = await setUp();
    const since = world.clock.now();
    await world.talk("ada").ask("Shall we begin?");
    world.emulator.failNext({ status: 429, retryAfterSeconds: 15 });
    await world.away(299 * SECOND_MS);
    const [first = 0, second = 0, ...more] = warmedAt(world, since);
    expect(second - first).toBeGreaterThanOrEqual(15);
    expect(more).toEqual([]);
  });
});

describe("an API that says no before the request is through", () => {
  const early429 = (retryAfter: string) =>
    `HTTP/1.1 429 Too Many\r\n${retryAfter}Connection: close\r\nContent-Length: 2\r\n\r\n{}`;

  async function early(answer: string, until = 265) {
    const { world, front } = await fronted();
    const since = world.clock.now();
    await world.talk("ada").ask("Shall we begin?");
    await world.away(until * SECOND_MS);
    front.mood = (client) => client.once("data", () => client.end(answer));
    const { params, headers } = world.talk("ada");
    const body = JSON.stringify({ ...params, messages: [{ role: "user", content: text("more", 9_000) }] });
    const fields = Object.entries({ ...headers, "x-api-key": "sk-ant-api03-of-a-test" });
    const head = fields.map(([name, value]) => `${name}: ${value}\r\n`).join("");
    const client = dial(world.url).send(
      `POST /v1/messages HTTP/1.1\r\nHost: x\r\n${head}Content-Length: ${body.length}\r\n\r\n${body.slice(0, 9)}`,
    );
    await client.until("\r\n\r\n{");
    client.send(body.slice(9));
    await world.calm();
    await new Promise((resolve) => setTimeout(resolve, 50));
    await world.calm();
    front.mood = "pass";
    return { world, since, client };
  }

  it("has kept the conversation as it was", async () => {
    const { world, client } = await early(early429(""), 200);
    expect(client.text).toMatch(/^HTTP\/1.1 429 /);
    expect(world.phase("ada")).toBe("idle");
    await world.away(10 * MINUTE_MS);
    expect(world.warms().map(({ usage }) => usage?.cache_creation_input_tokens)).toEqual([0, 0]);
  });

  it("is over with its answer, whatever it was", async () => {
    const { world } = await early("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}", 200);
    expect(world.phase("ada")).not.toBe("generating");
  });

  it("is left alone for as long as it wants", async () => {
    const { world, since } = await early(early429("Retry-After: 20\r\n"));
    await world.away(35 * SECOND_MS);
    expect(warmedAt(world, since)[0]).toBeGreaterThanOrEqual(285);
  });
});

describe("an upstream that cannot be reached", () => {
  const resets: Mood = (client) => client.once("data", () => client.resetAndDestroy());
  const closes: Mood = (client) => client.once("data", () => client.end());

  it.each([
    ["refuses connections", "refuse"],
    ["resets each connection at once", "reset"],
    ["resets each connection when it is asked", resets],
    ["closes each connection when it is asked", closes],
  ] satisfies [string, Mood][])(
    "because it %s, is said to the client as an API error, and what was warm stays so",
    async (_, mood) => {
      const { world, front } = await fronted();
      const talk = world.talk("ada");
      const written = (await talk.ask("Shall we begin?")).cache_creation_input_tokens ?? 0;
      await world.away(100 * SECOND_MS);
      front.mood = mood;
      const { params, headers } = world.talk("ada");
      const asking = world.client.messages.create(
        { ...params, messages: [{ role: "user", content: "And?" }] },
        { headers },
      );
      expect(await outcome(asking)).toEqual(["InternalServerError", 502, null]);
      await world.calm();
      // Asked once, or not at all where nobody is.
      expect(front.tried).toBe(mood === "refuse" ? 0 : 1);
      front.mood = "pass";
      await world.away(20 * MINUTE_MS);
      expect((await talk.ask("Go on.")).cache_read_input_tokens).toBe(written);
      expect(world.logger.at("error")).toEqual([]);
    },
  );

  it.each(["http://no-such-host.invalid", "http://127.0.0.1:1", "https://127.0.0.1:1"])(
    "at %s is said so",
    async (upstream) => {
      const world = await setUp({ upstream: () => upstream });
      const answer = await fetch(`${world.url}/v1/messages`, { method: "POST", body: "{}" });
      expect(answer.status).toBe(502);
      expect(await answer.json()).toMatchObject({ type: "error", error: { type: "api_error" } });
    },
  );

  it.each(["reset", "hang", (client) => client.end("HTTP/1.1 400 Bad Request\r\n\r\n")] satisfies Mood[])(
    "because its TLS handshake fails (%s) is said so, or waited for as long as the client does",
    async (mood) => {
      const world = await setUp({
        upstream: async (url) => {
          const front = await frontOf(url);
          front.mood = mood;
          return front.url.replace("http:", "https:");
        },
      });
      const signal = AbortSignal.timeout(300);
      const asked = fetch(`${world.url}/v1/messages`, { method: "POST", body: "{}", signal });
      if (mood === "hang") await expect(asked).rejects.toThrow(/timeout/i);
      else expect((await asked).status).toBe(502);
    },
  );

  it("holds no warm up either while it hangs: the next turn finds the conversation as it was", async () => {
    const { world, front } = await fronted();
    const talk = world.talk("ada");
    await talk.ask("Shall we begin?");
    await world.away(100 * SECOND_MS);
    front.mood = "hang";
    const hanging = new AbortController();
    const params = { ...talk.params, messages: [{ role: "user" as const, content: "And?" }] };
    const asked = outcome(
      world.client.messages.create(params, { headers: talk.headers, signal: hanging.signal }),
    );
    await expect.poll(() => world.phase("ada")).toBe("generating");
    await world.clock.pass(400 * SECOND_MS);
    expect(world.warms()).toEqual([]);
    hanging.abort();
    await asked;
    await expect.poll(() => world.phase("ada")).not.toBe("generating");
    front.mood = "pass";
    // By now its prefix has lapsed: a warm would write it again.
    await world.away(10 * MINUTE_MS);
    expect(world.warms()).toEqual([]);
    await talk.ask("Once more.");
    await world.away(10 * MINUTE_MS);
    expect(world.warms().map(({ usage }) => usage?.cache_creation_input_tokens)).toEqual([0, 0]);
  });
});

describe("a stream that fails in the middle", () => {
  it.each(["529; at=stream", "529; at=disconnect"])(
    "(%s) fails for the client as it would directly",
    async (fault) => {
      const world = await setUp();
      const streamed = async (client: Anthropic) => {
        const types: string[] = [];
        const params = { ...world.talk("a").params, messages: [{ role: "user" as const, content: "Hi" }] };
        const headers = { "x-emulator-fault": fault };
        const asked = (async () => {
          for await (const event of await client.messages.create({ ...params, stream: true }, { headers })) {
            types.push(event.type);
          }
        })();
        return { end: await outcome(asked), types };
      };
      const [direct, passed] = [await streamed(world.direct), await streamed(world.client)];
      expect(passed.types).toEqual(direct.types);
      expect(direct.end).not.toBe("answered");
      // A connection that broke before it was answered is a 502 here.
      if (fault.includes("stream")) expect(passed).toEqual(direct);
      await world.away(MINUTE_MS);
      expect(world.warms()).toEqual([]);
    },
  );

  it("settles the conversation, which is kept warm from what it wrote", async () => {
    const world = await setUp();
    const { params, headers } = world.talk("ada");
    const asked = world.client.messages.create(
      { ...params, stream: true, messages: [{ role: "user", content: "[[pace:40ms]] [[tokens:400]] Go." }] },
      { headers },
    );
    const stream = await asked;
    for await (const event of stream) if (event.type === "content_block_delta") break;
    stream.controller.abort();
    await expect.poll(() => world.phase("ada")).toBe("idle");
    expect(world.emulator.requests[0]?.aborted).toBe(true);
    await world.away(5 * MINUTE_MS);
    expect(world.warms().map(({ usage }) => usage?.cache_creation_input_tokens)).toEqual([0]);
  });
});
