/** The real OpenCode on a real terminal, with keepwarm installed in it. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { createEmulator } from "../../src/emulator/index.ts";
import { isTitle, isWarm } from "./support/conversation.ts";
import { buildPlugin, installPlugin } from "./support/opencode-plugin.ts";
import { openTerminal, terminalEnv } from "./support/opencode-terminal.ts";
import { CTRL_X, ENTER } from "./support/screen.ts";

const TTL_MS = 16_000;

beforeAll(buildPlugin);

it("is steered by /warm, by a key and by a menu, none of which asks the model, and shows how it stands", async (test) => {
  const home = mkdtempSync(join(tmpdir(), "keepwarm-opencode-"));
  const cwd = join(home, "project");
  mkdirSync(cwd);
  const emulator = createEmulator({ ttl5mMs: TTL_MS });
  const { url } = await emulator.listen();
  test.onTestFinished(async () => {
    await emulator.close();
    rmSync(home, { recursive: true, force: true, maxRetries: 10 });
  });
  const settings = {
    ...terminalEnv(home, url),
    KEEPWARM_HOME: join(home, "keepwarm"),
    KEEPWARM_TTL_5M: `${TTL_MS}ms`,
    KEEPWARM_KEEP_WARM: "always",
  };
  await installPlugin(settings);
  const opencode = await openTerminal({ env: settings, cwd, test });
  const { say } = opencode;
  const asked = () => emulator.requests.filter((request) => !isWarm(request) && !isTitle(request)).length;

  const warms = () => emulator.requests.filter(isWarm).length;

  await say("Hello.");
  await opencode.shows(/emulated answer/);
  await opencode.shows(/Keep warm/);
  await opencode.shows(/Warming is off/);

  await say("/warm on");
  await opencode.shows(/Warming is on/);
  await opencode.shows(/warm 0:\d\d/);
  await say("/warm 3 pings");
  await opencode.shows(/Warming is on \(3 pings\)/);
  await opencode.type(`${CTRL_X}w`);
  await opencode.shows(/Warming is off/);
  await say("/warm");
  await opencode.shows(/send nothing more for it/);
  await opencode.type(ENTER);
  await opencode.shows(/Warming is on \(3 pings\)/);
  expect(asked()).toBe(1);

  // A person may take longer for all that than its prefix lives.
  await say("Hello again.");
  await expect.poll(asked).toBe(2);
  const before = warms();
  await expect.poll(warms).toBeGreaterThan(before);
  await opencode.shows(/warm 0:\d\d · 100 %/);

  await opencode.quit();
  const sent = emulator.requests.length;
  await new Promise((resolve) => setTimeout(resolve, 1.5 * TTL_MS));
  expect(emulator.requests).toHaveLength(sent);
});
