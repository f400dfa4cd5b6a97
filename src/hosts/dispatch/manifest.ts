/** What Dispatch reads before it activates the extension. */
import { manifest as keepwarm } from "../../plugin.ts";

export const manifest = {
  /** The name of the extension that Dispatch brings along: keepwarm takes its place. */
  id: "cache-warming",
  name: "Cache Warming",
  version: keepwarm.version,
  apiVersion: "^0.1.0",
  trust: "external",
  // A warm that is not armed in time cannot be made up for.
  activation: "eager",
  dependsOn: ["session-orchestrator", "surface-registry"],
  capabilities: {
    /** keepwarm's own settings and files, in its state directory. */
    fs: true,
    shell: false,
    /** The hub, on this machine. Warms are sent by Dispatch itself. */
    network: true,
    secrets: false,
    db: false,
    spawn: false,
  },
  contributes: { services: ["cache-warming/surface"] },
} as const;
