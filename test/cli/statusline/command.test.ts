/** `keepwarm statusline` as a process: soon, quiet, and never in anybody's way. */
import { spawn } from "node:child_process";
import { chmodSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer, type Socket } from "node:net";
import { join, resolve } from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, expect, it, onTestFinished } from "vitest";
import { type ConversationView, controlToken, publish } from "../../../src/hub/index.ts";
import { aStateDirectory, controlOf } from "../../support/control-under-test.ts";
import { aConversation, controlledInMemory, NOON } from "../../support/controlled-in-memory.ts";

const NOBODY = Readable.from([]);
const CLI = resolve("src/cli.ts");

interface Asked {
  readonly args?: readonly string[];
  /** What the host writes. @default nobody may have written anything */
  readonly input?: string;
  /** Whether the host keeps its end open. */
  readonly open?: boolean;
}

async function statusline(directory: string, { args = [], input, open = false }: Asked = {}) {
  const child = spawn(process.execPath, [CLI, "statusline", ...args], {
    env: { ...process.env, KEEPWARM_HOME: directory, NO_COLOR: "1" },
    stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  child.stdin?.on("error", () => {});
  if (input !== undefined) child.stdin?.write(input);
  if (!open) child.stdin?.end();
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const [stdout, stderr, code] = await Promise.all([
    text(child.stdout ?? NOBODY),
    text(child.stderr ?? NOBODY),
    ended,
  ]);
  return { code, stdout, stderr };
}

const NOTHING = { code: 1, stdout: "", stderr: "" };
const said = (line: string) => ({ code: 0, stdout: `${line}\n`, stderr: "" });

/** Warmed in an hour, so that the minute does not matter. */
const warm = (id: string, folder: string): ConversationView =>
  aConversation({ id, folder, phase: "warming", lastPct: 98, nextWarmAt: null });

async function aGateway(...open: ConversationView[]) {
  const { directory } = await controlOf(controlledInMemory(...open));
  return directory;
}

describe("keepwarm statusline", () => {
  it("tells of the session that Claude Code names on the input, and of no other", async () => {
    const directory = await aGateway(warm("session-1", "cathedral"), {
      ...warm("session-2", "bazaar"),
      enabled: false,
    });
    const of = (session: string) =>
      statusline(directory, { input: JSON.stringify({ session_id: session, cwd: "/home/ada/cathedral" }) });
    expect(await of("session-1")).toEqual(said("warming · 98 %"));
    expect(await of("session-2")).toEqual(said("keepwarm off"));
    expect(await of("session-3")).toEqual(NOTHING);
  });

  it("tells of the conversation that it is asked for, whoever writes what", async () => {
    const directory = await aGateway(warm("session-1", "cathedral"), warm("session-2", "bazaar"));
    const args = ["--conversation", "cath", "--format", "{name} {state} {warm}"];
    const input = '{"session_id":"session-2"}';
    expect(await statusline(directory, { args, input })).toEqual(said("cathedral warming 98 %"));
    expect(await statusline(directory, { args: ["--conversation", "crypt"] })).toEqual(NOTHING);
  });

  it("tells of all that are on where nobody says which", async () => {
    const directory = await aGateway(warm("session-1", "cathedral"), warm("session-2", "bazaar"));
    expect(await statusline(directory)).toEqual(said("keepwarm 2 warming"));
    expect(await statusline(directory, { input: "no JSON" })).toEqual(said("keepwarm 2 warming"));
  });

  it("waits for nobody who keeps the input open and writes nothing", async () => {
    const directory = await aGateway(warm("session-1", "cathedral"));
    expect(await statusline(directory, { input: "", open: true })).toEqual(said("warming · 98 %"));
  });

  it("is nothing, and ends with 1, where there is nothing to tell", async () => {
    expect(await statusline(aStateDirectory())).toEqual(NOTHING);
    expect(await statusline(await aGateway())).toEqual(NOTHING);
  });

  it("is nothing where the gateway has gone, or is another program's port by now", async () => {
    const { directory, close } = await controlOf(controlledInMemory(warm("session-1", "cathedral")));
    await close();
    expect(await statusline(directory)).toEqual(NOTHING);
  });

  it("is nothing where the token is no secret any more", async () => {
    const directory = await aGateway(warm("session-1", "cathedral"));
    chmodSync(join(directory, "token"), 0o644);
    expect(await statusline(directory)).toEqual(NOTHING);
  });

  it("gives up on a gateway that does not answer", async () => {
    const directory = aStateDirectory();
    await controlToken(directory);
    const sockets: Socket[] = [];
    const silent = createServer((socket) => void sockets.push(socket));
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      silent.close();
    });
    const controlUrl = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const record = {
      pid: process.pid,
      gatewayUrl: controlUrl,
      controlUrl,
      startedAt: NOON,
      version: "0.1.0",
    };
    await publish(directory, record);
    expect(await statusline(directory)).toEqual(NOTHING);
    expect(sockets).toHaveLength(1);
  });

  it("says what is wrong with what it is asked", async () => {
    const { code, stdout, stderr } = await statusline(aStateDirectory(), { args: ["--format", "{nxt}"] });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(
      /^keepwarm: --format: there is no place \{nxt\}; there are: \{line\}, \{state\}, \{next\}, .*\. keepwarm statusline --help shows what there is\.\n$/,
    );
  });
});
