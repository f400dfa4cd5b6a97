/**
 * Builds `dist/`: one ES module an entry point with shared chunks, the console's page, declarations, and the
 * licences of what is in it.
 */
import { execFileSync } from "node:child_process";
import { accessSync, chmodSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { build } from "esbuild";
import { buildConsolePage } from "./console-page.ts";
import { buildHosts } from "./host-bundles.ts";
import { licencesOf } from "./licences.ts";

rmSync("dist", { recursive: true, force: true });
const { metafile } = await build({
  entryPoints: {
    index: "src/index.ts",
    plugin: "src/plugin.ts",
    cli: "src/cli.ts",
    "hosts/sdk/index": "src/hosts/sdk/index.ts",
    hub: "src/hosts/sdk/join-hub.ts",
    "prewarm/index": "src/prewarm/cache/index.ts",
    "emulator/index": "src/emulator/index.ts",
    "storage/sqlite": "src/storage/sqlite.ts",
    "fleet/index": "src/fleet/index.ts",
  },
  outdir: "dist",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node22",
  // The program brings its own SDK; everything else is taken in, so that importing stays one file's work.
  // So do teams the packages of their fleet.
  external: ["@anthropic-ai/sdk", "pg-boss", "pg", "@electric-sql/pglite", "pino", "prom-client"],
  // Its main file is a UMD module, which no bundler sees through.
  alias: { "jsonc-parser": "jsonc-parser/lib/esm/main.js" },
  metafile: true,
  plugins: [
    {
      name: "statusline",
      setup({ onResolve }) {
        onResolve({ filter: /\/statusline\/index\.ts$/ }, () => ({
          path: "./statusline.js",
          external: true,
        }));
      },
    },
  ],
  sourcemap: true,
  logLevel: "warning",
});
// One small file: it is loaded every second or two, and chunks that other commands share hold more than it takes.
await build({
  entryPoints: { statusline: "src/cli/statusline/index.ts" },
  outdir: "dist",
  bundle: true,
  minify: true,
  format: "esm",
  platform: "node",
  target: "node22",
  sourcemap: true,
  logLevel: "warning",
});
const page = await buildConsolePage("dist/console");
writeFileSync("dist/LICENCES.txt", licencesOf({ ...metafile.inputs, ...page.inputs }));
chmodSync("dist/cli.js", 0o755);
await buildHosts();
execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"], {
  stdio: "inherit",
});
// Whatever a program may import is there, its types too.
const { exports } = JSON.parse(readFileSync("package.json", "utf8"));
for (const path of Object.values<string | Record<string, string>>(exports)) {
  for (const file of typeof path === "string" ? [path] : Object.values(path)) accessSync(file);
}
