/** Capture never mistakes: what the real pi told and sent, played back. */
import { describe, expect, it } from "vitest";
import { asWarm, lastSent, MINUTE_MS, recording, SECOND_MS, setUp, upTo } from "./world.ts";

const bodies = (requests: readonly { readonly body: Uint8Array }[]) =>
  requests.map(({ body }) => String(body));

describe.each(["0.87.1", "1.5.2"])("of pi %s", (version) => {
  const turns = recording(`turns-${version}`);

  it("a warm is what pi sent last, byte for byte, with its beta headers and its own key", async () => {
    const { play, warm, away, warms } = await setUp();
    const heard = upTo(turns, "agent_settled");
    await play(heard.slice(0, 1));
    await warm("on");
    await play(heard.slice(1));
    await away(10 * MINUTE_MS);
    expect(bodies(warms())).toEqual([asWarm(lastSent(heard)), asWarm(lastSent(heard))]);
    expect(warms().map(({ usage }) => usage?.cache_creation_input_tokens)).toEqual([0, 0]);
  });

  it("nothing is sent for a conversation that nobody switched on", async () => {
    const { play, away, warms, entries, shown } = await setUp();
    await play(turns.slice(0, -1));
    await away(20 * MINUTE_MS);
    expect(warms()).toEqual([]);
    expect(entries).toEqual([]);
    expect(shown).toEqual({ notes: [], status: undefined, widget: undefined });
  });

  it("a tool that outlives the entry is covered, and what is warmed is the request that called it", async () => {
    const { play, warm, away, warms } = await setUp();
    const calling = upTo(turns, "message_end");
    await play(calling.slice(0, 1));
    await warm("on");
    await play(calling.slice(1));
    await away(15 * MINUTE_MS);
    expect(bodies(warms())).toEqual(Array(3).fill(asWarm(lastSent(calling))));
    expect(await warm("")).toMatch(/the next warm is due/);
  });

  it("nothing is sent while an answer is on its way", async () => {
    const { play, warm, away, warms } = await setUp();
    const asking = upTo(turns, "after_provider_response", 2);
    await play(asking.slice(0, 1));
    await warm("on");
    await play(asking.slice(1));
    await away(20 * MINUTE_MS);
    expect(warms()).toEqual([]);
  });

  it("a changed thinking level ends it until the next turn, whose request is warmed then", async () => {
    const { play, warm, away, warms } = await setUp();
    const changed = upTo(turns, "thinking_level_select");
    await play(changed.slice(0, 1));
    await warm("on");
    await play(changed.slice(1));
    await away(6 * MINUTE_MS);
    expect(warms()).toEqual([]);
    expect(await warm("")).toMatch(/another thinking level was chosen/);
    const onward = upTo(turns, "agent_settled", 3);
    await play(onward.slice(changed.length));
    await away(5 * MINUTE_MS);
    expect(bodies(warms())).toEqual([asWarm(lastSent(onward))]);
  });

  it("a summary is never warmed, nor what it has replaced", async () => {
    const { play, warm, away, warms } = await setUp();
    const compacted = upTo(turns, "session_compact");
    await play(compacted.slice(0, 1));
    await warm("on");
    await play(compacted.slice(1));
    await away(6 * MINUTE_MS);
    expect(warms()).toEqual([]);
    expect(await warm("")).toMatch(/it was compacted/);
    const onward = upTo(turns, "agent_settled", 4);
    await play(onward.slice(compacted.length));
    await away(5 * MINUTE_MS);
    expect(bodies(warms())).toEqual([asWarm(lastSent(onward))]);
  });

  it("a retried request counts once, when it was answered; until then what was there is left alone", async () => {
    const retries = recording(`retries-${version}`);
    const { play, warm, away, warms } = await setUp();
    const failed = upTo(retries, "message_end", 3);
    await play(failed.slice(0, 1));
    await warm("on");
    await play(failed.slice(1));
    await away(SECOND_MS);
    expect(warms()).toEqual([]);
    const settled = upTo(retries, "agent_settled", 2);
    await play(settled.slice(failed.length));
    await away(5 * MINUTE_MS);
    expect(bodies(warms())).toEqual([asWarm(lastSent(settled))]);
  });

  it("pi's own pings are told to stop while keepwarm is on, and left alone while it is off", async () => {
    const pings = recording(`own-pings-${version}`);
    const { play, warm } = await setUp();
    const asked = upTo(pings, "cache_warming_decision");
    expect((await play(asked)).at(-1)).toBeUndefined();
    await warm("on");
    expect((await play(asked.slice(-1))).at(-1)).toEqual({ action: "stop" });
    await warm("off");
    expect((await play(asked.slice(-1))).at(-1)).toBeUndefined();
  });

  it("a ping of pi's own is not taken for its conversation's last request, though it went out after it", async () => {
    const pings = recording(`own-pings-${version}`);
    const { play, warm, away, warms, clock } = await setUp();
    const asked = upTo(pings, "cache_warming_decision");
    const pinged = upTo(pings, "after_provider_response", 2);
    await play(asked.slice(0, 1));
    await warm("on");
    await play(asked.slice(1));
    await clock.pass(MINUTE_MS);
    await play(pinged.slice(asked.length));
    await away(4 * MINUTE_MS);
    expect(bodies(warms())).toEqual([asWarm(lastSent(asked))]);
  });
});

describe("a sub-agent", () => {
  it("is another process, of which its conversation's extension is told nothing", async () => {
    const moments = recording("sub-agent-0.87.1");
    const { play, warm, away, warms } = await setUp();
    const heard = upTo(moments, "agent_settled");
    expect(heard.filter(({ kind }) => kind === "sent")).toHaveLength(3);
    await play(heard.slice(0, 1));
    await warm("on");
    await play(heard.slice(1));
    await away(5 * MINUTE_MS);
    expect(bodies(warms())).toEqual([asWarm(lastSent(heard))]);
  });
});
