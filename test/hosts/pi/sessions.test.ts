/** Settings over sessions, what its person sees, and what the request does not show. */
import { describe, expect, it } from "vitest";
import { THREADS_COLD } from "../../../src/hosts/pi/message-threads.ts";
import { API_KEY, lastSent, MINUTE_MS, recording, setUp, upTo } from "./world.ts";

const turns = recording("turns-0.87.1");
const start = turns.slice(0, 1);
const turn = upTo(turns, "agent_settled").slice(1);
const reasonOf = (type: string, reason: string) => ({ type, reason });

describe("a conversation's setting", () => {
  it.each(["quit", "reload"])("survives %s, which ends its warming at once", async (reason) => {
    const { play, warm, away, warms, tell, load, entries, host } = await setUp();
    await play(start);
    await warm("2h");
    await play(turn);
    await tell(reasonOf("session_shutdown", reason));
    await away(20 * MINUTE_MS);
    expect(warms()).toEqual([]);
    expect(entries).toHaveLength(2);
    load();
    await tell(reasonOf("session_start", reason === "quit" ? "startup" : "reload"));
    expect(await warm("")).toMatch(/^Warming is on \(2h\)/);
    await play(turn);
    await away(5 * MINUTE_MS);
    expect(warms()).toHaveLength(1);
    expect(host()?.keeper.warmer.getState("session-1").keepWarm).toBe("2h");
  });

  it("goes with a fork, though it was chosen after the place that it forks from", async () => {
    const { play, warm, tell, load, open, entries } = await setUp();
    await play([...start, ...turn]);
    await warm("on");
    await tell(reasonOf("session_shutdown", "fork"));
    open("session-2", []);
    load();
    await tell(reasonOf("session_start", "fork"));
    expect(await warm("")).toMatch(/^Warming is on/);
    expect(entries).toHaveLength(1);
  });

  it("goes with a fork as it is, though the fork lies where it was another", async () => {
    const { play, warm, tell, load, open, entries } = await setUp();
    await play(start);
    await warm("on");
    const atFork = [...entries];
    await play(turn);
    await warm("off");
    await tell(reasonOf("session_shutdown", "fork"));
    open("session-2", atFork);
    load();
    await tell(reasonOf("session_start", "fork"));
    expect(await warm("")).toMatch(/^Warming is off/);
  });

  it("does not go with a new conversation, nor with another that is resumed", async () => {
    const { play, warm, tell, load, open } = await setUp();
    await play([...start, ...turn]);
    await warm("on");
    for (const reason of ["new", "resume"]) {
      await tell(reasonOf("session_shutdown", reason));
      open(`session-${reason}`, []);
      load();
      await tell(reasonOf("session_start", reason));
      // It comes twice after some changes of session.
      await tell(reasonOf("session_start", reason));
      expect(await warm("")).toMatch(/^Warming is off/);
    }
  });

  it("is what was chosen last, wherever in the tree that was", async () => {
    const { open, tell, warm } = await setUp();
    const entry = (enabled: boolean) => ({
      type: "custom",
      customType: "keepwarm",
      data: { settings: { enabled, intervalMs: 240_000 } },
    });
    open("session-1", [entry(false), entry(true), { type: "custom", customType: "another's", data: 1 }]);
    await tell(reasonOf("session_start", "resume"));
    expect(await warm("")).toMatch(/^Warming is on/);
  });
});

describe("what its person sees", () => {
  it("is a countdown while it is on, and nothing while it is off", async () => {
    const { play, warm, shown } = await setUp();
    await play(start);
    await warm("on");
    await play(turn);
    expect(shown.status).toMatch(/^warm 4:[34]\d/);
    await warm("off");
    expect(shown.status).toBeUndefined();
  });

  it("is the reason, when nothing is sent though it is on", async () => {
    const { play, warm, tell, shown } = await setUp();
    await play(start);
    await warm("on");
    await play(turn);
    expect(shown.widget).toBeUndefined();
    await tell({ type: "session_compact" });
    expect(shown.widget?.join()).toMatch(/^keepwarm: .*it was compacted/);
    await warm("off");
    expect(shown.widget).toBeUndefined();
  });

  it("is all figures, when they are asked for", async () => {
    const { play, warm, shown } = await setUp();
    await play([...start, ...turn]);
    await warm("details");
    expect(shown.widget?.length).toBeGreaterThan(2);
    await warm("details");
    expect(shown.widget).toBeUndefined();
  });

  it("is the same by key as by command", async () => {
    const { play, press, shown } = await setUp();
    await play(start);
    await press("alt+w");
    expect(shown.notes.at(-1)).toMatch(/^Warming is on/);
    await press("alt+w");
    expect(shown.notes.at(-1)).toMatch(/^Warming is off/);
  });

  it("is a menu of what may stand behind the command", async () => {
    const { commands } = await setUp();
    const complete = (prefix: string) => commands.get("warm")?.getArgumentCompletions(prefix);
    expect(complete("3")?.map(({ value }) => value)).toEqual(["30m", "3 pings"]);
    expect(complete("nonsense")).toBeNull();
  });
});

describe("what the request does not show", () => {
  it("ends it when the model, or the place in the tree, is another now", async () => {
    const model = (id: string) => ({ provider: "anthropic", id, api: "anthropic-messages", baseUrl: "" });
    const changes = [
      { type: "model_select", model: model("b"), previousModel: model("a") },
      { type: "session_tree", newLeafId: "1", oldLeafId: "2" },
    ];
    for (const change of changes) {
      const { play, warm, tell, away, warms } = await setUp();
      await play(start);
      await warm("on");
      await play(turn);
      await tell(change);
      await away(10 * MINUTE_MS);
      expect(warms()).toEqual([]);
    }
  });

  it("ends it just as well when another model is chosen in the middle of a turn", async () => {
    const model = (id: string) => ({ provider: "anthropic", id, api: "anthropic-messages", baseUrl: "" });
    const { play, warm, tell, away, warms } = await setUp();
    await play(start);
    await warm("on");
    const underWay = turn.findLastIndex(
      (moment) => moment.kind === "told" && moment.event.type === "after_provider_response",
    );
    await play(turn.slice(0, underWay));
    await tell({ type: "model_select", model: model("b"), previousModel: model("a") });
    await play(turn.slice(underWay));
    await away(10 * MINUTE_MS);
    expect(warms()).toEqual([]);
    expect(await warm("")).toMatch(/another model was chosen/);
  });

  it("is not disturbed by a choice of what was chosen already", async () => {
    const model = { provider: "anthropic", id: "a", api: "anthropic-messages", baseUrl: "" };
    const { play, warm, tell, away, warms } = await setUp();
    await play(start);
    await warm("on");
    await play(turn);
    await tell({ type: "model_select", model, previousModel: model });
    await tell({ type: "thinking_level_select", level: "high", previousLevel: "high" });
    await away(5 * MINUTE_MS);
    expect(warms()).toHaveLength(1);
  });

  it("is that somebody types, never what", async () => {
    const { play, type, host } = await setUp();
    await play(start);
    const told: unknown[] = [];
    host()?.keeper.events.on("conversationChanged", (change) => told.push(change));
    expect(type()).toEqual([undefined]);
    type();
    expect(told).toEqual([{ conversationId: "session-1", present: true }]);
  });

  it("is a subscription's login, which is not used without leave", async () => {
    const { play, warm, away, warms } = await setUp({ apiKey: "sk-ant-oat01-of-a-test" });
    await play(start);
    await warm("on");
    await play(turn);
    await away(10 * MINUTE_MS);
    expect(warms()).toEqual([]);
    expect(await warm("")).toMatch(/signed in with a subscription/);
  });

  it("is that keepwarm run looks after this pi already", async () => {
    const { play, tell, warm, away, warms, url } = await setUp();
    await play(start);
    await warm("on");
    for (const moment of turn) {
      if (moment.kind !== "told") continue;
      await tell(moment.event, { ...Object(moment.model), baseUrl: `${url}/~keepwarm/run/1` });
    }
    await away(10 * MINUTE_MS);
    expect(warms()).toEqual([]);
    expect(await warm("")).toMatch(/started by keepwarm run/);
  });

  it("is an API that keepwarm does not speak, whose pings stay pi's affair", async () => {
    const { play, tell, warm, away, warms } = await setUp();
    await play(start);
    await warm("on");
    await play(turn);
    const model = { provider: "openai", id: "gpt", api: "openai-responses", baseUrl: "http://127.0.0.1:1" };
    await tell({ type: "before_provider_request", payload: { model: "gpt", input: [] } }, model);
    expect(await tell({ type: "cache_warming_decision" }, model)).toEqual([undefined]);
    await away(10 * MINUTE_MS);
    expect(warms()).toEqual([]);
    expect(await warm("")).toMatch(/does not reach by the Messages API/);
  });
});

describe("a message thread", () => {
  const threads = recording("message-threads-1.5.2");
  const first = upTo(threads, "agent_settled");
  const second = upTo(threads, "agent_settled", 2);

  it("is asked once whether the whole of it finds the cache, and never again when it does not", async () => {
    const { play, warm, away, warms, shown, entries } = await setUp();
    await play(first.slice(0, 1));
    await warm("on");
    await play(first.slice(1));
    await away(20 * MINUTE_MS);
    expect(warms()).toHaveLength(1);
    expect(JSON.parse(String(warms()[0]?.body))).not.toHaveProperty("thread");
    expect(shown.notes.at(-1)).toBe(`keepwarm: ${THREADS_COLD}`);
    expect(shown.widget?.join()).toContain("message thread");
    await play(second.slice(first.length));
    await away(20 * MINUTE_MS);
    expect(warms()).toHaveLength(1);
    expect(await warm("")).toContain(THREADS_COLD);
    expect(entries.at(-1)).toMatchObject({ data: { threads: "cold", settings: { enabled: true } } });
  });

  it("is asked once, though pi cannot write down what came of it", async () => {
    const { play, warm, away, warms, shown, failEntries } = await setUp();
    await play(first.slice(0, 1));
    await warm("on");
    failEntries();
    await play(first.slice(1));
    await away(20 * MINUTE_MS);
    await play(second.slice(first.length));
    await away(20 * MINUTE_MS);
    expect(warms()).toHaveLength(1);
    expect(shown.notes.at(-1)).toBe(`keepwarm: ${THREADS_COLD}`);
  });

  it("is remembered not to be worth another try when it is resumed", async () => {
    const { play, open, warm, away, warms } = await setUp();
    const data = { threads: "cold", settings: { enabled: true, intervalMs: 240_000 } };
    open("session-1", [{ type: "custom", customType: "keepwarm", data }]);
    await play(first);
    await away(20 * MINUTE_MS);
    expect(warms()).toEqual([]);
    expect(await warm("now")).toContain(THREADS_COLD);
  });

  it("sends only what is new, which is not what is warmed", async () => {
    const { play, warm, away, warms, emulator, url } = await setUp();
    await play(second.slice(0, 1));
    await warm("on");
    await play(second.slice(1));
    // As if the API's cache were the same for both.
    const payload = payloadOf(second);
    await fetch(`${url}/v1/messages?beta=true`, {
      method: "POST",
      headers: {
        "x-api-key": API_KEY,
        "anthropic-version": "2023-06-01",
        "content-type": "application/json",
        "anthropic-beta": payload.betas.join(","),
      },
      body: JSON.stringify({ ...payload, betas: undefined }),
    }).then((answer) => answer.text());
    await away(10 * MINUTE_MS);
    expect(warms()).toHaveLength(2);
    expect(JSON.parse(String(warms()[0]?.body)).messages).toEqual(payload.messages);
    expect(JSON.parse(lastSent(second)).messages.length).toBeLessThan(payload.messages.length);
    expect(emulator.requests.at(-1)?.usage?.cache_creation_input_tokens).toBe(0);
  });
});

function payloadOf(moments: ReturnType<typeof recording>): { betas: string[]; messages: unknown[] } {
  const told = moments.findLast(
    ({ kind, ...rest }) => kind === "told" && "payload" in Object(Reflect.get(rest, "event")),
  );
  return Reflect.get(Object(Reflect.get(Object(told), "event")), "payload");
}
