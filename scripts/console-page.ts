/** Builds the console's page: three files and an icon, and no more of them than a first paint may weigh. */
import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { build, type Metafile, type Plugin } from "esbuild";

const FROM = "src/console/page";
const PARTS = ["index.html", "app.js", "app.css", "favicon.svg"];

/** What a first paint may weigh altogether, gzipped, in bytes. */
export const LIGHT_BYTES = 100_000;

/** The package says of itself that nothing in it happens on import; here something must, and first. */
const localeFirst: Plugin = {
  name: "locale-first",
  setup({ onResolve }) {
    onResolve({ filter: /\/words\/locale\.ts$/ }, ({ resolveDir, path }) => ({
      path: resolve(resolveDir, path),
      sideEffects: true,
    }));
  },
};

/** @throws when it is too heavy */
export async function buildConsolePage(directory: string): Promise<Metafile> {
  mkdirSync(directory, { recursive: true });
  const { metafile } = await build({
    entryPoints: [
      { in: `${FROM}/main.tsx`, out: "app" },
      { in: `${FROM}/css/app.css`, out: "app" },
    ],
    outdir: directory,
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: ["es2023", "chrome122", "firefox127", "safari17.4"],
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none",
    plugins: [localeFirst],
    metafile: true,
    logLevel: "warning",
  });
  for (const name of ["index.html", "favicon.svg"]) copyFileSync(join(FROM, name), join(directory, name));
  const weight = weightOf(directory);
  if (weight > LIGHT_BYTES) {
    throw new Error(`the console's page weighs ${weight} bytes gzipped: more than ${LIGHT_BYTES}`);
  }
  return metafile;
}

/** Of all that a first paint loads, gzipped, in bytes. */
export function weightOf(directory: string): number {
  return PARTS.reduce((sum, name) => sum + gzipSync(readFileSync(join(directory, name))).length, 0);
}

if (import.meta.main) await buildConsolePage("dist/console");
