/** The SDK family's own clients of Bedrock and Vertex AI, in front of the emulator, on a clock that only the test moves. */
import { afterAll, describe, expect, it } from "vitest";
import { MINUTE_MS, prefixOf, setUp, Talk } from "./sdk/world.ts";
import { AWS_KEYS, bedrock, type CloudClient, clientClass, vertex } from "./support/clouds.ts";
import { showRow } from "./support/row.ts";

const BEDROCK_MODEL = "us.anthropic.claude-opus-4-5-20251101-v1:0";
const VERTEX_MODEL = "claude-opus-4-5@20251101";
const PAUSE_MS = 20 * MINUTE_MS;

type World = Awaited<ReturnType<typeof setUp>>;

const shown = { readShare: 1, warms: 0 };
afterAll(() =>
  showRow("clouds", {
    ...shown,
  }),
);

/** Two turns, a pause of four lifetimes, and a return. */
async function comeBack(world: World, client: CloudClient, model: string, stream: boolean): Promise<void> {
  const talk = new Talk(world.keepwarm.wrap(client), undefined, "ada", model);
  await talk.ask("Shall we begin?", { stream });
  const before = await talk.ask("And then?", { stream });
  await world.away(PAUSE_MS);
  expect(world.warms()).toHaveLength(4);
  const back = await talk.ask("Where were we?", { stream });
  const readShare = (back.cache_read_input_tokens ?? 0) / prefixOf(before);
  expect(readShare).toBeGreaterThanOrEqual(0.99);
  shown.readShare = Math.min(shown.readShare, readShare);
  shown.warms += world.warms().length;
  expect(world.keepwarm.ledger.figuresOf("ada")).toMatchObject({ warms: 4, warmsUnpriced: 0, rescued: 1 });
  await world.keepwarm.warmer.setEnabled("ada", false);
  await world.away(PAUSE_MS);
  expect(world.warms()).toHaveLength(4);
}

describe.each([false, true])("a conversation (streamed: %s)", (stream) => {
  it("of AnthropicBedrock with AWS keys finds its prefix by warms that it signed itself", async () => {
    const world = await setUp();
    const { fetch, arrived } = bedrock(world.url);
    const Client = await clientClass("AnthropicBedrock");
    await comeBack(world, new Client({ ...AWS_KEYS, fetch, maxRetries: 0 }), BEDROCK_MODEL, stream);
    expect(arrived.map(({ status }) => status)).toEqual(arrived.map(() => 200));
    const [, turn, warm] = arrived;
    expect(warm?.authorization).not.toBe(turn?.authorization);
  });

  it("of AnthropicBedrock with an API key finds its prefix", async () => {
    const world = await setUp();
    const key = "a key for Bedrock";
    const { fetch, arrived } = bedrock(
      world.url,
      ({ headers }) => headers.get("authorization") === `Bearer ${key}`,
    );
    const Client = await clientClass("AnthropicBedrock");
    await comeBack(world, new Client({ apiKey: key, fetch, maxRetries: 0 }), BEDROCK_MODEL, stream);
    expect(arrived.map(({ status }) => status)).toEqual(arrived.map(() => 200));
  });

  it("of AnthropicVertex finds its prefix, by the token of the moment", async () => {
    const world = await setUp();
    // Each holds for three minutes, so that no warm can use an old one.
    const token = () => `ya29.${Math.floor(world.clock.now() / (3 * MINUTE_MS))}`;
    const { fetch, arrived } = vertex(world.url, token);
    const Client = await clientClass("AnthropicVertex");
    const authClient = { getRequestHeaders: async () => new Headers({ authorization: `Bearer ${token()}` }) };
    const client = new Client({ authClient, projectId: "p", region: "global", fetch, maxRetries: 0 });
    await comeBack(world, client, VERTEX_MODEL, stream);
    expect(arrived.map(({ status }) => status)).toEqual(arrived.map(() => 200));
  });
});

describe("a client with keepwarm's fetch alone", () => {
  it("goes on as without keepwarm, and is told to be wrapped", async () => {
    const upstream = await setUp();
    const { fetch, arrived } = bedrock(upstream.url);
    const { keepwarm, away } = await setUp({ fetch });
    const Client = await clientClass("AnthropicBedrock");
    const client = new Client({ ...AWS_KEYS, fetch: keepwarm.fetch, maxRetries: 0 });
    await new Talk(client, undefined, "ada", BEDROCK_MODEL).ask("Shall we begin?");
    await away(PAUSE_MS);
    expect(arrived.map(({ status }) => status)).toEqual([200]);
    expect(keepwarm.warmer.getStatus("ada").why).toContain("keepwarm.wrap(client)");
  });
});
