import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
import Anthropic from "@anthropic-ai/sdk";
import { describe, expect, it, onTestFinished } from "vitest";
import packageJson from "../package.json" with { type: "json" };
import { keepwarm as run } from "./support/keepwarm-command.ts";

const keepwarm = (...args: string[]) => run(args);

/** Resolves with the first line that matches. */
function line(child: ChildProcess, pattern: RegExp): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    let text = "";
    child.stdout?.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      const match = pattern.exec(text);
      if (match) resolve(match);
    });
    child.once("exit", (code) => reject(new Error(`ended with ${code} after: ${text}`)));
  });
}

describe("the keepwarm command", () => {
  it("prints its version", async () => {
    expect(await keepwarm("--version")).toEqual({ code: 0, stdout: `${packageJson.version}\n`, stderr: "" });
  });

  it.each([[[]], [["--help"]], [["emulator", "--help"]], [["demo", "--help"]]])(
    "explains itself: keepwarm %s",
    async (args: string[]) => {
      const { stdout, stderr } = await keepwarm(...args);
      expect(stdout + stderr).toContain("Usage: keepwarm");
    },
  );

  it.each([
    [["nope"], "there is no command nope"],
    [["demo", "--fast"], "demo has no option --fast"],
    [["emulator", "--ttl-5m", "soon"], "such as 6s, 5m or 1h"],
    [["emulator", "--ttl-5m", "-5m"], "such as 6s, 5m or 1h"],
    [["emulator", "--ttl-1h", "0s"], "such as 6s, 5m or 1h"],
    [["emulator", "--ttl-5m", "300"], "such as 6s, 5m or 1h"],
    [["emulator", "--ttl-1h", "10y"], "a day at most"],
    [["emulator", "--ttl-5m", "2h"], "--ttl-5m must be shorter than --ttl-1h"],
    [["demo", "--ttl-5m", "10ms"], "between 500ms and 60s"],
    [["demo", "--ttl-5m", "2h"], "between 500ms and 60s"],
    [["emulator", "--port", "99999"], "whole number from 0"],
    [["emulator", "--port", "4.5"], "whole number from 0"],
  ])("ends with 2 and says what is wrong: keepwarm %s", async (args, said) => {
    const { code, stderr } = await keepwarm(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(said);
    expect(stderr).toMatch(/^keepwarm: /);
    expect(stderr).not.toContain("    at ");
  });

  it("ends with 1 and names the way out when the port is taken", async () => {
    const other = createServer();
    onTestFinished(() => void other.close());
    const port = await new Promise<number>((resolve) => {
      other.listen(0, "127.0.0.1", () => {
        const address = other.address();
        resolve(typeof address === "object" && address !== null ? address.port : 0);
      });
    });
    const { code, stderr } = await keepwarm("emulator", "--port", String(port));
    expect(code).toBe(1);
    expect(stderr).toBe(`keepwarm: port ${port} is taken: choose another with --port\n`);
  });

  it.each([
    ["nosuch.invalid", "there is no host of that name"],
    ["192.0.2.1", "192.0.2.1 is no address of this machine"],
  ])("ends with 1 and names the way out for --host %s", async (host, said) => {
    const { code, stderr } = await keepwarm("emulator", "--port", "0", "--host", host);
    expect(code).toBe(1);
    expect(stderr).toContain(`keepwarm: ${said}`);
    expect(stderr).toContain("--host");
  });

  it("ends quietly when nobody reads its output any more", async () => {
    const child = spawn(process.execPath, ["src/cli.ts", "demo", "--ttl-5m", "500ms"]);
    onTestFinished(() => void child.kill("SIGKILL"));
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    await line(child, /One conversation/);
    child.stdout.destroy();
    expect(await new Promise((resolve) => child.once("exit", resolve))).toBe(0);
    expect(stderr).toBe("");
  });
});

describe("keepwarm emulator", () => {
  it("answers a real SDK until it is told to stop, and then ends with 0", async () => {
    const child = spawn(process.execPath, ["src/cli.ts", "emulator", "--port", "0", "--ttl-5m", "6s"]);
    onTestFinished(() => void child.kill("SIGKILL"));
    const [, url] = await line(child, /(http:\/\/\S+)/);
    const reported = line(child, /200 {2}claude-opus-5-5 {2}max_tokens 64 {2}read 0 {2}wrote 0/);
    const client = new Anthropic({ baseURL: url ?? "", apiKey: "any", authToken: null });
    const answer = await client.messages.create({
      model: "claude-opus-5-5",
      max_tokens: 64,
      messages: [{ role: "user", content: "Are you there?" }],
    });
    expect(answer.usage.output_tokens).toBeGreaterThan(0);
    await reported;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    expect(await ended).toBe(0);
  });
});
