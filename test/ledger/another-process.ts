/**
 * Another process that keeps a ledger: `node another-process.ts <file> <conversation> <warms>`. It tells on
 * stdout, a line each, how many warms it has stored.
 */
import { writeSync } from "node:fs";
import { createLedger } from "../../src/ledger/index.ts";
import { openSqliteStorage } from "../../src/storage/sqlite.ts";

const [file = "", conversationId = "", count = "0"] = process.argv.slice(2);
const quiet = { debug() {}, info() {}, warn() {}, error: (message: string) => console.error(message) };
const ledger = createLedger({
  storage: openSqliteStorage({ file }).namespace("ledger"),
  logger: quiet,
  now: Date.now,
});
const usage = { inputTokens: 1_000, outputTokens: 0, cacheReadTokens: 1_000, cacheWriteTokens: 0 };
for (let warms = 1; warms <= Number(count); warms++) {
  ledger.warmCompleted({ conversationId, usage, costUsd: 0.5, modelName: "claude-opus-5" });
  await ledger.stored();
  writeSync(1, `${warms}\n`);
}
