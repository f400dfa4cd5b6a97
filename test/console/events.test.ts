/** Whoever listens hears what is there and what becomes of it, and costs nothing when gone. */
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { HistoryEntry } from "../../src/hub/index.ts";
import { controlOf, tell } from "../support/control-under-test.ts";
import {
  aConversation,
  type ControlledInMemory,
  controlledInMemory,
  NOON,
} from "../support/controlled-in-memory.ts";
import { listenTo } from "../support/listening.ts";

const QUICK = { windowMs: 5, thingsMs: 10 };

async function aConsole(count = 1, feed: { returnMs?: number } = {}) {
  const ids = Array.from({ length: count }, (_, n) => `c${n}`);
  const controlled = controlledInMemory(...ids.map((id) => aConversation({ id })));
  const control = await controlOf(controlled, { feed: { ...QUICK, ...feed } });
  return { controlled, ids, ...control };
}

function change(
  controlled: ControlledInMemory,
  id: string,
  changes: Partial<ReturnType<typeof aConversation>>,
) {
  const view = controlled.open.get(id);
  if (view !== undefined) controlled.open.set(id, { ...view, ...changes });
  controlled.tell((watcher) => watcher.conversation(id));
}

const entry = (seq: number): HistoryEntry => ({ kind: "switch", seq, at: NOON, enabled: true });

describe("a listener", () => {
  it("first hears everything: the gateway, each conversation whole, and that this was all", async () => {
    const control = await aConsole(60);
    const { controlled } = control;
    const page = await listenTo(control);
    expect(page.answer.headers["content-type"]).toBe("text/event-stream; charset=utf-8");
    expect(page.answer.headers["cache-control"]).toBe("no-store");
    await page.come("live");
    expect(page.events.map(({ type }) => type)).toEqual([
      "snapshot",
      "conversations",
      "conversations",
      "conversations",
      "live",
    ]);
    expect(page.events.map(({ id }) => id !== null)).toEqual([false, false, false, false, true]);
    expect(page.all("snapshot")[0]).toEqual({
      now: NOON,
      gateway: controlled.info(),
      totals: controlled.totals(),
      settings: controlled.settings(),
      health: { ...controlled.health(), listeners: 1 },
    });
    expect([...page.known().values()]).toEqual(controlled.conversations());
  });

  it("then hears of what changes, the latest of it and once, however often it changed", async () => {
    const control = await aConsole(3);
    const page = await listenTo(control);
    await page.come("live");
    for (let pct = 0; pct <= 100; pct++) change(control.controlled, "c1", { lastPct: pct });
    await page.come("conversations", 2);
    expect(page.all("conversations")[1]?.conversations).toEqual([control.controlled.conversation("c1")]);
    expect(page.known().get("c1")?.lastPct).toBe(100);
  });

  it("hears of what is new, and of what is gone", async () => {
    const control = await aConsole(2);
    const page = await listenTo(control);
    await page.come("live");
    control.controlled.open.delete("c0");
    control.controlled.tell((watcher) => watcher.conversation("c0"));
    control.controlled.open.set("new", aConversation({ id: "new" }));
    control.controlled.tell((watcher) => watcher.conversation("new"));
    await page.come("gone");
    expect([...page.known().keys()]).toEqual(["c1", "new"]);
  });

  it("hears of history, settings, health, the gateway and the totals", async () => {
    const control = await aConsole();
    const page = await listenTo(control);
    await page.come("live");
    control.controlled.tell((watcher) => {
      watcher.history("c0", entry(1));
      watcher.history("gone", entry(2));
      for (const thing of ["gateway", "totals", "settings", "health"] as const) watcher.thing(thing);
    });
    await page.come("totals");
    await page.come("gateway");
    expect(page.all("history")).toEqual([
      {
        entries: [
          { conversationId: "c0", entry: entry(1) },
          { conversationId: "gone", entry: entry(2) },
        ],
      },
    ]);
    expect(page.all("gateway")).toEqual([control.controlled.info()]);
    expect(page.all("totals")).toEqual([control.controlled.totals()]);
    expect(page.all("settings")).toEqual([control.controlled.settings()]);
    expect(page.all("health")).toEqual([{ ...control.controlled.health(), listeners: 1 }]);
  });

  it("gets a sign of life when nothing happens", async () => {
    const controlled = controlledInMemory();
    const control = await controlOf(controlled, { heartbeatMs: 10 });
    const page = await listenTo(control);
    let heard = "";
    page.answer.on("data", (text: string) => {
      heard += text;
    });
    await expect.poll(() => heard.split(":\n\n").length).toBeGreaterThan(3);
  });

  it("is one of several that hear the same", async () => {
    const control = await aConsole(2);
    const tabs = await Promise.all([listenTo(control), listenTo(control)]);
    for (const tab of tabs) await tab.come("live");
    change(control.controlled, "c0", { enabled: false });
    for (const tab of tabs) {
      await tab.come("conversations", 2);
      expect(tab.known().get("c0")?.enabled).toBe(false);
    }
    expect(control.controlled.watchers.size).toBe(1);
  });

  it("needs the token, as everything does", async () => {
    const { url, token } = await aConsole();
    expect((await tell(url, "/v1/events")).status).toBe(401);
    expect((await tell(url, "/v1/events", { headers: { "x-keepwarm-token": token.slice(1) } })).status).toBe(
      401,
    );
    const headers = { "x-keepwarm-token": token, origin: "https://example.com" };
    expect((await tell(url, "/v1/events", { headers })).status).toBe(403);
    // Answered at once, instead of held open.
    const head = await tell(url, "/v1/events", { method: "HEAD", headers: { "x-keepwarm-token": token } });
    expect([head.status, head.body]).toEqual([200, ""]);
  });
});

describe("a listener that comes back", () => {
  it("hears what it has missed, and nothing else", async () => {
    const control = await aConsole(100);
    const page = await listenTo(control);
    await page.come("live");
    page.leave();
    await expect.poll(() => page.over()).toBe(true);
    change(control.controlled, "c7", { lastPct: 42 });
    control.controlled.open.delete("c8");
    control.controlled.tell((watcher) => watcher.conversation("c8"));
    control.controlled.tell((watcher) => watcher.history("c7", entry(3)));
    const again = await listenTo(control, page.lastId());
    await again.come("gone");
    expect(again.events.map(({ type }) => type)).toEqual(["history", "conversations", "gone"]);
    expect(again.all("conversations")[0]?.conversations).toEqual([control.controlled.conversation("c7")]);
    expect(again.all("gone")).toEqual([{ conversationIds: ["c8"] }]);
  });

  it("hears again what was lost on the way to it", async () => {
    const control = await aConsole(3);
    const page = await listenTo(control);
    await page.come("live");
    const before = page.lastId();
    change(control.controlled, "c1", { lastPct: 1 });
    await page.come("conversations", 2);
    control.controlled.tell((watcher) => watcher.history("c1", entry(4)));
    await page.come("history");
    page.leave();
    // As if none of that had arrived.
    const again = await listenTo(control, before);
    await again.come("conversations");
    await again.come("history");
    expect(again.known().get("c1")?.lastPct).toBe(1);
    expect(again.events.map(({ type }) => type)).not.toContain("snapshot");
  });

  it("does not go on in the name of one of another start of the gateway", async () => {
    const control = await aConsole(2);
    const page = await listenTo(control);
    await page.come("live");
    const [, name, number] = page.lastId()?.split(".") ?? [];
    const other = await listenTo(control, `AAAAAAAA.${name}.${number}`);
    await other.come("live");
    expect(page.over()).toBe(false);
  });

  it("takes the place of its connection that broke unnoticed", async () => {
    const control = await aConsole(3);
    const page = await listenTo(control);
    await page.come("live");
    const again = await listenTo(control, page.lastId());
    await expect.poll(() => page.over()).toBe(true);
    change(control.controlled, "c0", { lastPct: 5 });
    await again.come("conversations");
    expect(page.all("conversations")).toHaveLength(1);
  });

  it.each([
    ["of another start of the gateway", "AAAAAAAA.1.1"],
    ["that never was", "nonsense"],
    ["of a listener that never was", ""],
  ])("with an id %s hears everything", async (_, id) => {
    const control = await aConsole(2);
    const page = await listenTo(control, id);
    await page.come("live");
    expect(page.known().size).toBe(2);
  });

  it.each([-1, 0, 0.5, 99, Number.MAX_SAFE_INTEGER])(
    "after event %d, which it cannot know, hears everything",
    async (number) => {
      const control = await aConsole(2);
      const page = await listenTo(control);
      await page.come("live");
      const again = await listenTo(control, page.lastId()?.replace(/\d+$/, String(number)));
      await again.come("live");
      expect(again.known().size).toBe(2);
    },
  );

  it("hears everything when it left in the middle of hearing everything", async () => {
    const control = await aConsole(400);
    const page = await listenTo(control);
    await page.come("live");
    const before = page.lastId();
    page.leave();
    const partly = await listenTo(control, "nonsense");
    await partly.come("conversations");
    partly.leave();
    const again = await listenTo(control, before);
    change(control.controlled, "c399", { lastPct: 3 });
    await expect.poll(() => again.known().get("c399")?.lastPct).toBe(3);
  });

  it("hears everything after a while, because nothing was watched for it any more", async () => {
    const control = await aConsole(2, { returnMs: 20 });
    const page = await listenTo(control);
    await page.come("live");
    page.leave();
    await expect.poll(() => control.controlled.watchers.size).toBe(0);
    const again = await listenTo(control, page.lastId());
    await again.come("live");
    expect(again.known().size).toBe(2);
  });
});

describe("while nobody listens", () => {
  it("nothing is watched, before the first and after the last", async () => {
    const control = await aConsole(2, { returnMs: 10 });
    expect(control.controlled.watchers.size).toBe(0);
    const page = await listenTo(control);
    await page.come("live");
    expect(control.controlled.watchers.size).toBe(1);
    page.leave();
    await expect.poll(() => control.controlled.watchers.size).toBe(0);
  });

  it("nothing is looked at either, even while the last one may still come back", async () => {
    const control = await aConsole(2);
    const page = await listenTo(control);
    await page.come("live");
    page.leave();
    await expect.poll(() => page.over()).toBe(true);
    await expect.poll(() => health(control)).toMatchObject({ listeners: 0 });
    let looked = 0;
    const { conversation } = control.controlled;
    control.controlled.conversation = (id) => {
      looked++;
      return conversation(id);
    };
    for (let n = 0; n < 100; n++) control.controlled.tell((watcher) => watcher.conversation(`c${n % 2}`));
    await sleep(50);
    expect(looked).toBe(0);
  });
});

async function health({ url, token }: { url: string; token: string }) {
  return JSON.parse((await tell(url, "/v1/health", { headers: { "x-keepwarm-token": token } })).body);
}

describe("a listener that does not read", () => {
  it("is held no more than what it was being told, and hears the latest when it reads again", async () => {
    const control = await aConsole(300);
    const page = await listenTo(control);
    await page.come("live");
    const other = await listenTo(control);
    await other.come("live");
    page.answer.pause();
    const before = process.memoryUsage().arrayBuffers;
    for (let round = 1; round <= 60; round++) {
      for (const id of control.ids)
        change(control.controlled, id, { lastPct: round, why: "x".repeat(2_000) });
      await sleep(5);
    }
    // One that reads is not held up by it.
    await expect.poll(() => [...other.known().values()].every(({ lastPct }) => lastPct === 60)).toBe(true);
    // All of it would be 60 × 300 × 3 kB.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(15_000_000);
    page.answer.resume();
    await expect.poll(() => [...page.known().values()].every(({ lastPct }) => lastPct === 60)).toBe(true);
  });

  it("is let go of in the end", async () => {
    const controlled = controlledInMemory(aConversation({ id: "c", why: "x".repeat(1_000_000) }));
    const control = await controlOf(controlled, { heartbeatMs: 10, feed: QUICK });
    const page = await listenTo(control);
    await page.come("live");
    page.answer.pause();
    for (let n = 0; n < 20; n++) {
      controlled.tell((watcher) => watcher.conversation("c"));
      await sleep(10);
    }
    await expect.poll(() => health(control)).toMatchObject({ listeners: 0 });
  });

  it("begins anew where more history has passed than is kept for it", async () => {
    const control = await aConsole(2);
    const page = await listenTo(control);
    await page.come("live");
    control.controlled.tell((watcher) => {
      for (let n = 0; n < 1_500; n++) watcher.history("c0", entry(n));
    });
    await page.come("live", 2);
  });
});

describe("many at once", () => {
  it("are told fairly: what changes all the time does not keep others from being told", async () => {
    const control = await aConsole(500);
    const page = await listenTo(control);
    await page.come("live");
    const changing = setInterval(() => {
      for (const id of control.ids) change(control.controlled, id, { lastTurnAt: Date.now() });
    }, 3);
    const startedAt = Date.now();
    await expect
      .poll(() => [...page.known().values()].every(({ lastTurnAt }) => (lastTurnAt ?? 0) >= startedAt))
      .toBe(true);
    clearInterval(changing);
  });

  it("find no place beyond what anybody has open", async () => {
    const control = await aConsole(1);
    const pages = await Promise.all(Array.from({ length: 128 }, () => listenTo(control)));
    const { status, body } = await tell(control.url, "/v1/events", {
      headers: { "x-keepwarm-token": control.token },
    });
    expect([status, JSON.parse(body)]).toEqual([503, { error: "Too many listen already." }]);
    pages[0]?.leave();
    await expect.poll(() => health(control)).toMatchObject({ listeners: 127 });
    await (await listenTo(control)).come("live");
  });

  it("one that cannot be told ends, and the others go on", async () => {
    const control = await aConsole(2);
    const page = await listenTo(control);
    await page.come("live");
    const { conversation } = control.controlled;
    control.controlled.conversation = () => {
      throw new Error("broken");
    };
    change(control.controlled, "c0", { lastPct: 1 });
    await expect.poll(() => page.over()).toBe(true);
    expect(control.errors).toEqual([new Error("broken")]);
    control.controlled.conversation = conversation;
    const again = await listenTo(control, page.lastId());
    await again.come("live");
    expect(again.known().get("c0")?.lastPct).toBe(1);
  });
});
