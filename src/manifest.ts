/** What a host reads before it loads keepwarm. */
import manifestJson from "../manifest.json" with { type: "json" };
import type { Manifest } from "./manifest-schema.ts";

export type { Manifest } from "./manifest-schema.ts";

/** This plugin's manifest, as shipped in `manifest.json`. */
export const manifest = manifestJson as Manifest;
