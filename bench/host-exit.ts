/**
 * How long a program takes to quit with keepwarm inside and a warm due, beside the same without: pi, which has to be
 * installed by `npm run test:hosts` first. Needs `npm run build`. Limit: 50 ms more.
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createEmulator } from "../src/emulator/index.ts";
import { PIS, startPi } from "../test/hosts/support/pi.ts";

const ROUNDS = 7;
const LIMIT_MS = 50;
const PLUGIN = resolve("dist/hosts/pi");

/** Each one is waited for. */
const test = { onTestFinished() {} };

async function quitMs(packages: readonly string[]): Promise<number> {
  const home = mkdtempSync(join(tmpdir(), "keepwarm-exit-"));
  const emulator = createEmulator();
  const { url } = await emulator.listen();
  const env = { KEEPWARM_KEEP_WARM: "always" };
  const pi = startPi({ version: "0.87.1", home, url, test, settings: { packages }, env });
  if (packages.length > 0) await pi.ask("/warm on");
  await pi.say("Hello.");
  const tookMs = await pi.quit();
  await emulator.close();
  rmSync(home, { recursive: true, force: true, maxRetries: 10 });
  return tookMs;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

if (!existsSync(PIS["0.87.1"])) {
  console.error("keepwarm: pi is not installed here: run npm run test:hosts first");
  process.exit(1);
}
const withIt: number[] = [];
const without: number[] = [];
for (let round = 0; round < ROUNDS; round += 1) {
  withIt.push(await quitMs([PLUGIN]));
  without.push(await quitMs([]));
}
const delayMs = Math.max(0, median(withIt) - median(without));
console.log(
  `pi quits in ${median(withIt).toFixed(0)} ms with keepwarm inside, ${median(without).toFixed(0)} ms without: ${delayMs.toFixed(0)} ms more (${(delayMs / LIMIT_MS).toFixed(2)} of the limit)`,
);
if (delayMs > LIMIT_MS) {
  console.error(`keepwarm: pi's end is delayed by more than ${LIMIT_MS} ms`);
  process.exitCode = 1;
}
