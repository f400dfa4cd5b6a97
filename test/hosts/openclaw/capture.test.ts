/** Capture never mistakes: what the real OpenClaw told and sent, played back. */
import { describe, expect, it } from "vitest";
import { API_KEY, asWarm, lastSent, MINUTE_MS, recording, SECOND_MS, setUp, upTo } from "./world.ts";

const bodies = (requests: readonly { readonly body: Uint8Array }[]) =>
  requests.map(({ body }) => String(body));

const turns = recording("turns");
const heartbeat = recording("heartbeat");
const retries = recording("retries");
const subAgent = recording("sub-agent");

describe("a conversation of OpenClaw", () => {
  it("is warmed with what OpenClaw sent last, byte for byte, with its own key and no trace", async () => {
    const { play, warm, away, warms } = await setUp();
    const heard = upTo(turns, "agent_end");
    await warm("on");
    await play(heard);
    await away(10 * MINUTE_MS);
    expect(bodies(warms())).toEqual([asWarm(lastSent(heard)), asWarm(lastSent(heard))]);
    expect(warms().map(({ usage }) => usage?.cache_creation_input_tokens)).toEqual([0, 0]);
    const [headers = {}] = warms().map((request) => request.headers);
    expect(headers["x-api-key"]).toBe(API_KEY);
    expect(headers.traceparent).toBeUndefined();
  });

  it("is left alone as long as nobody switched it on", async () => {
    const { play, away, warms } = await setUp();
    await play(turns);
    await away(20 * MINUTE_MS);
    expect(warms()).toEqual([]);
  });

  it("is kept warm through a tool that outlives the entry, by the request that called it", async () => {
    const { play, warm, away, warms } = await setUp();
    const calling = upTo(turns, "model_call_ended");
    await warm("on");
    await play(calling);
    await away(15 * MINUTE_MS);
    expect(bodies(warms())).toEqual(Array(3).fill(asWarm(lastSent(calling))));
  });

  it("is not warmed while an answer is on its way", async () => {
    const { play, warm, away, warms } = await setUp();
    await warm("on");
    await play(upTo(turns, "model_call_started", 3));
    await away(4 * MINUTE_MS + 50 * SECOND_MS);
    expect(warms()).toEqual([]);
  });

  it("is not warmed any more once it is compacted, and its summary never is", async () => {
    const { play, warm, away, warms } = await setUp();
    const compacted = upTo(turns, "after_compaction");
    await warm("on");
    await play(compacted);
    await away(6 * MINUTE_MS);
    expect(warms()).toEqual([]);
    expect(await warm("")).toMatch(/it was compacted/);
    const onward = upTo(turns, "agent_end", 3);
    await play(onward.slice(compacted.length));
    await away(5 * MINUTE_MS);
    expect(bodies(warms())).toEqual([asWarm(lastSent(onward))]);
  });

  it("keeps its choice where it goes on under another id, and is off under the old one", async () => {
    const { play, warm, tell, away, warms } = await setUp();
    const heard = upTo(turns, "agent_end");
    await warm("2h");
    await play(heard);
    const sessionId = "00000000-0000-0000-0000-0000000000aa";
    await tell(
      "after_compaction",
      { previousSessionId: "00000000-0000-0000-0000-000000000001" },
      { sessionId },
    );
    await away(6 * MINUTE_MS);
    expect(warms()).toEqual([]);
    expect(await warm("", sessionId)).toMatch(/^Warming is on \(2h\)/);
  });

  it.each([
    ["interval 4m", /^Warming is off/],
    ["off", /^Warming is off/],
  ])("keeps %j as well, though new conversations are switched on", async (words, said) => {
    const { play, warm, tell, away, warms, hosts } = await setUp({ env: { KEEPWARM_ENABLE_NEW: "true" } });
    const compacted = upTo(turns, "after_compaction");
    await play(upTo(turns, "agent_end"));
    await warm("off");
    await warm(words);
    const sessionId = "00000000-0000-0000-0000-0000000000aa";
    const under = (moment: (typeof turns)[number]) =>
      JSON.parse(JSON.stringify(moment).replaceAll("00000000-0000-0000-0000-000000000001", sessionId));
    await tell(
      "after_compaction",
      { previousSessionId: "00000000-0000-0000-0000-000000000001" },
      { sessionId },
    );
    await play(upTo(turns, "agent_end", 3).slice(compacted.length).map(under));
    await away(6 * MINUTE_MS);
    expect(warms()).toEqual([]);
    expect(await warm("", sessionId)).toMatch(said);
    const [keeper] = hosts.map((host) => host.keeper);
    const { intervalChosen = false } = keeper?.warmer.getState(sessionId) ?? {};
    expect(intervalChosen).toBe(words !== "off");
  });

  it("is another one after /new, and off", async () => {
    const { play, warm, away, warms } = await setUp();
    await warm("on");
    await play(turns.slice(0, -1));
    const before = warms().length;
    await away(6 * MINUTE_MS);
    expect(warms()).toHaveLength(before);
    expect(await warm("")).toMatch(/^Warming is off/);
  });

  it("stops when OpenClaw quits, and is still on when it starts again", async () => {
    const { play, warm, away, warms, stop, loadAnew } = await setUp();
    const heard = upTo(turns, "agent_end");
    await warm("on");
    await play(heard);
    stop();
    await away(10 * MINUTE_MS);
    expect(warms()).toEqual([]);
    loadAnew();
    expect(await warm("")).toMatch(/^Warming is on/);
  });

  it("is not warmed with a request that is nobody's to tell of, such as a title's", async () => {
    const { play, warm, hosts } = await setUp();
    await warm("on");
    await play(turns.filter((moment) => moment.kind === "sent" && moment.trace === null));
    expect(hosts.flatMap(({ keeper }) => keeper.conversations())).toEqual([]);
  });

  it("counts a request that was tried again once, when it was answered", async () => {
    const { play, warm, away, warms } = await setUp();
    const failed = upTo(retries, "agent_end", 2);
    await warm("on");
    await play(failed);
    await away(SECOND_MS);
    expect(warms()).toEqual([]);
    const settled = upTo(retries, "agent_end", 3);
    await play(settled.slice(failed.length));
    await away(5 * MINUTE_MS);
    expect(bodies(warms())).toEqual([asWarm(lastSent(settled))]);
  });

  it("is not kept warm any more when another model is asked, some other way", async () => {
    const { play, warm, away, warms } = await setUp();
    const heard = upTo(turns, "agent_end");
    await warm("on");
    await play(heard);
    const next = turns.slice(heard.length).filter(({ kind }) => kind === "told");
    await play(upTo(next, "model_call_ended"));
    await away(10 * MINUTE_MS);
    expect(warms()).toEqual([]);
    expect(await warm("")).toMatch(/a model that keepwarm does not see/);
  });
});

describe("a heartbeat", () => {
  it("is neither its person's return nor what is kept warm", async () => {
    const { play, warm, away, warms, hosts, clock } = await setUp();
    const heard = upTo(heartbeat, "agent_end");
    const beaten = upTo(heartbeat, "agent_end", 2);
    await warm("on");
    await play(heard);
    await clock.pass(MINUTE_MS);
    await play(beaten.slice(heard.length));
    await away(4 * MINUTE_MS);
    expect(bodies(warms())).toEqual([asWarm(lastSent(heard))]);
    const [keeper] = hosts.map((host) => host.keeper);
    const [conversation] = keeper?.conversations() ?? [];
    expect(keeper?.ledger.figuresOf(conversation?.id ?? "")?.warms).toBe(1);
  });

  it("does not come between its person's return and what was kept warm for it", async () => {
    const { play, warm, away, emulator } = await setUp();
    const heard = upTo(heartbeat, "agent_end");
    const beaten = upTo(heartbeat, "agent_end", 2);
    await warm("on");
    await play(heard);
    await away(6 * MINUTE_MS);
    await play(beaten.slice(heard.length));
    await away(16 * MINUTE_MS);
    await play(upTo(heartbeat, "agent_end", 3).slice(beaten.length));
    const sent = emulator.requests.filter(({ maxTokens }) => maxTokens === 128_000);
    const [first, , back] = sent.map(({ usage }) => usage);
    expect(back?.cache_read_input_tokens).toBeGreaterThanOrEqual(first?.cache_creation_input_tokens ?? 0);
  });
});

describe("a sub-agent", () => {
  it("is not what its conversation is warmed with, which waits for it", async () => {
    const { play, warm, away, warms, hosts } = await setUp();
    const main = upTo(subAgent, "agent_end");
    const done = upTo(subAgent, "agent_end", 2);
    await warm("on");
    await play(done);
    await away(5 * MINUTE_MS);
    expect(lastSent(done)).not.toBe(lastSent(main));
    expect(bodies(warms())).toEqual([asWarm(lastSent(main))]);
    expect(hosts.flatMap(({ keeper }) => keeper.conversations())).toHaveLength(1);
  });

  it("is done when its conversation has been told, which is what is warmed then", async () => {
    const { play, warm, away, warms } = await setUp();
    const told = upTo(subAgent, "subagent_ended");
    await warm("on");
    await play(told);
    await away(5 * MINUTE_MS);
    expect(bodies(warms())).toEqual([asWarm(lastSent(told))]);
  });
});
