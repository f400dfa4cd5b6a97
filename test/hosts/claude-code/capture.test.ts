/** Capture never mistakes: what the real Claude Code sent and what its hooks told, played back to a gateway. */
import { describe, expect, it } from "vitest";
import { API_KEY, MINUTE_MS, setUp } from "../../gateway/world.ts";
import { type Moment, recording } from "../support/claude-code-recording.ts";

async function played(moments: readonly Moment[]) {
  const world = await setUp({}, { minimumTokens: 1 });
  const { baseUrl } = world.gateway.attachRun({ id: "r1" });
  async function play(some: readonly Moment[]): Promise<void> {
    for (const moment of some) {
      if (moment.kind === "hook") {
        await fetch(`${baseUrl}/~keepwarm/hooks`, { method: "POST", body: moment.body });
      } else {
        if (moment.status !== 200) world.emulator.failNext({ status: moment.status, times: 1 });
        const headers = { "content-type": "application/json", "x-api-key": API_KEY, ...moment.headers };
        const answer = await fetch(baseUrl + moment.path, { method: "POST", headers, body: moment.body });
        expect(answer.status).toBe(moment.status);
        await answer.text();
      }
      await world.calm();
    }
  }
  await play(moments);
  return { ...world, play };
}

/** Up to the hook that is told for the nth time, and with it. */
function upTo(moments: readonly Moment[], name: string, nth = 1): readonly Moment[] {
  let count = 0;
  const end = moments.findIndex(
    (moment) => moment.kind === "hook" && JSON.parse(moment.body).hook_event_name === name && ++count === nth,
  );
  if (end < 0) throw new Error(`${name} was not told ${nth} times`);
  return moments.slice(0, end + 1);
}

const isSubAgents = (moment: Moment) => moment.kind === "sent" && "x-claude-code-agent-id" in moment.headers;

/** What its person's own thread sent last, as a warm: all else byte for byte. */
function lastAsWarm(moments: readonly Moment[]): string {
  const last = moments.findLast((moment) => moment.kind === "sent" && !isSubAgents(moment));
  if (last?.kind !== "sent") throw new Error("nothing was sent");
  return last.body.replace(/"max_tokens":\d+/, '"max_tokens":0').replace('"stream":true', '"stream":false');
}

const bodies = (requests: readonly { readonly body: Uint8Array }[]) => [
  ...new Set(requests.map(({ body }) => String(body))),
];

describe("of Claude Code", () => {
  const turns = recording("turns");

  it("a warm is what it sent last, byte for byte, and reads all of it", async () => {
    const heard = upTo(turns, "Stop", 2);
    const { away, warms } = await played(heard);
    await away(10 * MINUTE_MS);
    expect(bodies(warms())).toEqual([lastAsWarm(heard)]);
    expect(warms().map(({ usage }) => usage?.cache_creation_input_tokens)).toEqual([0, 0]);
  });

  it("a tool that outlives the entry is covered, and what is warmed is the request that called it", async () => {
    const calling = turns.slice(0, 2);
    expect(calling.map(({ kind }) => kind)).toEqual(["hook", "sent"]);
    const { away, warms } = await played(calling);
    await away(14 * MINUTE_MS);
    expect(bodies(warms())).toEqual([lastAsWarm(calling)]);
    expect(warms()).toHaveLength(3);
  });

  it("a summary is never warmed, nor what it has replaced", async () => {
    const compacted = upTo(turns, "PostCompact");
    const { away, warms, play } = await played(compacted);
    await away(6 * MINUTE_MS);
    expect(warms()).toEqual([]);
    const onward = upTo(turns, "Stop", 3);
    await play(onward.slice(compacted.length));
    await away(5 * MINUTE_MS);
    expect(bodies(warms())).toEqual([lastAsWarm(onward)]);
  });

  it("what came before /clear is let go of, and what follows is a conversation of its own", async () => {
    const cleared = upTo(turns, "SessionEnd");
    const { away, warms, play, keeper } = await played(cleared);
    await away(6 * MINUTE_MS);
    expect(warms()).toEqual([]);
    expect(keeper.conversations()).toEqual([]);
    const onward = upTo(turns, "Stop", 4);
    await play(onward.slice(cleared.length));
    await away(5 * MINUTE_MS);
    expect(bodies(warms())).toEqual([lastAsWarm(onward)]);
    expect(keeper.conversations()).toHaveLength(1);
  });

  it("of a request that was tried again, what is warmed is the one that was answered", async () => {
    const retried = upTo(recording("retries"), "Stop", 2);
    const { away, warms, keeper } = await played(retried);
    await away(5 * MINUTE_MS);
    expect(bodies(warms())).toEqual([lastAsWarm(retried)]);
    expect(warms()).toHaveLength(1);
    expect(keeper.conversations()).toHaveLength(1);
  });

  it("a warm of another's that repeats the last request is no turn, and is not captured", async () => {
    const heard = upTo(turns, "Stop", 2);
    const sent = heard.findLast((moment) => moment.kind === "sent");
    if (sent?.kind !== "sent") throw new Error("nothing was sent");
    const ping = { ...sent, body: sent.body.replace(/"max_tokens":\d+/, '"max_tokens":1') };
    const { away, warms, play, gateway } = await played(heard);
    const before = gateway.counts.turns;
    await away(2 * MINUTE_MS);
    await play([ping]);
    expect(gateway.counts.turns).toBe(before);
    await away(4 * MINUTE_MS);
    // The other's, and none of ours until that one's entry is about to lapse.
    expect(warms()).toHaveLength(1);
    await away(MINUTE_MS);
    expect(String(warms().at(-1)?.body)).toBe(lastAsWarm(heard));
  });

  it.each(["first", "last"])("a title is never warmed, whether it is asked for %s", async (order) => {
    const [prompt, title, asked, ...onward] = recording("title");
    if (prompt === undefined || title?.kind !== "sent" || asked?.kind !== "sent") throw new Error("no title");
    expect([title, asked].map(({ body }) => JSON.parse(body).model)).toEqual([
      expect.stringContaining("haiku"),
      expect.stringContaining("opus"),
    ]);
    const opening = [prompt, ...(order === "first" ? [title, asked] : [asked, title])];
    const { away, warms, play, keeper } = await played(opening);
    await away(5 * MINUTE_MS);
    expect(bodies(warms())).toEqual([lastAsWarm([asked])]);
    await play(onward.slice(0, -1));
    const before = warms().length;
    await away(5 * MINUTE_MS);
    expect(bodies(warms().slice(before))).toEqual([lastAsWarm(onward)]);
    expect(keeper.conversations()).toHaveLength(1);
  });

  it("a sub-agent's requests are never warmed, and the session's own is, while it waits for it and after", async () => {
    const moments = recording("sub-agent");
    const from = moments.findIndex(isSubAgents);
    expect(from).toBeGreaterThan(0);
    const during = moments.slice(0, from + 1);
    const { away, warms, play, keeper } = await played(during);
    await away(5 * MINUTE_MS);
    expect(bodies(warms())).toEqual([lastAsWarm(during)]);
    await play(moments.slice(from + 1, -1));
    const before = warms().length;
    await away(5 * MINUTE_MS);
    expect(bodies(warms().slice(before))).toEqual([lastAsWarm(moments)]);
    expect(keeper.conversations()).toHaveLength(1);
  });
});
