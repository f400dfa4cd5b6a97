/**
 * What importing the library costs a program, in fresh processes: keepwarm's built entry point beside the SDK that
 * such a program imports anyway. Needs `npm run build`. Limit: 0.6 of the SDK's time in the same run, so that a
 * busy machine does not change the answer; 40 ms is what we aim at on a quiet one.
 */
import { execFileSync } from "node:child_process";
import { statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const ROUNDS = 15;
const LIMIT = 0.6;
const AIM_MS = 40;

const subjects = {
  keepwarm: new URL("../dist/index.js", import.meta.url).href,
  "@anthropic-ai/sdk": import.meta.resolve("@anthropic-ai/sdk"),
};

function importMs(specifier: string): number {
  const code = `const t = performance.now(); await import(${JSON.stringify(specifier)}); process.stdout.write(String(performance.now() - t))`;
  return Number(execFileSync(process.execPath, ["--input-type=module", "-e", code], { encoding: "utf8" }));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

statSync(fileURLToPath(subjects.keepwarm));
const rounds = Array.from({ length: ROUNDS }, () => ({
  keepwarm: importMs(subjects.keepwarm),
  sdk: importMs(subjects["@anthropic-ai/sdk"]),
}));
const keepwarm = median(rounds.map((round) => round.keepwarm));
const sdk = median(rounds.map((round) => round.sdk));
const ratio = keepwarm / sdk;
console.log(`import keepwarm           ${keepwarm.toFixed(1)} ms (median of ${ROUNDS}; aim ${AIM_MS} ms)`);
console.log(`import @anthropic-ai/sdk  ${sdk.toFixed(1)} ms`);
console.log(`ratio                     ${ratio.toFixed(2)} (limit ${LIMIT})`);
if (ratio > LIMIT) {
  console.error(`keepwarm: importing takes more than ${LIMIT} of the time that the SDK takes`);
  process.exitCode = 1;
}
