/** Writes what `manifest.json` takes from elsewhere: the version, and the settings' JSON Schema. */
import { readFileSync, writeFileSync } from "node:fs";
import { settingsJsonSchema } from "../src/manifest-schema.ts";

const read = (file: string) => JSON.parse(readFileSync(new URL(`../${file}`, import.meta.url), "utf8"));
const manifest = {
  ...read("manifest.json"),
  version: read("package.json").version,
  settings: settingsJsonSchema(),
};
writeFileSync(new URL("../manifest.json", import.meta.url), `${JSON.stringify(manifest, null, 2)}\n`);
