/** The plugins that load inside other programs, as each program wants them: `dist/hosts/<host>/`. */
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type BuildOptions, build, type Metafile } from "esbuild";
import packageJson from "../package.json" with { type: "json" };
import { licencesOf } from "./licences.ts";

export interface HostBundle {
  /** As in `src/hosts/<host>`, and what a person types: `keepwarm install <host>`. */
  readonly host: string;
  /** Files to build, without their ending, and what each is built from. */
  readonly entries: Readonly<Record<string, string>>;
  /** What the program itself brings along, and what else it wants. */
  readonly esbuild?: Pick<
    BuildOptions,
    "external" | "format" | "jsx" | "jsxImportSource" | "outExtension" | "target"
  >;
}

/**
 * One entry a host. `src/hosts/<host>/package/` is copied as it stands (manifests, commands); a `version` of 0.0.0 in
 * its JSON files becomes keepwarm's own.
 */
export const HOST_BUNDLES: readonly HostBundle[] = [
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
];

export function folderOf({ host }: Pick<HostBundle, "host">): string {
  return join("dist", "hosts", host);
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
    minify: true,
    format: "esm",
    platform: "node",
    target: "node22",
    alias: { "jsonc-parser": "jsonc-parser/lib/esm/main.js" },
    metafile: true,
    logLevel: "warning",
    ...bundle.esbuild,
  });
  writeFileSync(join(outdir, "LICENCES.txt"), licencesOf(metafile.inputs));
  const files = join("src", "hosts", bundle.host, "package");
  if (existsSync(files)) {
    cpSync(files, outdir, { recursive: true });
    stampVersion(outdir);
  }
  return metafile;
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
