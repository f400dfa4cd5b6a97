/**
 * What a plugin costs the program that it loads in: the processor's time for importing its bundle in a fresh process,
 * less that of an empty module, and its size. Of the processor, because on a busy machine the clock tells how busy that
 * is; judged as a share of what importing the Anthropic SDK takes in the same rounds, because processors are busy too.
 * Needs `npm run build`. Limits: half of the SDK, 200 kB. Aim: 30 ms on a quiet machine.
 */
import { execFileSync } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { folderOf, HOST_BUNDLES } from "../scripts/host-bundles.ts";

const ROUNDS = 11;
const LIMIT = 0.5;
const AIM_MS = 30;
const LIMIT_BYTES = 200_000;
const EMPTY = "data:text/javascript,";
const SDK = import.meta.resolve("@anthropic-ai/sdk");

function importMs(specifier: string): number {
  const code = `const t = process.cpuUsage(); await import(${JSON.stringify(specifier)}); const { user, system } = process.cpuUsage(t); process.stdout.write(String((user + system) / 1_000)); process.exit()`;
  return Number(execFileSync(process.execPath, ["--input-type=module", "-e", code], { encoding: "utf8" }));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

for (const bundle of HOST_BUNDLES) {
  const extension = bundle.esbuild?.outExtension?.[".js"] ?? ".js";
  for (const entry of Object.keys(bundle.entries)) {
    const file = join(folderOf(bundle), entry + extension);
    const rounds = Array.from(
      { length: ROUNDS },
      () => [importMs(pathToFileURL(file).href), importMs(EMPTY), importMs(SDK)] as const,
    );
    const ownMs = median(rounds.map(([own]) => own));
    const emptyMs = median(rounds.map(([, empty]) => empty));
    const sdkMs = median(rounds.map(([, , sdk]) => sdk)) - emptyMs;
    const costMs = Math.max(0, ownMs - emptyMs);
    const ratio = costMs / sdkMs;
    const { size } = statSync(file);
    console.log(
      `${bundle.host}/${entry}  start-up ${ratio.toFixed(2)} of the SDK's (limit ${LIMIT}), ${costMs.toFixed(1)} ms (aim ${AIM_MS}); size ${Math.round(size / 1_000)} kB (limit ${LIMIT_BYTES / 1_000})`,
    );
    if (ratio > LIMIT || size > LIMIT_BYTES) {
      console.error(
        `keepwarm: ${file} takes more than ${LIMIT} of the SDK's time to start, or ${LIMIT_BYTES / 1_000} kB`,
      );
      process.exitCode = 1;
    }
  }
}
