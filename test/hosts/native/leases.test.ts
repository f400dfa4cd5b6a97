import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { MINUTE_MS, setUp } from "./world.ts";

/** Two programs that see the same requests, as a plugin and a second window of the same session do. */
async function twoPrograms() {
  const world = await setUp();
  const other = world.another("second");
  const ada = world.talk("ada");
  ada.alsoToldTo.push(other);
  await world.host.command("ada", "on");
  await other.command("ada", "on");
  await ada.ask("hello");
  return { ...world, other, ada };
}

describe("two programs that have the same prefix", () => {
  it("do not both warm it, and the one that does not says why", async () => {
    const { host, other, away, warms } = await twoPrograms();
    await away(14 * MINUTE_MS);
    expect(warms()).toHaveLength(3);
    const said = await Promise.all([host, other].map((one) => one.command("ada", "")));
    expect(said.filter((text) => text.includes("due in"))).toHaveLength(1);
    expect(
      said.filter((text) =>
        /another keepwarm keeps this prefix warm already \((robot|second), process \d+\)/.test(text),
      ),
    ).toHaveLength(1);
  });

  it("go on with the other as soon as the one has let go", async () => {
    const { host, other, ada, away, warms } = await twoPrograms();
    await away(5 * MINUTE_MS);
    const [first, second] = host.statusLine("ada")?.includes("stopped") ? [other, host] : [host, other];
    first.detached("ada");
    expect(warms()).toHaveLength(1);
    await ada.ask("more");
    first.detached("ada");
    await away(5 * MINUTE_MS);
    expect(warms()).toHaveLength(2);
    expect(second.statusLine("ada")).toMatch(/^warm 4:/);
  });

  it("leave nothing behind of a conversation that was let go of while it was asked who warms", async () => {
    const { host, talk, clock, directory, warms } = await setUp();
    await host.command("ada", "on");
    await talk("ada").ask("hello");
    let asks = false;
    for (let second = 0; second < 300 && !asks; second++) {
      await clock.pass(1_000);
      asks = host.keeper.warmsInFlight() > 0;
    }
    expect(asks).toBe(true);
    host.detached("ada");
    await expect.poll(() => host.keeper.warmsInFlight()).toBe(0);
    await expect.poll(() => readdirSync(join(directory, "leases"))).toEqual([]);
    expect(warms()).toHaveLength(0);
  });

  it("both warm when they have come to different points", async () => {
    const { ada, other, away, warms } = await twoPrograms();
    ada.alsoToldTo.length = 0;
    await ada.ask("more, of which the other knows nothing");
    await away(5 * MINUTE_MS);
    expect(warms()).toHaveLength(2);
    expect(other.statusLine("ada")).toMatch(/^warm 4:/);
  });

  it("send nothing where it cannot be told who does", async () => {
    const { host, talk, away, warms, directory } = await setUp();
    writeFileSync(join(directory, "leases"), "a file where the folder should be");
    await host.command("ada", "on");
    await talk("ada").ask("hello");
    await away(4.8 * MINUTE_MS);
    expect(warms()).toHaveLength(0);
    expect(await host.command("ada", "")).toMatch(/cannot be told whether another process warms this prefix/);
  });
});
