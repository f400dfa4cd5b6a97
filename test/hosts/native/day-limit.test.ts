import { expect, it } from "vitest";
import { Conversation, MINUTE_MS, setUp } from "./world.ts";

it.each(["second", "robot"])(
  "the limit for a day holds over all programs of a person, the other being another %s",
  async (name) => {
    const { host, another, talk, away, calm, url, warms } = await setUp({
      env: { KEEPWARM_MAX_USD_PER_DAY: "0.01" },
    });
    const other = another(name);
    await host.command("ada", "on");
    await talk("ada").ask("hello");
    await away(60 * MINUTE_MS);
    const sent = warms().length;
    expect(sent).toBeGreaterThan(2);
    expect(await host.command("ada", "")).toContain("would exceed your limit of $0.01");

    await other.command("bob", "on");
    const bob = new Conversation({
      url,
      conversationId: "bob",
      over: {},
      open: (request) => other.request(request),
      calm,
    });
    await bob.ask("hello");
    await away(60 * MINUTE_MS);
    expect(warms()).toHaveLength(sent);
    expect(await other.command("bob", "")).toContain("would exceed your limit of $0.01");
    await away(25 * 60 * MINUTE_MS);
    await bob.ask("good morning");
    await away(5 * MINUTE_MS);
    expect(warms()).toHaveLength(sent + 1);
  },
  60_000,
);
