/** `--tier`: what the gateway makes of the lifetimes that its clients ask for. */
import { gzipSync } from "node:zlib";
import Anthropic from "@anthropic-ai/sdk";
import { describe, expect, it, vi } from "vitest";
import { prefixOf } from "../hosts/sdk/world.ts";
import { doctored } from "./doctored.ts";
import { answering, bareGateway, dial, firstRequest, rawServer } from "./wire.ts";
import { API_KEY, clientOf, MINUTE_MS, MODEL, setUp, Talk, text, type World } from "./world.ts";

const HOUR_MS = 60 * MINUTE_MS;

/** Lifetimes that each request that arrived asked for, warms included. */
function tiers({ emulator }: World): string[] {
  return emulator.requests.map(({ body }) => {
    const found = [...new TextDecoder().decode(body).matchAll(/"cache_control":(\{[^}]*\})/g)];
    const asked = found.map(([, marker = "{}"]) => String(JSON.parse(marker).ttl ?? "5m"));
    return [...new Set(asked)].join();
  });
}

describe("a gateway told --tier 1h", () => {
  it("has a 5-minute client's entries live for an hour, and warms follow at 58 minutes", async () => {
    const world = await setUp({ tier: "1h" });
    const ada = world.talk("ada");
    const first = await ada.ask("Shall we begin?");
    expect(first.cache_creation).toMatchObject({ ephemeral_5m_input_tokens: 0 });
    await world.away(50 * MINUTE_MS);
    expect((await ada.ask("Go on.")).cache_read_input_tokens).toBe(prefixOf(first));
    expect(world.warms()).toEqual([]);
    const startedAt = world.clock.now();
    await world.away(3 * HOUR_MS);
    const [warm] = world.warms();
    expect((warm?.at ?? 0) - startedAt).toBeGreaterThan(56 * MINUTE_MS);
    expect((warm?.at ?? 0) - startedAt).toBeLessThan(HOUR_MS);
    expect(world.warms().length).toBe(3);
    expect(world.warms().every(({ usage }) => usage?.cache_creation_input_tokens === 0)).toBe(true);
    expect(new Set(tiers(world))).toEqual(new Set(["1h"]));
  });

  it("has warms repeat what was sent, and not what came", async () => {
    const world = await setUp({ tier: "1h" });
    await world.talk("ada").ask("Shall we begin?");
    await world.away(59 * MINUTE_MS);
    const [sent, warm] = world.emulator.requests.map(({ body }) => new TextDecoder().decode(body));
    expect(warm?.replace('"max_tokens":0', '"max_tokens":256')).toBe(sent);
    expect(sent?.match(/"ttl":"1h"/g)).toHaveLength(2);
  });

  it("keeps the order of mixed markers legal, whichever way it sets them", async () => {
    for (const tier of ["5m", "1h"] as const) {
      const { client, emulator } = await setUp({ tier });
      const mark = (ttl?: "5m" | "1h") => ({ type: "ephemeral" as const, ...(ttl && { ttl }) });
      const usage = await client.messages.create({
        model: MODEL,
        max_tokens: 64,
        tools: [
          {
            name: "look",
            description: text("tool"),
            input_schema: { type: "object" },
            cache_control: mark("1h"),
          },
        ],
        system: [{ type: "text", text: text("system"), cache_control: mark("1h") }],
        messages: [
          { role: "user", content: [{ type: "text", text: text("question"), cache_control: mark() }] },
        ],
      });
      expect(usage.usage.cache_creation?.[`ephemeral_${tier}_input_tokens`]).toBe(prefixOf(usage.usage));
      expect(emulator.requests.map(({ status }) => status)).toEqual([200]);
    }
  });

  it("leaves titles and sub-agents as they were sent, and has another's warm follow its conversation", async () => {
    const world = await setUp({ tier: "1h", enableNew: false });
    const ada = world.talk("ada");
    await ada.ask("Shall we begin?");
    const cache_control = { type: "ephemeral" as const };
    const headers = { "x-keepwarm-conversation": "ada" };
    const title = {
      model: "claude-haiku-5-5",
      max_tokens: 64,
      messages: [{ role: "user" as const, content: text("t") }],
    };
    await world.client.messages.create({ ...title, cache_control }, { headers });
    await world.client.messages.create(
      { ...title, cache_control },
      { headers: { ...headers, "x-claude-code-agent-id": "a1" } },
    );
    const messages = ada.messages.slice(0, 1);
    await world.client.messages.create({ ...ada.params, messages, max_tokens: 1 }, { headers });
    expect(tiers(world)).toEqual(["1h", "5m", "5m", "1h"]);
  });

  it("leaves what it may not change: another company's model, a subscription, what is compressed", async () => {
    const world = await setUp({ tier: "1h" });
    const send = (headers: Record<string, string>, body: Buffer | string) =>
      fetch(`${world.url}/v1/messages`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body,
      });
    const talk = new Talk(world.client);
    talk.messages.push({ role: "user", content: "Hi" });
    const body = JSON.stringify(talk.params);
    await send({ "x-api-key": API_KEY }, body.replace(MODEL, "glm-5"));
    await send({ authorization: "Bearer sk-ant-oat01-x" }, body);
    await send({ "x-api-key": API_KEY, "content-encoding": "gzip" }, gzipSync(body));
    expect(tiers(world)).toEqual(["5m", "5m", "5m"]);
    const allowed = await setUp({ tier: "1h", allowSubscription: true });
    await fetch(`${allowed.url}/v1/messages`, {
      method: "POST",
      headers: { authorization: "Bearer sk-ant-oat01-x" },
      body,
    });
    expect(tiers(allowed)).toEqual(["1h"]);
  });

  it("warms what was sent as it came where the API refuses another tier", async () => {
    const world = await setUp({ tier: "1h" });
    world.emulator.failNext({ status: 400 });
    await world.talk("ada").ask("Shall we begin?");
    expect(world.keeper.conversation("ada")?.ttlMs).toBe(5 * MINUTE_MS);
    await world.away(5 * MINUTE_MS);
    expect(world.warms()).toHaveLength(1);
    expect(tiers(world)).toEqual(["1h", "5m", "5m"]);
    expect((await world.talk("bob").ask("And you?")).cache_creation?.ephemeral_1h_input_tokens).toBe(0);
  });

  it("takes entries that the API wrote for five minutes all the same for what they are", async () => {
    let asked = 0;
    const upstream = (url: string) =>
      doctored(url, (answer) => {
        if (asked++ > 0) return;
        answer.body = answer.body.replace(
          /"ephemeral_5m_input_tokens":(\d+),"ephemeral_1h_input_tokens":(\d+)/,
          '"ephemeral_5m_input_tokens":$2,"ephemeral_1h_input_tokens":$1',
        );
      });
    const { talk, warms, away, keeper } = await setUp({ tier: "1h", upstream });
    await talk("ada").ask("Shall we begin?");
    expect(keeper.conversation("ada")?.ttlMs).toBe(5 * MINUTE_MS);
    await away(5 * MINUTE_MS);
    expect(warms()).toHaveLength(1);
  });
});

describe("a gateway told --tier auto", () => {
  // At this model's read price an hour is cheapest where nothing is warmed, and five minutes where it is.
  it("never changes a conversation's tier while its entry lives, and does when it has lapsed", async () => {
    const world = await setUp({ tier: "auto", enableNew: false });
    const ada = world.talk("ada");
    let known = prefixOf(await ada.ask("Shall we begin?"));
    await world.keeper.warmer.setEnabled("ada", true);
    for (let turn = 0; turn < 4; turn++) {
      await world.away(4 * MINUTE_MS);
      const usage = await ada.ask(`Go on, part ${turn}.`);
      expect(usage.cache_read_input_tokens).toBe(known);
      known = prefixOf(usage);
    }
    expect(tiers(world)).toEqual(["1h", "1h", "1h", "1h", "1h"]);
    await world.keeper.warmer.setEnabled("ada", false);
    await world.away(61 * MINUTE_MS);
    await world.keeper.warmer.setEnabled("ada", true);
    const lapsed = await ada.ask("Still there?");
    expect(lapsed.cache_read_input_tokens).toBe(0);
    expect(tiers(world).at(-1)).toBe("5m");
  });

  it("chooses anew when the history was rewritten, and for another model", async () => {
    const world = await setUp({ tier: "auto", enableNew: false });
    const ada = world.talk("ada");
    for (let turn = 0; turn < 4; turn++) await ada.ask(`Part ${turn}.`);
    await world.keeper.warmer.setEnabled("ada", true);
    await ada.ask("Go on.");
    expect(tiers(world).at(-1)).toBe("1h");
    ada.messages.splice(
      0,
      ada.messages.length,
      { role: "user", content: "A summary." },
      { role: "assistant", content: "Read." },
    );
    await ada.ask("Go on from there.");
    expect(tiers(world).at(-1)).toBe("5m");
    await world.keeper.warmer.setEnabled("ada", false);
    await ada.ask("And on.");
    expect(tiers(world).at(-1)).toBe("5m");
    await world.client.messages.create(
      {
        ...ada.params,
        model: "claude-opus-4-8",
        messages: [...ada.messages, { role: "user", content: "Now you." }],
      },
      { headers: ada.headers },
    );
    expect(tiers(world).at(-1)).toBe("1h");
  });
});

describe("a request that is held to have its tier set", () => {
  const marked =
    '{"model":"claude-opus-5-5","cache_control":{"type":"ephemeral"},"messages":[{"role":"user","content":"x"}]}';
  const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  const REFUSED = "HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno";
  const longer = marked.replace('{"type"', '{"ttl":"1h","type"');

  function post(body = marked, headers = "X-API-Key: k\r\n"): string {
    return `POST /v1/messages?beta=true HTTP/1.1\r\nHost: x\r\n${headers}Content-Length: ${body.length}\r\nX-Odd:  a \r\n\r\n${body}`;
  }

  it("has another length and is otherwise as it came, head and all", async () => {
    const upstream = await answering(OK);
    const { ask } = await bareGateway(upstream.url, { tier: "1h" });
    await ask(post()).until("\r\n\r\nok");
    const plain = await answering(OK);
    const { ask: askPlain } = await bareGateway(plain.url);
    await askPlain(post()).until("\r\n\r\nok");
    const [sent, asCame] = [upstream, plain].map(({ lines, port }) =>
      lines[0]?.text.replace(`:${port}`, ":0"),
    );
    expect(sent).toBe(
      asCame?.replace(marked, longer).replace(/Content-Length: \d+/, `Content-Length: ${longer.length}`),
    );
  });

  it("stays in chunks where it came in chunks", async () => {
    const upstream = await answering(OK);
    const { ask } = await bareGateway(upstream.url, { tier: "1h" });
    const half = marked.length >> 1;
    const chunk = (part: string) => `${part.length.toString(16)}\r\n${part}\r\n`;
    const head =
      "POST /v1/messages HTTP/1.1\r\nHost: x\r\nx-api-key: k\r\nTransfer-Encoding: chunked\r\n\r\n";
    await ask(head + chunk(marked.slice(0, half)) + chunk(marked.slice(half)) + chunk("")).until(
      "\r\n\r\nok",
    );
    const [line] = upstream.lines;
    expect(line?.text).toMatch(/^Transfer-Encoding: chunked\r\n/m);
    expect(line?.text).not.toMatch(/content-length/i);
    expect(line?.text).toContain(longer);
  });

  it("leaves nothing behind when its client goes away first", async () => {
    const upstream = await answering(OK);
    const { ask, gateway } = await bareGateway(upstream.url, { tier: "1h" });
    const client = ask(post().slice(0, -10));
    while (gateway.quietMs() > 0) await new Promise((resolve) => setImmediate(resolve));
    client.reset();
    await client.over;
    await ask(post()).until("\r\n\r\nok");
    expect(upstream.lines.map(({ text: came }) => firstRequest(came) !== null)).toEqual([true]);
  });

  it("is sent as it came when its tier is refused, which is not tried there again", async () => {
    const upstream = await answering((line, request) => line.send(request.includes('"1h"') ? REFUSED : OK));
    const { ask, logger } = await bareGateway(upstream.url, { tier: "1h" });
    expect(await ask(post()).until("ok")).toMatch(/^HTTP\/1.1 200 /);
    const before = upstream.lines.map(({ text: came }) => came).join("");
    expect(before.match(/POST/g)).toHaveLength(2);
    expect(before).toContain(longer);
    expect(before.endsWith(marked)).toBe(true);
    await ask(post(marked.replace('"x"', '"y"'))).until("ok");
    expect(
      upstream.lines
        .map(({ text: came }) => came)
        .join("")
        .match(/POST/g),
    ).toHaveLength(3);
    expect(logger.lines.filter(({ message }) => message.includes("--tier"))).toHaveLength(1);
  });

  it("is refused as it stands where the same was taken before, and where the refusal is not about the tier", async () => {
    let refusing = true;
    const upstream = await answering((line) => line.send(refusing ? REFUSED : OK));
    const { ask } = await bareGateway(upstream.url, { tier: "1h" });
    const sent = () =>
      upstream.lines
        .map(({ text: came }) => came)
        .join("")
        .match(/POST/g)?.length;
    expect(await ask(post()).until("\r\n\r\nno")).toMatch(/ 400 /);
    expect(sent()).toBe(2);
    refusing = false;
    await ask(post()).until("\r\n\r\nok");
    refusing = true;
    expect(await ask(post()).until("\r\n\r\nno")).toMatch(/ 400 /);
    expect(sent()).toBe(4);
  });

  it.each(["is not JSON", '{"messages":', "", marked.replace('"ephemeral"', '"other"')])(
    "goes on as it came where it cannot be read (%s)",
    async (body) => {
      const upstream = await answering(OK);
      const { ask } = await bareGateway(upstream.url, { tier: "1h" });
      await ask(post(body)).until("\r\n\r\nok");
      expect(upstream.lines[0]?.text.endsWith(`\r\n\r\n${body}`)).toBe(true);
    },
  );

  it("goes on as it came when we make a mistake", async () => {
    const upstream = await answering(OK);
    const { ask, gateway, logger } = await bareGateway(upstream.url, { tier: "1h" });
    Reflect.set(gateway.keeper.turns, "openLeaving", () => {
      throw new Error("a mistake");
    });
    await ask(post()).until("\r\n\r\nok");
    expect(upstream.lines[0]?.text.endsWith(`\r\n\r\n${marked}`)).toBe(true);
    expect(logger.lines.map(({ message }) => message).join()).toContain("goes on unwatched");
  });

  it("is not held where its client waits to be told to go on: the upstream says that", async () => {
    const upstream = await rawServer();
    const { ask } = await bareGateway(upstream.url, { tier: "1h" });
    ask(
      post("", "Expect: 100-continue\r\nX-API-Key: k\r\n").replace("Content-Length: 0", "Content-Length: 5"),
    );
    await (await upstream.line(0)).until("\r\n\r\n");
  });

  it("is sent again over a new connection when the kept one was closed, as it was edited", async () => {
    const upstream = await rawServer((line, index) => {
      line.socket.on("data", () => {
        const requests = line.text.split("POST ").length - 1;
        if (index === 0 && requests === 2) line.reset();
        else if (firstRequest(line.text) !== null) line.send(OK);
      });
    });
    const { ask } = await bareGateway(upstream.url, { tier: "1h" });
    await ask(post()).until("\r\n\r\nok");
    await ask(post()).until("\r\n\r\nok");
    expect(upstream.lines[1]?.text).toContain(longer);
  });

  it("is known as coming while it is held, so that nothing is warmed", async () => {
    const world = await setUp({ tier: "5m" });
    await world.talk("ada").ask("Shall we begin?");
    const { port } = new URL(world.url);
    const line = dial(Number(port));
    line.send(
      "POST /v1/messages HTTP/1.1\r\nHost: x\r\nx-keepwarm-conversation: ada\r\nContent-Length: 50\r\n\r\n{",
    );
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    await world.away(5 * MINUTE_MS);
    expect(world.warms()).toEqual([]);
    expect(world.keeper.turns.isComing("ada")).toBe(true);
    line.reset();
    await vi.waitUntil(() => !world.keeper.turns.isComing("ada"));
  });
});

describe("a gateway without --tier", () => {
  it("sends every lifetime as it came, and advises all the same", async () => {
    const world = await setUp({ enableNew: false });
    await world.talk("ada").ask("Shall we begin?");
    await new Talk(clientOf(world.url), text("other")).ask("Hello?");
    expect(tiers(world)).toEqual(["5m", "5m"]);
    const advice = world.keeper.adviseTier(MODEL);
    expect(advice?.option).toBe("5m + warms");
    expect(advice?.relativeCost["5m alone"]).toBe(1);
  });

  it("passes a large streamed answer and request of the SDK unheld", async () => {
    const world = await setUp({ enableNew: false });
    const client = new Anthropic({ baseURL: world.url, apiKey: API_KEY, authToken: null });
    const usage = await new Talk(client, text("large", 200_000), "ada").ask("Hi", { stream: true });
    expect(prefixOf(usage)).toBeGreaterThan(100_000);
  });
});
