/** What is kept warm is the conversation of its person, and nothing else: played from what the real OpenCode did. */
import { describe, expect, it } from "vitest";
import { TAG } from "../../../src/hosts/opencode/tagged-fetch.ts";
import type { Moment } from "../support/opencode-recording.ts";
import { askedIn, MINUTE_MS, recording, SESSION, setUp } from "./world.ts";

const turns = recording("turns");
const AWAY_MS = 5 * MINUTE_MS;

/** Up to the last moment of it. */
function until(moments: readonly Moment[], is: (moment: Moment) => boolean): readonly Moment[] {
  return moments.slice(0, moments.findIndex(is) + 1);
}

const isEvent = (type: string) => (moment: Moment) => moment.kind === "event" && moment.event.type === type;

/** The last request that OpenCode's own agents did not make. */
function lastAsked(moments: readonly Moment[]): unknown {
  const asides = new Set(
    moments.flatMap((moment) =>
      moment.kind === "asking" && (moment.asking.agent !== "build" || moment.asking.sessionID !== SESSION)
        ? [moment.number]
        : [],
    ),
  );
  const sent = moments.flatMap((moment) =>
    moment.kind === "sent" && !asides.has(moment.asking) ? [moment] : [],
  );
  return askedIn(sent.at(-1) ?? { body: "{}" });
}

describe("OpenCode's requests", () => {
  it("keep the last one of the conversation warm, byte for byte, and not its title", async () => {
    const { play, warm, away, warms } = await setUp();
    const first = until(turns, isEvent("session.idle"));
    await warm("on");
    await play(first);
    await away(4 * AWAY_MS);
    expect(warms().length).toBeGreaterThanOrEqual(4);
    for (const request of warms()) expect(askedIn(request)).toEqual(lastAsked(first));
  });

  it("are not kept warm where nobody switched it on", async () => {
    const { play, away, warms } = await setUp();
    await play(turns);
    await away(4 * AWAY_MS);
    expect(warms()).toEqual([]);
  });

  it("leave nothing of keepwarm's on the wire", async () => {
    const { play, warm, away, emulator } = await setUp();
    await warm("on");
    await play(turns);
    await away(AWAY_MS);
    for (const { headers } of emulator.requests) expect(Object.keys(headers)).not.toContain(TAG);
  });

  it("are followed through a tool call", async () => {
    const { play, warm, away, warms } = await setUp();
    await warm("on");
    const calling = until(turns, (moment) => moment.kind === "sent" && moment.asking === 3);
    await play(calling);
    await away(3 * AWAY_MS);
    expect(warms().length).toBeGreaterThanOrEqual(3);
    expect(askedIn(warms().at(-1) ?? { body: "{}" })).toEqual(lastAsked(calling));
  });

  it("are no more kept warm once they are being compacted, until the conversation goes on", async () => {
    const { play, warm, away, warms } = await setUp();
    await warm("on");
    const compacting = until(turns, ({ kind }) => kind === "compacting");
    await play(compacting);
    await away(AWAY_MS);
    expect(warms()).toEqual([]);
    const compacted = until(turns, isEvent("session.compacted"));
    await play(compacted.slice(compacting.length));
    await away(AWAY_MS);
    expect(warms()).toEqual([]);
    await play(turns.slice(compacted.length));
    await away(AWAY_MS);
    expect(warms()).toHaveLength(1);
    expect(askedIn(warms()[0] ?? { body: "{}" })).toEqual(lastAsked(turns));
  });

  it("are told apart from a sub-agent's, which is not kept warm", async () => {
    const moments = recording("sub-agent");
    const { play, warm, away, warms } = await setUp();
    await warm("on");
    const working = until(
      moments,
      (moment) => moment.kind === "sent" && "x-parent-session-id" in moment.headers,
    );
    await play(working);
    await away(2 * AWAY_MS);
    expect(warms().length).toBeGreaterThanOrEqual(2);
    for (const request of warms()) expect(askedIn(request)).toEqual(lastAsked(working));
    await play(moments.slice(working.length));
    await away(AWAY_MS);
    expect(askedIn(warms().at(-1) ?? { body: "{}" })).toEqual(lastAsked(moments));
  });

  it("count once when the API turned them away and OpenCode tried again", async () => {
    const moments = recording("retries");
    const { play, warm, away, warms, emulator } = await setUp();
    await warm("on");
    const first = until(moments, isEvent("session.idle"));
    await play(first);
    emulator.failNext({ status: 529, times: 2 });
    await play(moments.slice(first.length));
    expect(emulator.requests.map(({ status }) => status)).toEqual([200, 200, 529, 529, 200]);
    await away(AWAY_MS);
    expect(warms()).toHaveLength(1);
    expect(askedIn(warms()[0] ?? { body: "{}" })).toEqual(lastAsked(moments));
  });

  it("are kept warm while OpenCode waits for its person's permission", async () => {
    const moments = recording("permission");
    const { play, warm, away, warms } = await setUp();
    await warm("on");
    const asked = until(moments, isEvent("permission.asked"));
    await play(asked);
    await away(2 * AWAY_MS);
    expect(warms().length).toBeGreaterThanOrEqual(2);
    for (const request of warms()) expect(askedIn(request)).toEqual(lastAsked(asked));
  });

  it("of others' providers pass by: there each request counts", async () => {
    const { headersFor } = await setUp();
    const api = { npm: "@ai-sdk/anthropic" };
    const asking = (providerID: string, source: string, agent = "build") =>
      headersFor({ sessionID: SESSION, agent, model: { providerID, api }, provider: { source } });
    expect(await asking("anthropic", "env")).toEqual({ [TAG]: SESSION });
    expect(await asking("our-proxy", "config")).toEqual({ [TAG]: SESSION });
    for (const provider of ["github-copilot", "opencode", "opencode-go"])
      expect(await asking(provider, "config")).toEqual({});
    expect(await asking("minimax", "api")).toEqual({});
    for (const agent of ["title", "summary", "compaction"])
      expect(await asking("anthropic", "env", agent)).toEqual({});
  });

  it("are the gateway's where keepwarm run has started OpenCode, and /warm says so", async () => {
    const url = "http://127.0.0.1:4777/~keepwarm/run/1/v1";
    const config = JSON.stringify({ provider: { anthropic: { options: { baseURL: url } } } });
    const { play, warm, away, warms } = await setUp({
      env: { OPENCODE_CONFIG_CONTENT: config, KEEPWARM_ENABLE_NEW: "true" },
    });
    expect(await warm("on")).toMatch(/started by keepwarm run.*keepwarm on/);
    await play(turns);
    await away(AWAY_MS);
    expect(warms()).toEqual([]);
  });
});
