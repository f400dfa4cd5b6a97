/** The main job for people, on real clocks and in real processes: an agent run through the gateway. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type Anthropic from "@anthropic-ai/sdk";
import { expect, it, onTestFinished } from "vitest";
import { createEmulator } from "../../src/emulator/index.ts";
import { keepwarm } from "../support/keepwarm-command.ts";

const TTL_MS = 5_000;

it("keepwarm run starts a gateway, keeps its agent's prefix warm, and lets go of it when the agent ends", {
  timeout: 180_000,
}, async () => {
  const emulator = createEmulator({ ttl5mMs: TTL_MS });
  const { url } = await emulator.listen();
  const home = mkdtempSync(join(tmpdir(), "keepwarm-run-"));
  const env = {
    KEEPWARM_HOME: home,
    KEEPWARM_PORT: "0",
    KEEPWARM_CONSOLE_PORT: "0",
    KEEPWARM_UPSTREAM: url,
    KEEPWARM_KEEP_WARM: "always",
    KEEPWARM_TTL_5M: `${TTL_MS}ms`,
  };
  onTestFinished(async () => {
    await keepwarm(["stop"], env);
    await emulator.close();
    rmSync(home, { recursive: true });
  });
  const agent = [process.execPath, resolve("test/e2e/agent.ts"), "2", String(4 * TTL_MS)];
  const { code, stdout } = await keepwarm(["run", "--enable", "--", ...agent], env);
  expect(code).toBe(0);
  const usages: Anthropic.Usage[] = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(usages).toHaveLength(3);
  for (const [turn, usage] of usages.slice(1).entries()) {
    const before = usages[turn];
    const prefix = (before?.cache_read_input_tokens ?? 0) + (before?.cache_creation_input_tokens ?? 0);
    expect((usage.cache_read_input_tokens ?? 0) / prefix).toBeGreaterThanOrEqual(0.99);
  }
  const status = JSON.parse((await keepwarm(["status", "--json"], env)).stdout);
  expect(status.conversations).toEqual([]);
  expect(status.gateway.runs).toEqual([]);
});
