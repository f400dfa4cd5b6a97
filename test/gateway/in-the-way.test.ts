/** What must hold back a warm, or must not switch one on. */
import { request } from "node:http";
import { describe, expect, it } from "vitest";
import { prefixOf } from "../hosts/sdk/world.ts";
import { doctored } from "./doctored.ts";
import { clientOf, MINUTE_MS, setUp, Talk, text } from "./world.ts";

describe("a warm", () => {
  it("does not go out while the conversation's next request is still coming in", async () => {
    const { url, talk, away, warms, keeper } = await setUp();
    const ada = talk("ada");
    await ada.ask("Shall we begin?");
    const uploading = request(`${url}/v1/messages`, {
      method: "POST",
      headers: { "x-session-id": "ada", "content-length": "1000" },
    });
    uploading.on("error", () => {});
    uploading.write("{");
    await expect.poll(() => keeper.turns.isComing("ada")).toBe(true);
    await away(4 * MINUTE_MS + 45_000);
    expect(warms()).toEqual([]);
    expect(keeper.warmer.getStatus("ada").why).toMatch(/coming in/);
    uploading.destroy();
    await expect.poll(() => keeper.turns.isComing("ada")).toBe(false);
    await away(10_000);
    expect(warms()).toHaveLength(1);
  });

  it("waits when a 429 of another conversation with the same key says that nothing is left", async () => {
    let turnedAway = false;
    const { talk, away, warms, clock } = await setUp({
      upstream: (url) =>
        doctored(url, (answer) => {
          if (!turnedAway) return;
          turnedAway = false;
          answer.status = 429;
          answer.headers["anthropic-ratelimit-requests-limit"] = "100";
          answer.headers["anthropic-ratelimit-requests-remaining"] = "0";
          answer.headers["anthropic-ratelimit-requests-reset"] = new Date(clock.now() + 60_000).toISOString();
        }),
    });
    await talk("ada").ask("Shall we begin?");
    const bob = talk("bob");
    await bob.ask("Shall we begin?");
    await away(4 * MINUTE_MS);
    turnedAway = true;
    await expect(bob.ask("Go on.")).rejects.toMatchObject({ status: 429 });
    await away(45_000);
    expect(warms()).toEqual([]);
  });

  it("is put off by another program's, and is not counted as a turn by it", async () => {
    const { talk, client, away, warms, keeper, calm } = await setUp();
    const told: string[] = [];
    const ada = talk("ada");
    await ada.ask("Shall we begin?");
    keeper.events.on("turnStarted", () => told.push("started"));
    keeper.events.on("warmCompleted", ({ foreign }) => told.push(foreign ? "foreign" : "ours"));
    await away(3 * MINUTE_MS);
    await client.messages.create(
      { ...ada.params, messages: ada.messages.slice(0, 1), max_tokens: 1 },
      { headers: ada.headers },
    );
    await calm();
    expect(told).toEqual(["foreign"]);
    await away(4 * MINUTE_MS);
    expect(warms().filter(({ maxTokens }) => maxTokens === 0)).toEqual([]);
    await away(MINUTE_MS);
    expect(told).toEqual(["foreign", "ours"]);
  });

  it("is not sent any more once a request was taken that nobody here can read", async () => {
    const { url, talk, away, warms, keeper, calm } = await setUp({
      upstream: (emulator) =>
        doctored(emulator, (answer) => {
          answer.status = 200;
        }),
    });
    await talk("ada").ask("Shall we begin?");
    await fetch(`${url}/v1/messages`, {
      method: "POST",
      body: "no JSON",
      headers: { "x-session-id": "ada" },
    });
    await calm();
    await away(10 * MINUTE_MS);
    expect(warms()).toEqual([]);
    expect(keeper.warmer.getStatus("ada").why).toMatch(/could not be read/);
  });

  it("goes on when what nobody can read was turned away", async () => {
    const { url, talk, away, warms } = await setUp();
    await talk("ada").ask("Shall we begin?");
    await fetch(`${url}/v1/messages`, {
      method: "POST",
      body: "no JSON",
      headers: { "x-session-id": "ada" },
    });
    await away(10 * MINUTE_MS);
    expect(warms()).toHaveLength(2);
  });
});

describe("what a run leaves behind", () => {
  it("passes, and switches nothing on any more", async () => {
    const { gateway, away, warms, keeper } = await setUp({ enableNew: false });
    const run = gateway.attachRun({ id: "r1", enableNew: true });
    run.detach();
    const talk = new Talk(clientOf(run.baseUrl), text("handbook"), "left");
    expect(prefixOf(await talk.ask("Still at work."))).toBeGreaterThan(0);
    await away(20 * MINUTE_MS);
    expect(warms()).toEqual([]);
    expect(keeper.warmer.getState("left").enabled).toBe(false);
  });

  it("is let go of where its person has gone on in another run, whose own stays", async () => {
    const { gateway, away, warms, keeper, calm } = await setUp({ enableNew: true });
    const [one, two] = [gateway.attachRun({ id: "r1" }), gateway.attachRun({ id: "r2" })];
    const talk = new Talk(clientOf(one.baseUrl), text("handbook"), "ada");
    await talk.ask("Shall we begin?");
    const resumed = new Talk(clientOf(two.baseUrl), text("handbook"), "ada");
    await resumed.ask("I am back.");
    await calm();
    one.detach();
    await away(5 * MINUTE_MS);
    expect(keeper.conversations()).toMatchObject([{ id: "ada", tag: "r2" }]);
    expect(warms()).toHaveLength(1);
    two.detach();
    expect(keeper.conversations()).toEqual([]);
  });
});

describe("an idle gateway", () => {
  it("is one through which nothing passes, with no run and no warm due", async () => {
    const { gateway, clock, talk, client, keeper, calm } = await setUp({ enableNew: false });
    await clock.pass(60_000);
    expect(gateway.quietMs()).toBe(60_000);
    const slow = client.messages.create({
      model: "claude-opus-5-5",
      max_tokens: 64,
      messages: [{ role: "user", content: "[[delay:300ms]] Hi" }],
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    await clock.pass(60_000);
    expect(gateway.quietMs()).toBe(0);
    await slow;
    await calm();
    const run = gateway.attachRun({ id: "r1" });
    await clock.pass(60_000);
    expect(gateway.quietMs()).toBe(0);
    run.detach();
    await talk("ada").ask("Shall we begin?");
    await keeper.warmer.setEnabled("ada", true);
    await clock.pass(60_000);
    expect(gateway.quietMs()).toBe(0);
    await keeper.warmer.setEnabled("ada", false);
    await clock.pass(60_000);
    expect(gateway.quietMs()).toBe(60_000);
  });
});

it.each(["http://me:secret@127.0.0.1:1", "http://127.0.0.1:1/?key=secret"])(
  "a run does not go to %s",
  async (url) => {
    const { gateway } = await setUp();
    expect(() => gateway.attachRun({ id: "r1", upstream: new URL(url) })).toThrow(
      /no user, query or fragment/,
    );
    expect(() => gateway.attachRun({ id: "r1", upstream: new URL(url) })).not.toThrow(/secret/);
  },
);
