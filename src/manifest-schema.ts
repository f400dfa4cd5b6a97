/** What a manifest holds. Apart from the manifest itself, which loads inside hosts. */
import * as z from "zod/mini";
import { DEFAULT_INTERVAL_MS, MIN_INTERVAL_MS } from "./pure.ts";

const semver = z.string().check(z.regex(/^\d+\.\d+\.\d+(-[\w.]+)?$/));
const names = z.array(z.string().check(z.minLength(1)));

export const manifestSchema = z.strictObject({
  $schema: z.optional(z.string()),
  id: z.literal("cache-warming"),
  name: z.string().check(z.minLength(1)),
  version: semver,
  description: z.string().check(z.minLength(1)),
  /** The host contract's versions this plugin works with, as a semver range. */
  apiVersion: z.string().check(z.regex(/^[\^~]?\d+\.\d+\.\d+$/)),
  /** The module that exports `manifest` and `activate`. */
  main: z.string().check(z.regex(/^\.\/.+\.js$/)),
  /** Loaded with its host, because a warm that is not armed in time cannot be made up for. */
  activation: z.literal("eager"),
  trust: z.enum(["bundled", "local", "external"]),
  /** Ids of the host's own plugins that must be active first. */
  dependsOn: names,
  /** What it asks of the machine: nothing. Warms go through the host's warm service. */
  capabilities: z.strictObject({
    fs: z.boolean(),
    shell: z.boolean(),
    network: z.boolean(),
    secrets: z.boolean(),
    db: z.boolean(),
    spawn: z.boolean(),
  }),
  contributes: z.strictObject({ services: names, surfaces: names }),
  /** Events of the host that it listens to. */
  events: names,
  storage: z.strictObject({ namespace: z.string().check(z.minLength(1)) }),
  /** JSON Schema of one conversation's settings. */
  settings: z.record(z.string(), z.unknown()),
});

export type Manifest = z.infer<typeof manifestSchema>;

/** The shape of persisted settings, for documentation and for hosts that show a settings page. */
export const settingsSchema = z.looseObject({
  enabled: z._default(z.boolean(), false),
  intervalMs: z._default(z.number().check(z.gte(MIN_INTERVAL_MS)), DEFAULT_INTERVAL_MS),
  intervalChosen: z.optional(z.boolean()),
  keepWarm: z.optional(z.string()),
});

/** JSON Schema of a conversation's settings, generated from the schema that reads them. */
export function settingsJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(settingsSchema, { io: "input" }) };
}
