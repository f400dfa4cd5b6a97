/** A client that listens hears that it is let in, and that the gateway has gone. */
import { describe, expect, it } from "vitest";
import { discover, type EventsOptions } from "../../src/hub/index.ts";
import { type ControlUnderTest, controlOf } from "../support/control-under-test.ts";
import { controlledInMemory } from "../support/controlled-in-memory.ts";

/** Listens to its end, and tells what it has heard so far. */
async function listening({ directory }: ControlUnderTest, options: EventsOptions) {
  const found = await discover(directory);
  if (found.state !== "running") throw new Error(`it is ${found.state}`);
  const heard: string[] = [];
  const onOpen = () => void heard.push("let in");
  const ended = (async () => {
    for await (const { type } of found.client.events({ ...options, onOpen })) heard.push(type);
    heard.push("ended");
  })();
  return { heard, ended };
}

describe("listening to a gateway", () => {
  it("is told that it is let in, before anything is told", async () => {
    const control = await controlOf(controlledInMemory());
    const ending = new AbortController();
    const { heard, ended } = await listening(control, { signal: ending.signal });
    await expect.poll(() => heard).toContain("live");
    ending.abort();
    await ended;
    expect(heard).toEqual(["let in", "snapshot", "live", "ended"]);
  });

  it("takes a gateway for gone that gives no sign of life", async () => {
    const control = await controlOf(controlledInMemory());
    const { heard, ended } = await listening(control, { silenceMs: 200 });
    await ended;
    expect(heard.at(-1)).toBe("ended");
  });

  it("does not take one for gone that has only nothing to tell", async () => {
    const control = await controlOf(controlledInMemory(), { heartbeatMs: 20 });
    const ending = new AbortController();
    const { heard, ended } = await listening(control, { silenceMs: 500, signal: ending.signal });
    await expect.poll(() => heard).toContain("live");
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(heard).not.toContain("ended");
    ending.abort();
    await ended;
  });
});
