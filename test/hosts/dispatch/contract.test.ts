import { describe, expect, it } from "vitest";
import { manifestSchema } from "../../../src/manifest-schema.ts";
import { HIT, MINUTE_MS, MODEL, setUp, statIn, timesIn } from "./world.ts";

const ID = "conversation-1";

describe("keepwarm in Dispatch", () => {
  it("is activated after what it depends on, and asks for nothing that it has not declared", async () => {
    const { kernel, extension } = await setUp();
    expect([...kernel.disabled]).toEqual([]);
    expect(kernel.active.map(({ manifest }) => manifest.id)).toEqual([
      "session-orchestrator",
      "surface-registry",
      "cache-warming",
    ]);
    const known = manifestSchema.shape;
    const { capabilities, apiVersion, activation, trust } = extension.manifest;
    for (const [schema, value] of [
      [known.capabilities, capabilities],
      [known.apiVersion, apiVersion],
      [known.activation, activation],
      [known.trust, trust],
    ] as const)
      expect(schema.safeParse(value).success).toBe(true);
  });

  it("warms what its person has switched on, with the turn's folder and model, and nothing else", async () => {
    const { clock, warmed, toggle, turn } = await setUp();
    await toggle(ID);
    await turn(ID, { cwd: "/work", modelName: MODEL });
    await turn("another");
    await clock.pass(10 * MINUTE_MS);
    expect(warmed.length).toBeGreaterThanOrEqual(2);
    for (const warm of warmed)
      expect(warm).toEqual({ conversationId: ID, options: { cwd: "/work", modelName: MODEL } });
  });

  it("warms once every 240 s until its person chooses another interval", async () => {
    const { clock, warmed, surface, toggle, turn } = await setUp();
    await toggle(ID);
    await turn(ID);
    await clock.pass(245_000);
    expect(warmed).toHaveLength(1);
    await surface().invoke("cache-warming/set-interval", 60, { conversationId: ID });
    await clock.pass(5 * MINUTE_MS);
    expect(warmed).toHaveLength(6);
  });

  it("stops at once when it is switched off, and when the tab is closed", async () => {
    const { clock, kernel, warmed, toggle, turn } = await setUp();
    await toggle(ID);
    await turn(ID);
    await toggle(ID);
    await clock.pass(60 * MINUTE_MS);
    expect(warmed).toEqual([]);
    await toggle(ID);
    kernel.emit("session-orchestrator/conversation-closed", { conversationId: ID });
    await turn(ID);
    await clock.pass(60 * MINUTE_MS);
    expect(warmed).toEqual([]);
    expect(kernel.storage("cache-warming").settings(ID)).toMatchObject({ enabled: false });
  });

  it("sends nothing for a conversation that was compacted, until its next turn", async () => {
    const { clock, kernel, warmed, surface, toggle, turn } = await setUp();
    await toggle(ID);
    await turn(ID);
    kernel.emit("session-orchestrator/conversation-compacted", {
      conversationId: ID,
      newConversationId: "b",
    });
    await clock.pass(60 * MINUTE_MS);
    expect(warmed).toEqual([]);
    expect(statIn(surface().getSpec({ conversationId: ID }), "Status")).toContain("compacted");
    await turn(ID);
    await clock.pass(5 * MINUTE_MS);
    expect(warmed).toHaveLength(1);
  });

  it("ends by itself once its warms could have paid for writing the prefix again", async () => {
    const { clock, warmed, surface, toggle, turn } = await setUp();
    await toggle(ID);
    await turn(ID);
    await clock.pass(24 * 60 * MINUTE_MS);
    expect(warmed).toHaveLength(11);
    expect(statIn(surface().getSpec({ conversationId: ID }), "Status")).toContain("45 minutes");
    await turn(ID);
    await clock.pass(24 * 60 * MINUTE_MS);
    expect(warmed).toHaveLength(22);
  });

  it("keeps warm for as long as its person says in keepwarm's settings", async () => {
    const { clock, warmed, toggle, turn } = await setUp({ env: { KEEPWARM_KEEP_WARM: "2 pings" } });
    await toggle(ID);
    await turn(ID);
    await clock.pass(60 * MINUTE_MS);
    expect(warmed).toHaveLength(2);
  });

  it("sends nothing at all where keepwarm's settings cannot be used, and says so", async () => {
    const { clock, kernel, warmed, toggle, turn } = await setUp({ env: { KEEPWARM_KEEP_WARM: "for ever" } });
    await toggle(ID);
    await turn(ID);
    await clock.pass(60 * MINUTE_MS);
    expect(warmed).toEqual([]);
    expect(kernel.said()).toContain("keepwarm: nothing is warmed");
  });

  it("keeps settings in its own namespace of Dispatch's storage, over a restart", async () => {
    const { kernel, extension, toggle, turn, clock, warmed } = await setUp();
    await toggle(ID);
    expect(kernel.storage("cache-warming").settings(ID)).toMatchObject({ enabled: true });
    extension.deactivate();
    extension.activate(kernel.hostFor(extension.manifest));
    await turn(ID);
    await clock.pass(5 * MINUTE_MS);
    expect(warmed).toHaveLength(1);
  });

  it("leaves nothing behind when it is deactivated: no handler, no surface, no timer", async () => {
    const { clock, kernel, providers, warmed, toggle, turn } = await setUp();
    await toggle(ID);
    await turn(ID);
    await kernel.shutDown();
    expect(clock.liveTimers()).toBe(0);
    expect([...providers]).toEqual([]);
    for (const name of ["turn-started", "turn-settled", "warm-completed", "conversation-closed"])
      expect(kernel.handlersOf(`session-orchestrator/${name}`)).toBe(0);
    await clock.pass(60 * MINUTE_MS);
    expect(warmed).toEqual([]);
  });
});

describe("its surface in Dispatch", () => {
  it("is in the catalog as cache-warming, at the side, one a conversation, and a service too", async () => {
    const { kernel, surface } = await setUp();
    expect(surface().catalogEntry).toEqual({
      id: "cache-warming",
      region: "side",
      title: "Cache Warming",
      scope: "conversation",
    });
    expect(kernel.service("cache-warming/surface")).toBe(surface());
  });

  it("shows a toggle, an interval, what the cache held, and when the next warm is due", async () => {
    const { clock, surface, toggle, turn } = await setUp();
    await toggle(ID);
    await turn(ID, { modelName: MODEL });
    const dueAt = clock.now() + 240_000;
    expect(timesIn(surface().getSpec({ conversationId: ID }))).toMatchObject({ lastWarmAt: null });
    await clock.pass(245_000);
    const spec = surface().getSpec({ conversationId: ID });
    expect(spec).toMatchObject({ id: "cache-warming", region: "side", title: "Cache Warming" });
    expect(spec.fields.slice(0, 2)).toMatchObject([
      { kind: "toggle", value: true, action: { actionId: "cache-warming/toggle" } },
      { kind: "number", value: 240, min: 1, unit: "s", action: { actionId: "cache-warming/set-interval" } },
    ]);
    expect(statIn(spec, "Last Cache %")).toBe("100%");
    expect(statIn(spec, "Spent")).toMatch(/^\$0\.\d{3,4}$/);
    const times = timesIn(spec) as { nextWarmAt: number; lastWarmAt: number };
    expect(Math.abs(times.lastWarmAt - dueAt)).toBeLessThan(5_000);
    expect(times.nextWarmAt).toBeGreaterThan(clock.now());
  });

  it("tells who shows it of each change, until they have seen enough", async () => {
    const { surface, toggle } = await setUp();
    const drawn: string[] = [];
    const end = surface().subscribe((conversationId) => drawn.push(conversationId));
    await toggle(ID);
    expect(drawn).toContain(ID);
    const { length } = drawn;
    end();
    await toggle(ID);
    expect(drawn).toHaveLength(length);
  });

  it("starts counting anew, and is drawn again, when its person warms by hand", async () => {
    const { clock, warmed, surface, toggle, turn, warmByHand } = await setUp();
    await toggle(ID);
    await turn(ID);
    await clock.pass(200_000);
    const drawn: string[] = [];
    surface().subscribe((conversationId) => drawn.push(conversationId));
    warmByHand(ID);
    expect(drawn).toContain(ID);
    expect(timesIn(surface().getSpec({ conversationId: ID }))).toMatchObject({ lastWarmAt: clock.now() });
    await clock.pass(200_000);
    expect(warmed).toEqual([]);
  });
});

describe("faults of Dispatch's", () => {
  it("tries again when a warm is refused with an error, while the prefix can be alive", async () => {
    const { clock, warmed, surface, toggle, turn, answerWith } = await setUp();
    await toggle(ID);
    await turn(ID);
    answerWith(async () => ({ error: "the provider is busy" }));
    await clock.pass(240_000);
    answerWith(async () => HIT);
    await clock.pass(60_000);
    expect(warmed.length).toBeGreaterThanOrEqual(2);
    expect(statIn(surface().getSpec({ conversationId: ID }), "Last Cache %")).toBe("100%");
  });

  it.each([
    ["rejects", () => Promise.reject(new Error("boom")), "boom"],
    ["answers with something else", async () => "fine" as never, "cannot be read"],
  ])(
    "says so on the surface when the warm service %s, and goes on with the next turn",
    async (_, answer, why) => {
      const { clock, kernel, warmed, surface, toggle, turn, answerWith } = await setUp();
      await toggle(ID);
      await turn(ID);
      answerWith(answer);
      await clock.pass(250_000);
      expect(statIn(surface().getSpec({ conversationId: ID }), "Status")).toContain(why);
      await clock.pass(5 * MINUTE_MS);
      answerWith(async () => HIT);
      const { length } = warmed;
      expect(length).toBeGreaterThan(0);
      await turn(ID);
      await clock.pass(5 * MINUTE_MS);
      expect(warmed).toHaveLength(length + 1);
      expect([...kernel.disabled]).toEqual([]);
    },
  );

  it.each([[null], [{}], [{ conversationId: 7 }], [{ conversationId: "" }]])(
    "takes no harm from an event of %j",
    async (payload) => {
      const { clock, kernel, warmed } = await setUp({ env: { KEEPWARM_ENABLE_NEW: "true" } });
      for (const name of ["turn-started", "turn-settled", "warm-completed", "conversation-closed"])
        kernel.emit(`session-orchestrator/${name}`, payload);
      await clock.pass(60 * MINUTE_MS);
      expect(warmed).toEqual([]);
      expect(kernel.said()).not.toContain("a handler of");
    },
  );

  it("hears no warm that tells no tokens", async () => {
    const { kernel, surface, toggle, turn } = await setUp();
    await toggle(ID);
    await turn(ID);
    kernel.emit("session-orchestrator/warm-completed", {
      conversationId: ID,
      usage: { inputTokens: "many" },
    });
    expect(statIn(surface().getSpec({ conversationId: ID }), "Last Cache %")).toBe("—");
  });

  it("works without a registry of surfaces", async () => {
    const { clock, kernel, warmed, turn } = await setUp({
      surfaces: false,
      env: { KEEPWARM_ENABLE_NEW: "true" },
    });
    expect([...kernel.disabled]).toEqual([]);
    await turn(ID);
    await clock.pass(5 * MINUTE_MS);
    expect(warmed).toHaveLength(1);
  });

  it("sends nothing where keepwarm's own folder cannot be read, and its limits with it", async () => {
    const { clock, kernel, warmed, surface, toggle, turn } = await setUp({
      stateDirectory: "/dev/null/keepwarm",
    });
    await toggle(ID);
    await turn(ID, { modelName: MODEL });
    await clock.pass(5 * MINUTE_MS);
    expect(warmed).toEqual([]);
    expect(statIn(surface().getSpec({ conversationId: ID }), "Status")).toContain("settings cannot be used");
    expect(kernel.said()).not.toContain("a handler of");
  });

  it("leaves turns alone when its storage fails", async () => {
    const { kernel, toggle, turn, warmed, clock } = await setUp();
    kernel.storage("cache-warming").fails = () => true;
    await expect(toggle(ID)).rejects.toThrow("disk full");
    await turn(ID);
    await clock.pass(60 * MINUTE_MS);
    expect(kernel.said()).not.toContain("a handler of");
    expect(warmed).toEqual([]);
  });
});
