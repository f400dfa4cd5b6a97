/** `keepwarm watch` as a process, beside a control API that comes and goes. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { aStateDirectory, controlOf } from "../../support/control-under-test.ts";
import { aConversation, controlledInMemory, NOON } from "../../support/controlled-in-memory.ts";
import { keepwarm } from "../../support/keepwarm-command.ts";

const CLI = resolve("src/cli.ts");

/** A command that goes on until it is ended, and what it has printed so far. */
function running(command: string, args: readonly string[], directory: string) {
  const env = { ...process.env, KEEPWARM_HOME: directory, NO_COLOR: "1", TERM: "xterm-256color" };
  const child: ChildProcess = spawn(command, args, { env, stdio: ["pipe", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const printed = { stdout: "", stderr: "" };
  child.stdout?.on("data", (piece: Buffer) => {
    printed.stdout += piece;
  });
  child.stderr?.on("data", (piece: Buffer) => {
    printed.stderr += piece;
  });
  const ended = once(child, "exit");
  return {
    child,
    printed,
    says: (text: string | RegExp) => expect.poll(() => printed.stdout + printed.stderr).toMatch(text),
    async ends(): Promise<number | string> {
      const [code, signal] = await ended;
      return signal ?? code;
    },
  };
}

const aChat = () => aConversation({ id: "chat", folder: null, nextWarmAt: Date.now() + 200_000 });

describe("keepwarm watch", () => {
  it.each([[[]], [["--json"]]])("ends with 1 where no gateway is running: %j", async (args) => {
    const { code, stdout, stderr } = await keepwarm(["watch", ...args], { KEEPWARM_HOME: aStateDirectory() });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^keepwarm: no gateway is running: start one with keepwarm start/);
  });

  it("prints a line for each thing that happens where it has no screen, over a restart of the gateway", async () => {
    const controlled = controlledInMemory(aChat());
    const first = await controlOf(controlled);
    const { directory } = first;
    const { says, child, ends } = running(process.execPath, [CLI, "watch"], directory);
    await says(/listening to http:\/\/127\.0\.0\.1:4777/);
    const entry = { kind: "switch", seq: 1, at: NOON, enabled: true } as const;
    await expect.poll(() => controlled.watchers.size).toBe(1);
    controlled.tell((watcher) => watcher.history("chat", entry));
    await says(/ {2}chat {2}switched on\n/);
    await first.close();
    await says(/the gateway has gone: waiting for the next one\n/);
    await controlOf(controlledInMemory(aChat()), { directory });
    await says(/waiting for the next one\n.*listening to /s);
    child.kill("SIGINT");
    expect(await ends()).toBe("SIGINT");
  });

  it("prints each event as a line of JSON", async () => {
    const { directory } = await controlOf(controlledInMemory(aChat()));
    const { says, printed, child, ends } = running(process.execPath, [CLI, "watch", "--json"], directory);
    await says(/"type":"live"/);
    child.kill("SIGTERM");
    await ends();
    const events = printed.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(events.map(({ type }) => type)).toEqual(["connected", "snapshot", "conversations", "live"]);
    expect(events[2].data.conversations[0]).toMatchObject({ id: "chat", phase: "idle" });
  });

  it("ends quietly when nobody reads its output any more", async () => {
    const controlled = controlledInMemory(aChat());
    const { directory } = await controlOf(controlled);
    const { says, child, ends, printed } = running(process.execPath, [CLI, "watch", "--json"], directory);
    await says(/"type":"live"/);
    child.stdout?.destroy();
    const poke = setInterval(() => controlled.tell((watcher) => watcher.conversation("chat")), 50);
    onTestFinished(() => clearInterval(poke));
    controlled.open.set("chat", { ...aChat(), lastPct: 1 });
    expect([await ends(), printed.stderr]).toEqual([0, ""]);
  });
});

/** util-linux's, which gives a command a terminal of its own. */
const hasScript = spawnSync("script", ["--version"], { encoding: "utf8" }).stdout?.includes("util-linux");

describe("keepwarm watch in a real terminal", () => {
  function inTerminal(directory: string) {
    const quoted = [process.execPath, CLI, "watch"].map((word) => `'${word}'`).join(" ");
    const line = `stty -g; ${quoted}; echo "ended with $?"; stty -g`;
    return running("script", ["-qec", line, "/dev/null"], directory);
  }

  it.each([
    ["q", "q"],
    ["Ctrl-C", "\u0003"],
  ])("draws, ends with %s, and leaves the terminal as it was", async (_, key) => {
    if (!hasScript) return;
    const { directory } = await controlOf(controlledInMemory(aChat()));
    const { says, child, ends, printed } = inTerminal(directory);
    await says(/\[\?1049h.*Warm \(1\).*in 3m /s);
    child.stdin?.write(key);
    expect(await ends()).toBe(0);
    expect(printed.stdout).toMatch(/\[\?7h.\[\?25h.\[\?1049l.*ended with 0/s);
    const modes = printed.stdout.match(/^[\da-f]+(:[\da-f]+)+/gm);
    expect(modes).toHaveLength(2);
    expect(new Set(modes).size).toBe(1);
  });
});
