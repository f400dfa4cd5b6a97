/**
 * Books requests and warms as fast as it can, in a ledger that spools, and says how many: what a test may kill.
 * `node spooling-process.ts <state directory> <name>`
 */
import { openSync, writeSync } from "node:fs";
import { createSpool } from "../../src/hub/index.ts";
import { createLedger } from "../../src/ledger/index.ts";

const [directory = "", name = ""] = process.argv.slice(2);
const spool = createSpool({ stateDirectory: directory, host: "robot", maxBytes: 4_096 });
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const ledger = createLedger({ storage: spool.storage, logger: silent, now: Date.now });
const usage = { inputTokens: 100, outputTokens: 1, cacheReadTokens: 100, cacheWriteTokens: 0 };

const said = openSync(`${directory}/said-${name}`, "w");
let booked = 0;
process.on("disconnect", () => process.exit());
process.on("message", (message) => {
  if (message === "exit") {
    spool.flush();
    process.exit();
  }
});
for (;;) {
  ledger.warmCompleted({ conversationId: name, usage, costUsd: 1, warmId: `${++booked}` });
  await ledger.stored();
  // What it has said is stored; and it is said at once, whatever becomes of us.
  writeSync(said, String(booked).padEnd(12), 0);
  if (booked === 1) process.send?.("begun");
  if (booked % 5 === 0) await new Promise((resolve) => setImmediate(resolve));
}
