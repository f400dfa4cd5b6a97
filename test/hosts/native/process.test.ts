import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { describe, expect, it, onTestFinished } from "vitest";
import { createEmulator } from "../../../src/emulator/index.ts";
import { discover } from "../../../src/hub/index.ts";
import { controlOf } from "../../support/control-under-test.ts";
import { controlledInMemory } from "../../support/controlled-in-memory.ts";
import { newStateDirectory } from "./world.ts";

async function program(directory: string, ...args: readonly string[]) {
  const emulator = createEmulator({});
  const { url } = await emulator.listen();
  onTestFinished(() => emulator.close());
  const file = new URL("program.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, [file, url, ...args], {
    env: { PATH: process.env.PATH, KEEPWARM_HOME: directory },
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const [line] = await new Promise<string[]>((resolve) => {
    createInterface({ input: child.stdout }).once("line", (text) => resolve([text]));
    child.once("exit", () => resolve([]));
  });
  return { child, ended, line };
}

async function hubIn(directory: string) {
  const controlled = controlledInMemory();
  const control = await controlOf(controlled, { directory });
  const found = await discover(directory);
  if (found.state !== "running") throw new Error(found.state);
  const { client } = found;
  return {
    control,
    controlled,
    hosts: async () => (await client.status()).conversations.map(({ id, host }) => [id, host]),
    client,
  };
}

describe("a program with keepwarm inside it", () => {
  it("ends by itself when it has nothing more to do, without a hub", async () => {
    const { line, ended } = await program(newStateDirectory());
    expect(line).toMatch(/^warm 4:\d\d$/);
    expect(await ended).toBe(0);
  });

  it("ends by itself when it has nothing more to do, linked to a hub", async () => {
    const directory = newStateDirectory();
    await hubIn(directory);
    const { line, ended } = await program(directory);
    expect(line).toMatch(/^warm 4:\d\d$/);
    expect(await ended).toBe(0);
  });

  it("is seen and steered from the hub, and gone from it when it is killed", async () => {
    const directory = newStateDirectory();
    const { hosts, client, controlled } = await hubIn(directory);
    const { child, ended } = await program(directory, "stay");
    await expect.poll(hosts).toEqual([["ses_1", "robot"]]);
    const [view] = (await client.status()).conversations;
    expect(view).toMatchObject({
      enabled: true,
      keepWarm: "always",
      phase: "idle",
      modelName: "claude-opus-5-5",
    });
    expect(await client.setEnabled("ses_1", false)).toMatchObject({
      conversation: { enabled: false, phase: "off" },
    });
    expect(await client.warmNow("ses_1")).toMatchObject({ sent: false, why: expect.stringMatching(/off/) });
    await client.setEnabled("ses_1", true);
    expect(await client.warmNow("ses_1")).toMatchObject({ sent: true, conversation: { lastPct: 100 } });
    const kinds = () =>
      controlled.calls.flatMap((call) => (call.startsWith("noteHistory") ? [call.split(" ").at(-1)] : []));
    await expect.poll(kinds).toEqual(["switch", "turn", "switch", "switch", "warm"]);
    child.kill("SIGKILL");
    await ended;
    await expect.poll(hosts).toEqual([]);
  });

  it("goes on when its hub ends, and is seen by the next", async () => {
    const directory = newStateDirectory();
    const first = await hubIn(directory);
    const { child } = await program(directory, "stay");
    await expect.poll(first.hosts).toEqual([["ses_1", "robot"]]);
    await first.control.close();
    const second = await hubIn(directory);
    await expect.poll(second.hosts).toEqual([["ses_1", "robot"]]);
    child.kill("SIGKILL");
  });
});
