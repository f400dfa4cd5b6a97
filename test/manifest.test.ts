import { EventEmitter } from "eventemitter3";
import { describe, expect, it } from "vitest";
import manifestJson from "../manifest.json" with { type: "json" };
import packageJson from "../package.json" with { type: "json" };
import type { HostEvents, SurfaceProvider } from "../src/host.ts";
import { manifest } from "../src/manifest.ts";
import { manifestSchema, settingsJsonSchema } from "../src/manifest-schema.ts";
import { activate } from "../src/plugin.ts";
import { createMemoryStorage } from "../src/storage/index.ts";
import { createRecordingLogger } from "./support/recording-logger.ts";

describe("manifest.json", () => {
  it("has the shape a host reads before it loads the plugin", () => {
    expect(manifestSchema.parse(manifestJson)).toEqual(manifest);
  });

  it("is refused with the field named when something is wrong in it", () => {
    const result = manifestSchema.safeParse({ ...manifestJson, version: "soon" });
    expect(result.success).toBe(false);
    expect(result.error?.issues[0]?.path).toEqual(["version"]);
  });

  it("carries the package's version", () => {
    expect(manifest.version).toBe(packageJson.version);
  });

  it("carries the settings' JSON Schema, generated from the schema that reads them", () => {
    expect(manifest.settings).toEqual(settingsJsonSchema());
  });

  it("names the module that the package ships as its plugin", () => {
    expect(manifest.main).toBe(packageJson.exports["./plugin"].default);
  });

  it("lists exactly the events that the plugin subscribes to and the surfaces that it registers", () => {
    const events = new EventEmitter<HostEvents>();
    const registered: SurfaceProvider[] = [];
    const plugin = activate({
      events,
      warmService: { warm: async () => ({ error: "no warm in this test", permanent: true }) },
      storage: createMemoryStorage(),
      surfaces: {
        register(provider) {
          registered.push(provider);
          return () => {};
        },
      },
      logger: createRecordingLogger(),
    });
    expect(events.eventNames().map(String).toSorted()).toEqual(manifest.events.toSorted());
    expect(registered.map(({ catalogEntry }) => catalogEntry.id)).toEqual(manifest.contributes.surfaces);
    expect(manifest.contributes.services).toEqual(
      registered.map(({ catalogEntry }) => `${catalogEntry.id}/surface`),
    );
    plugin.dispose();
  });

  it("asks for no capability, because warms go through the host", () => {
    expect(Object.values(manifest.capabilities)).not.toContain(true);
  });
});
