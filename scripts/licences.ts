/** The licences of what a bundle has taken in, as one text. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Metafile } from "esbuild";

/** Licences whose code may be shipped. */
const SHIPPABLE = new Set(["MIT", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC"]);

/** @throws when a bundled package has no licence text, or one that may not be shipped */
export function licencesOf(inputs: Metafile["inputs"]): string {
  const folders = Object.keys(inputs).flatMap((file) => {
    const folder = /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(file)?.[0];
    return folder === undefined ? [] : [folder];
  });
  return [...new Set(folders)].toSorted().map(licenceOf).join("\n\n");
}

function licenceOf(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  if (!SHIPPABLE.has(license)) throw new Error(`${name} may not be bundled: its licence is ${license}`);
  if (file === undefined) throw new Error(`${name} has no licence text to ship`);
  return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
}
