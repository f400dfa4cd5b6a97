/**
 * What a plugin costs the program that it loads in: the processor's time for importing its bundle in a fresh process,
 * beside importing an empty module, and its size. Of the processor, because on a busy machine the clock tells how busy
 * that is. Needs `npm run build`. Limits: 30 ms, 200 kB.
 */
import { execFileSync } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { folderOf, HOST_BUNDLES } from "../scripts/host-bundles.ts";

const ROUNDS = 11;
const LIMIT_MS = 30;
const LIMIT_BYTES = 200_000;
const EMPTY = "data:text/javascript,";

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
      () => [importMs(pathToFileURL(file).href), importMs(EMPTY)] as const,
    );
    const ownMs = median(rounds.map(([own]) => own));
    const emptyMs = median(rounds.map(([, empty]) => empty));
    const costMs = Math.max(0, ownMs - emptyMs);
    const { size } = statSync(file);
    const share = (value: number, limit: number) => `${(value / limit).toFixed(2)} of the limit`;
    console.log(
      `${bundle.host}/${entry}  start-up ${costMs.toFixed(1)} ms (${share(costMs, LIMIT_MS)}), size ${Math.round(size / 1_000)} kB (${share(size, LIMIT_BYTES)})`,
    );
    if (costMs > LIMIT_MS || size > LIMIT_BYTES) {
      console.error(`keepwarm: ${file} costs more than ${LIMIT_MS} ms or ${LIMIT_BYTES / 1_000} kB`);
      process.exitCode = 1;
    }
  }
}
