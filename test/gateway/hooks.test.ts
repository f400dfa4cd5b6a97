import { describe, expect, it, vi } from "vitest";
import { MINUTE_MS, setUp, Talk, text, type World } from "./world.ts";

/** A session of Claude Code in an attached run: its turns, and what its hooks tell. */
async function inRun(world: World, id = "r1", conversationId = "ada") {
  const { gateway, clock, calm } = world;
  const run = gateway.attachRun({ id });
  const client = world.client.withOptions({ baseURL: run.baseUrl });
  const ada = new Talk(client, text(`handbook of ${conversationId}`), conversationId);
  /** Resolves with what the hook is answered. */
  async function hook(name: string, told: Record<string, unknown> = {}): Promise<unknown> {
    const answer = await fetch(`${run.baseUrl}/~keepwarm/hooks`, {
      method: "POST",
      body: JSON.stringify({ session_id: conversationId, hook_event_name: name, ...told }),
    });
    expect(answer.status).toBe(200);
    const said = await answer.text();
    return said === "" ? null : JSON.parse(said);
  }
  const warm = async (words: string) => {
    const answer = await hook("UserPromptSubmit", { prompt: `/warm ${words}`.trimEnd() });
    return (answer as { reason: string }).reason;
  };
  const ask = async (question: string) => {
    const usage = await ada.ask(question);
    await calm();
    return usage;
  };
  return { run, ask, hook, warm, clock };
}

/** What is stored, logged and told of. */
function writtenBy({ entries, logger, keeper }: World): string {
  return JSON.stringify([[...entries], logger.lines, keeper.conversations()]);
}

describe("/warm in a session of an attached run", () => {
  it("is done, answered in place of the prompt, and sent nowhere", async () => {
    const world = await setUp({ enableNew: false });
    const { hook, ask } = await inRun(world);
    expect(await hook("UserPromptSubmit", { prompt: "/warm on" })).toEqual({
      decision: "block",
      reason: expect.stringMatching(/^Warming is on\. Waiting for a turn/),
      hookSpecificOutput: { hookEventName: "UserPromptSubmit", suppressOriginalPrompt: true },
    });
    expect(world.emulator.requests).toEqual([]);
    await ask("Shall we begin?");
    await world.away(20 * MINUTE_MS);
    expect((await ask("Go on.")).cache_read_input_tokens).toBeGreaterThan(0);
  });

  it.each([
    ["/warm", /^Warming is off/],
    ["/warm  on ", /^Warming is on/],
    ["/keepwarm:warm 30m", /^Warming is on \(30m\)/],
    ["/warm nonsense", /^There is no "nonsense" here/],
  ])("is understood as typed: %j", async (prompt, said) => {
    const { hook } = await inRun(await setUp({ enableNew: false }));
    expect(await hook("UserPromptSubmit", { prompt })).toMatchObject({ reason: expect.stringMatching(said) });
  });

  it.each(["/warmer", "warm on", "What does /warm on do?", ""])("is not taken for it: %j", async (prompt) => {
    const { hook } = await inRun(await setUp());
    expect(await hook("UserPromptSubmit", { prompt })).toBeNull();
  });

  it("is answered before Claude Code would give up and send it, though a warm takes its time", async () => {
    const world = await setUp({ enableNew: false });
    const { warm, ask } = await inRun(world);
    await warm("on");
    await ask("Shall we begin?");
    let land = () => {};
    vi.spyOn(world.keeper.warmer, "warmNow").mockImplementation(
      () => new Promise((resolve) => (land = () => resolve({ sent: true }))),
    );
    const asked = performance.now();
    expect(await warm("now")).toMatch(/^keepwarm is still at it/);
    expect(performance.now() - asked).toBeLessThan(2_000);
    land();
  });

  it("is told of to whoever writes the history", async () => {
    const switched: unknown[] = [];
    const world = await setUp({ enableNew: false, switched: (...one) => switched.push(one) });
    const { warm, ask } = await inRun(world);
    await ask("Shall we begin?");
    for (const words of ["on", "", "on", "off"]) await warm(words);
    expect(switched).toEqual([
      ["ada", true],
      ["ada", false],
    ]);
  });

  it("changes nothing once the run has ended, nor in a conversation of another run", async () => {
    const world = await setUp({ enableNew: false });
    const mine = await inRun(world);
    await mine.ask("Shall we begin?");
    const others = await inRun(world, "r2");
    expect(await others.warm("on")).toMatch(/does not know this run/);
    mine.run.detach();
    expect(await mine.warm("on")).toMatch(/does not know this run/);
    expect(world.keeper.warmer.getState("ada").enabled).toBe(false);
  });
});

describe("what the hooks tell", () => {
  const waiting = async (told: [string, Record<string, unknown>?][]) => {
    const world = await setUp();
    const changes: unknown[] = [];
    world.keeper.events.on("conversationChanged", (change) => changes.push(change));
    const { ask, hook } = await inRun(world);
    await ask("Shall we begin?");
    for (const [name, more] of told) expect(await hook(name, more)).toBeNull();
    return changes.map((change) => (change as { waiting?: string }).waiting);
  };

  it("that it waits for a permission, a sub-agent's too", async () => {
    expect(
      await waiting([
        ["PermissionRequest", { tool_name: "Bash", tool_input: { command: "secret" } }],
        ["PermissionRequest", { agent_id: "a1" }],
        ["Notification", { notification_type: "permission_prompt", message: "secret" }],
        ["Notification", { notification_type: "idle_prompt" }],
      ]),
    ).toEqual(["permission", "permission", "permission"]);
  });

  it("that background tasks are pending when it stops, or none are; of a sub-agent's stop nothing", async () => {
    expect(
      await waiting([
        ["Stop", { background_tasks: [{ id: "b1", type: "shell" }] }],
        ["Stop", { background_tasks: [{ id: "b1" }], agent_id: "a1" }],
        ["Stop", { background_tasks: [] }],
        ["Stop"],
        ["StopFailure", { error: "rate_limit" }],
      ]),
    ).toEqual(["background", "none", "none", "none"]);
  });

  it.each([["PreCompact"], ["PostCompact"], ["PostModelSwitch"]])(
    "that its prefix is void (%s): nothing is sent until the next turn",
    async (name) => {
      const world = await setUp();
      const { ask, hook } = await inRun(world);
      await ask("Shall we begin?");
      await hook(name, { trigger: "manual", compact_summary: "secret" });
      await world.away(20 * MINUTE_MS);
      expect(world.warms()).toEqual([]);
      await ask("Go on.");
      await world.away(5 * MINUTE_MS);
      expect(world.warms()).not.toEqual([]);
    },
  );

  it.each(["clear", "resume", "logout", "prompt_input_exit"])(
    "that its person has left the session (%s): nothing more is sent, and the setting stays",
    async (reason) => {
      const world = await setUp({ enableNew: false });
      const { ask, hook, warm } = await inRun(world);
      await ask("Shall we begin?");
      await warm("on");
      await hook("SessionEnd", { reason });
      await world.away(20 * MINUTE_MS);
      expect(world.warms()).toEqual([]);
      expect(await warm("")).toMatch(/^Warming is on/);
    },
  );

  it("that a process has ended, which may be one turn's: the next one finds its prefix", async () => {
    const world = await setUp();
    const { ask, hook } = await inRun(world);
    await ask("Shall we begin?");
    await hook("SessionEnd", { reason: "other" });
    await world.away(20 * MINUTE_MS);
    expect((await ask("Go on.")).cache_read_input_tokens).toBeGreaterThan(0);
  });

  it("nothing that is written down", async () => {
    const world = await setUp();
    const { ask, hook } = await inRun(world);
    await ask("Shall we begin?");
    await hook("UserPromptSubmit", { prompt: "sesame", source: "user" });
    await hook("PermissionRequest", { tool_input: { command: "sesame" } });
    await hook("Stop", { last_assistant_message: "sesame" });
    expect(writtenBy(world)).not.toContain("sesame");
  });
});

describe("a hook that is not what it should be", () => {
  it.each(["", "{", "[]", "null", '{"session_id":1}', '{"session_id":"","hook_event_name":"Stop"}'])(
    "is answered all the same: %j",
    async (body) => {
      const { gateway } = await setUp();
      const { baseUrl } = gateway.attachRun({ id: "r1" });
      const answer = await fetch(`${baseUrl}/~keepwarm/hooks`, { method: "POST", body });
      expect([answer.status, await answer.text()]).toEqual([200, ""]);
    },
  );

  it.each(["changed", "detach", "conversation"] as const)(
    "is answered as if nobody listened when keepwarm fails at it (%s)",
    async (call) => {
      const world = await setUp();
      const { ask, hook } = await inRun(world);
      await ask("Shall we begin?");
      vi.spyOn(world.keeper, call).mockImplementation(() => {
        throw new Error("sesame");
      });
      expect(await hook("Stop")).toBeNull();
      expect(await hook("SessionEnd", { reason: "clear" })).toBeNull();
      expect(writtenBy(world)).toContain("keepwarm: a hook could not be answered");
      expect(writtenBy(world)).not.toContain("sesame");
      expect((await ask("Go on.")).output_tokens).toBeGreaterThan(0);
    },
  );

  it("is let go of where it is longer than any", async () => {
    const { gateway } = await setUp();
    const { baseUrl } = gateway.attachRun({ id: "r1" });
    const body = JSON.stringify({
      session_id: "ada",
      hook_event_name: "UserPromptSubmit",
      prompt: `/warm ${"x".repeat(8_000_000)}`,
    });
    const answer = await fetch(`${baseUrl}/~keepwarm/hooks`, { method: "POST", body });
    expect(await answer.text()).toBe("");
  });

  it("is sent nowhere for a run that goes elsewhere and is not known here", async () => {
    const { url, emulator } = await setUp();
    const answer = await fetch(`${url}/~keepwarm/run/gone-elsewhere/~keepwarm/hooks`, {
      method: "POST",
      body: JSON.stringify({ session_id: "ada", hook_event_name: "Stop" }),
    });
    expect([answer.status, await answer.text()]).toEqual([200, ""]);
    expect(emulator.requests).toEqual([]);
  });
});
