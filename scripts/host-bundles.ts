/** The plugins that load inside other programs, as each program wants them: `dist/hosts/<host>/`. */
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type BuildOptions, build, type Metafile, type Plugin } from "esbuild";
import { type MinifyOptions, minify } from "terser";
import packageJson from "../package.json" with { type: "json" };
import { licencesOf } from "./licences.ts";

export interface HostBundle {
  /** As in `src/hosts/<host>`, and what a person types: `keepwarm install <host>`. */
  readonly host: string;
  /** A folder within the host's, for what is built otherwise than the rest. */
  readonly part?: string;
  /** Files to build, without their ending, and what each is built from. */
  readonly entries: Readonly<Record<string, string>>;
  /** What the program itself brings along, and what else it wants. */
  readonly esbuild?: Pick<
    BuildOptions,
    "external" | "format" | "jsx" | "jsxImportSource" | "outExtension" | "target"
  >;
  /**
   * What it runs in has no Node, and reads `asWritten`, one of the entries, before it runs it: that stays as it is, and
   * imports the other one in the place of `apart`, which is that one's source.
   */
  readonly bare?: { readonly asWritten: string; readonly apart: string; readonly as: string };
}

/**
 * One entry a host. `src/hosts/<host>/package/` is copied as it stands (manifests, commands); a `version` of 0.0.0 in
 * its JSON files becomes keepwarm's own.
 */
export const HOST_BUNDLES: readonly HostBundle[] = [
  {
    host: "claude-code",
    entries: { statusline: "src/cli/statusline/program.ts" },
    // Whatever Node its person has: this one is not run by ours.
    esbuild: { target: "node20", outExtension: { ".js": ".mjs" } },
  },
  {
    host: "claude-code",
    part: "mod",
    entries: {
      "hooks/register": "src/hosts/claude-code/register.ts",
      "hooks/keepwarm": "src/hosts/claude-code/inside.ts",
    },
    bare: { asWritten: "hooks/register", apart: "./inside.ts", as: "./keepwarm.js" },
  },
  {
    host: "pi",
    entries: { keepwarm: "src/hosts/pi/index.ts" },
    esbuild: { format: "cjs", outExtension: { ".js": ".cjs" } },
  },
  {
    host: "opencode",
    entries: { server: "src/hosts/opencode/server.ts", tui: "src/hosts/opencode/tui.ts" },
    // What its terminal gives its plugins.
    esbuild: { external: ["@opentui/solid", "solid-js"] },
  },
  {
    host: "openclaw",
    entries: { keepwarm: "src/hosts/openclaw/index.ts" },
  },
  { host: "dispatch", entries: { index: "src/hosts/dispatch/index.ts" } },
];

/**
 * zod reaches one of its own functions through a namespace, which makes a bundler keep all that is in it: 8 kB that
 * nobody calls.
 */
const leanZod: Plugin = {
  name: "lean zod",
  setup({ onLoad }) {
    onLoad({ filter: /zod[\\/]v4[\\/]mini[\\/]schemas\.js$/ }, async ({ path }) => ({
      contents: (await readFile(path, "utf8")).replaceAll("core.util.", "util."),
    }));
  },
};

/** Where a file has one beside it that ends in `.in-host.ts`, that takes its place: it does without what hosts need not. */
const inHost = inPlace("in-host");
/** The same where there is no Node: in a mod of Claude Code. */
const inMod = inPlace("in-mod");

function inPlace(kind: string): Plugin {
  return {
    name: kind,
    setup({ onResolve }) {
      onResolve({ filter: /^\.{1,2}\/.*\.ts$/ }, ({ path, resolveDir, importer }) => {
        const other = resolve(resolveDir, path.replace(/\.ts$/, `.${kind}.ts`));
        return existsSync(other) && importer !== other ? { path: other, sideEffects: false } : undefined;
      });
    },
  };
}

/** What is left of its imports when the rest is left out; {@link buildHost} sees to it that nothing is. */
const noNode: Plugin = {
  name: "no node",
  setup({ onResolve }) {
    onResolve({ filter: /^node:/ }, ({ path }) => ({ path, external: true, sideEffects: false }));
  },
};

const RATES =
  /\{"input":([\d.]+),"cacheWrite5m":([\d.]+),"cacheWrite1h":([\d.]+),"cacheRead":([\d.]+),"output":([\d.]+)\}/g;
const RATES_OF =
  "const rates = (input, cacheWrite5m, cacheWrite1h, cacheRead, output) => ({ input, cacheWrite5m, cacheWrite1h, cacheRead, output });";
/** Where the shipped prices come from is said to people; it is a tenth of them. What each rate is called is said once. */
const barePrices: Plugin = {
  name: "bare prices",
  setup({ onLoad }) {
    onLoad({ filter: /anthropic[\\/]prices\.json$/ }, async ({ path }) => {
      const { source: _, ...prices } = JSON.parse(await readFile(path, "utf8"));
      const table = JSON.stringify({ ...prices, source: "" }).replaceAll(RATES, "rates($1,$2,$3,$4,$5)");
      return { contents: `${RATES_OF}export default ${table};`, loader: "js" };
    });
  },
};

/** What a setting means is said by the command and the console alone; in all it is 2 kB. */
const bareSettings: Plugin = {
  name: "bare settings",
  setup({ onLoad }) {
    onLoad({ filter: /config[\\/]settings\.ts$/ }, async ({ path }) => {
      const table = await readFile(path, "utf8");
      const settings = [...table.matchAll(/^ {2}\w+: (?:setting|optional)\(/gm)].length;
      let bared = 0;
      // The last argument of each.
      const contents = table.replace(/"(?:[^"\\\n]|\\.)*"(,?\s*\),\n)/g, (_, end: string) => {
        bared++;
        return `""${end}`;
      });
      if (bared !== settings) throw new Error(`${path}: ${settings} settings, and ${bared} descriptions`);
      return { contents, loader: "ts" };
    });
  },
};

/** Every engine that hosts run in has one. */
const EMITTER = `export { EventEmitter } from "node:events";`;
const ownEmitter: Plugin = {
  name: "own emitter",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^eventemitter3$/ }, () => ({ path: "emitter", namespace: "host" }));
    onLoad({ filter: /.*/, namespace: "host" }, () => ({ contents: EMITTER }));
  },
};

function apart({ apart, as }: NonNullable<HostBundle["bare"]>): Plugin {
  return {
    name: "apart",
    setup({ onResolve }) {
      onResolve({ filter: /^\.\// }, ({ path, kind }) =>
        path === apart && kind === "import-statement" ? { path: as, external: true } : undefined,
      );
    },
  };
}

export function folderOf({ host, part = "" }: Pick<HostBundle, "host" | "part">): string {
  return join("dist", "hosts", host, part);
}

export async function buildHosts(): Promise<void> {
  for (const bundle of HOST_BUNDLES) await buildHost(bundle);
}

export async function buildHost(bundle: HostBundle, outdir = folderOf(bundle)): Promise<Metafile> {
  const { metafile } = await build({
    entryPoints: bundle.entries,
    outdir,
    bundle: true,
    // One file each: it is loaded whole, and what is small is loaded fast.
    splitting: false,
    minify: bundle.bare === undefined,
    format: "esm",
    ...(bundle.bare === undefined
      ? {
          platform: "node",
          target: "node22",
          plugins: [leanZod, inHost, barePrices, bareSettings, ownEmitter],
        }
      : {
          platform: "neutral",
          mainFields: ["module", "main"],
          target: "es2023",
          plugins: [apart(bundle.bare), leanZod, inMod, inHost, barePrices, bareSettings, noNode],
        }),
    define: { "process.env.KEEPWARM_BUILT_VERSION": JSON.stringify(packageJson.version) },
    legalComments: "none",
    alias: { "jsonc-parser": "jsonc-parser/lib/esm/main.js" },
    metafile: true,
    logLevel: "warning",
    ...bundle.esbuild,
  });
  const imported = Object.values(metafile.outputs)
    .flatMap(({ imports }) => imports.map(({ path }) => path))
    .filter((path) => path !== bundle.bare?.as);
  if (bundle.bare !== undefined && imported.length > 0) {
    throw new Error(`${bundle.host}: ${imported.join(", ")} is not there where this runs`);
  }
  const isModule = (bundle.esbuild?.format ?? "esm") === "esm";
  const asWritten = join(outdir, `${bundle.bare?.asWritten}.js`);
  for (const file of Object.keys(metafile.outputs)) if (file !== asWritten) await shorten(file, isModule);
  writeFileSync(join(outdir, "LICENCES.txt"), licencesOf(metafile.inputs));
  const files = join("src", "hosts", bundle.host, "package", bundle.part ?? "");
  if (existsSync(files)) {
    cpSync(files, outdir, { recursive: true });
    stampVersion(outdir);
  }
  return metafile;
}

/** By another 3 %: what is left of the limit is for what a plugin itself does. */
async function shorten(file: string, module: boolean): Promise<void> {
  const options: MinifyOptions = {
    module,
    toplevel: true,
    ecma: 2020,
    compress: {
      passes: 3,
      unsafe_arrows: true,
      hoist_funs: true,
    },
  };
  const { code } = await minify(await readFile(file, "utf8"), options);
  if (code !== undefined) writeFileSync(file, code);
}

function stampVersion(folder: string): void {
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".json")) continue;
    const file = join(folder, name);
    const text = readFileSync(file, "utf8");
    writeFileSync(
      file,
      text.replace('"version": "0.0.0"', `"version": ${JSON.stringify(packageJson.version)}`),
    );
  }
}
