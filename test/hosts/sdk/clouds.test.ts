import { describe, expect, it } from "vitest";
import { CloudClient, cloudAt } from "./cloud.ts";
import { MINUTE_MS, prefixOf, setUp, Talk } from "./world.ts";

/** As the cloud spells it. */
const CLOUD_MODEL = "us.anthropic.claude-opus-4-5-20251101-v1:0";

async function inTheCloud() {
  const world = await setUp();
  const edge = cloudAt(world.url);
  return { ...world, edge, plain: new CloudClient({ fetch: edge.fetch }) };
}

/** A conversation of a client that is no `Anthropic`, yet sends the same. */
function talkOn(client: CloudClient, conversationId?: string): Talk {
  return new Talk(client, undefined, conversationId, CLOUD_MODEL);
}

describe("a client that signs each request", () => {
  it.each([false, true])("is kept warm by warms that it signs itself (streamed: %s)", async (stream) => {
    const { keepwarm, plain, edge, away, warms, emulator } = await inTheCloud();
    const talk = talkOn(keepwarm.wrap(plain), "ada");
    await talk.ask("Shall we begin?", { stream });
    const before = await talk.ask("And then?", { stream });
    await away(20 * MINUTE_MS);
    const back = await talk.ask("Where were we?", { stream });
    expect(warms().length).toBeGreaterThanOrEqual(4);
    expect(emulator.requests.map(({ status }) => status)).not.toContain(403);
    expect(edge.arrived).toHaveLength(emulator.requests.length);
    expect((back.cache_read_input_tokens ?? 0) / prefixOf(before)).toBeGreaterThanOrEqual(0.99);
  });

  it("sends in a warm what it sent before, but for how much it asks for", async () => {
    const { keepwarm, plain, edge, away } = await inTheCloud();
    await talkOn(keepwarm.wrap(plain), "ada").ask("Shall we begin?");
    await away(5 * MINUTE_MS);
    const [turn, warm] = edge.arrived;
    expect(warm?.url).toBe(turn?.url);
    expect(warm?.body).toBe(turn?.body.replace('"max_tokens":256', '"max_tokens":0'));
    expect(warm?.headers.get("x-api-key")).toBeNull();
  });

  it("has its warms priced at the list price of the model behind the cloud's name for it", async () => {
    const { keepwarm, plain, away } = await inTheCloud();
    await talkOn(keepwarm.wrap(plain), "ada").ask("Shall we begin?");
    await away(5 * MINUTE_MS);
    expect(keepwarm.ledger.figuresOf("ada")).toMatchObject({ warms: 1, warmsUnpriced: 0 });
    expect(keepwarm.ledger.figuresOf("ada")?.spentUsd).toBeGreaterThan(0);
  });

  it("is told apart by its account where it names no conversation", async () => {
    const { keepwarm, plain, edge } = await inTheCloud();
    const other = Object.assign(new CloudClient({ fetch: edge.fetch }), { awsAccessKey: "another" });
    await talkOn(keepwarm.wrap(plain)).ask("Shall we begin?");
    await talkOn(keepwarm.wrap(other)).ask("Shall we begin?");
    expect(keepwarm.warmer.conversations()).toHaveLength(2);
  });

  it("never sends on the name of its conversation", async () => {
    const { keepwarm, plain, edge, away } = await inTheCloud();
    await talkOn(keepwarm.wrap(plain), "ada").ask("Shall we begin?");
    await away(5 * MINUTE_MS);
    expect(edge.arrived).toHaveLength(2);
    for (const { headers } of edge.arrived) expect(headers.has("x-keepwarm-conversation")).toBe(false);
  });
});

describe("a client that signs each request, and has only keepwarm's fetch", () => {
  async function byFetch() {
    const { url } = await setUp();
    const edge = cloudAt(url);
    const world = await setUp({ fetch: edge.fetch });
    return { ...world, edge, client: new CloudClient({ fetch: world.keepwarm.fetch }) };
  }

  it("is seen and priced, and refused with what to do", async () => {
    const { keepwarm, client, edge, away } = await byFetch();
    await talkOn(client, "ada").ask("Shall we begin?");
    const { phase, why } = keepwarm.warmer.getStatus("ada");
    expect(phase).toBe("stopped");
    expect(why).toContain("Bedrock");
    expect(why).toContain("keepwarm.wrap(client)");
    await away(60 * MINUTE_MS);
    expect(edge.arrived).toHaveLength(1);
    expect(await keepwarm.warmer.warmNow("ada")).toMatchObject({ sent: false });
  });

  it("is kept warm once it is wrapped as well, and watched once", async () => {
    const { keepwarm, client, edge, away, warms } = await byFetch();
    const started: string[] = [];
    keepwarm.events.on("turnStarted", ({ conversationId }) => started.push(conversationId));
    await talkOn(keepwarm.wrap(keepwarm.wrap(client)), "ada").ask("Shall we begin?");
    await away(5 * MINUTE_MS);
    expect(started).toEqual(["ada"]);
    expect(edge.arrived.map(({ body }) => JSON.parse(body).max_tokens)).toEqual([256, 0]);
    expect(warms()).toEqual([]);
  });

  it("has its requests leave as they are, for a header that was signed cannot be taken off", async () => {
    const { client, edge } = await byFetch();
    await talkOn(client, "ada").ask("Shall we begin?");
    expect(edge.arrived[0]?.headers.get("x-keepwarm-conversation")).toBe("ada");
  });

  it("is left alone where it asks another's model", async () => {
    const { keepwarm, edge } = await byFetch();
    await keepwarm.fetch("https://cloud.example/model/amazon.nova-pro-v1:0/invoke", {
      method: "POST",
      headers: { "x-keepwarm-conversation": "ben" },
      body: JSON.stringify({ max_tokens: 9, messages: [{ role: "user", content: "Hi" }] }),
    });
    expect(keepwarm.warmer.conversations()).toEqual([]);
    expect(edge.arrived).toHaveLength(1);
  });

  it.each([
    [
      "Vertex AI",
      "/v1/projects/p/locations/global/publishers/anthropic/models/claude-opus-4-5@20251101:rawPredict",
    ],
    ["Vertex AI", "/v1/projects/p/locations/eu/publishers/anthropic/models/claude-opus-4-5:streamRawPredict"],
    ["Bedrock", "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Aapplication-inference-profile%2Fx/invoke"],
  ])("is known for %s's by its path", async (title, path) => {
    const usage = {
      input_tokens: 9,
      output_tokens: 1,
      cache_read_input_tokens: 0,
      cache_creation_input_tokens: 5_000,
    };
    const message = { type: "message", role: "assistant", content: [], stop_reason: "end_turn", usage };
    const { keepwarm, calm } = await setUp({ fetch: async () => Response.json(message) });
    const body = JSON.stringify({
      anthropic_version: "any",
      max_tokens: 9,
      system: [{ type: "text", text: "x".repeat(9_999), cache_control: { type: "ephemeral" } }],
      messages: [{ role: "user", content: "Hi" }],
    });
    const headers = { "x-keepwarm-conversation": "ada" };
    const answer = await keepwarm.fetch(`https://cloud.example${path}`, { method: "POST", headers, body });
    await answer.text();
    await calm();
    expect(keepwarm.warmer.getStatus("ada").why).toContain(title);
  });
});
