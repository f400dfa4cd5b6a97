import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { createSpool } from "../../src/hub/index.ts";
import { createLedger } from "../../src/ledger/index.ts";
import { keepwarm } from "../support/keepwarm-command.ts";
import { createRecordingLogger } from "../support/recording-logger.ts";

it("keepwarm report tells what plugins have booked, though no gateway ever ran", async () => {
  const home = mkdtempSync(join(tmpdir(), "keepwarm-report-"));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const spool = createSpool({ stateDirectory: home, host: "robot" });
  const ledger = createLedger({ storage: spool.storage, logger: createRecordingLogger(), now: Date.now });
  const usage = { inputTokens: 100, outputTokens: 1, cacheReadTokens: 100, cacheWriteTokens: 0 };
  ledger.warmCompleted({ conversationId: "ada", usage, costUsd: 0.5, warmId: "1" });
  await ledger.stored();
  const { code, stdout, stderr } = await keepwarm(["report", "--json"], { KEEPWARM_HOME: home });
  expect([code, stderr]).toEqual([0, ""]);
  expect(JSON.parse(stdout)).toMatchObject({
    total: { warms: 1, spentUsd: 0.5 },
    conversations: [{ conversationId: "ada", warms: 1 }],
  });
  expect(readdirSync(home)).toEqual(["spool"]);
});
