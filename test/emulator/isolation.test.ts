import { describe, expect, it } from "vitest";
import { numbered, rig } from "./harness.ts";

describe("isolation", () => {
  it("1.16: keeps the caches of two keys apart", async () => {
    const { bill } = await rig();
    await bill(numbered(3, 3), { "x-api-key": "one" });
    expect(await bill(numbered(3, 3), { "x-api-key": "two" })).toEqual([0, 30, 0, 0]);
    expect(await bill(numbered(3, 3), { "x-api-key": "one" })).toEqual([30, 0, 0, 0]);
  });

  it("1.16: shares within a workspace, whichever key is used", async () => {
    const { bill } = await rig({ workspaceOf: (credential) => credential.split("-")[0] ?? "" });
    await bill(numbered(3, 3), { "x-api-key": "team-one" });
    expect(await bill(numbered(3, 3), { "x-api-key": "team-two" })).toEqual([30, 0, 0, 0]);
  });

  it("1.17: keeps models apart", async () => {
    const { bill } = await rig();
    await bill(numbered(3, 3));
    expect(await bill({ ...numbered(3, 3), model: "claude-opus-4-8" })).toEqual([0, 30, 0, 0]);
  });

  it("1.17, 11.4: keeps speeds apart", async () => {
    const { bill, post } = await rig();
    await bill(numbered(3, 3));
    expect(await bill({ ...numbered(3, 3), speed: "fast" })).toEqual([0, 30, 0, 0]);
    expect((await post({ ...numbered(3, 3), speed: "fast" })).body.usage.speed).toBe("fast");
    expect((await post(numbered(3, 3))).body.usage.speed).toBe("standard");
  });

  it("3b: keeps regions apart", async () => {
    const { bill, post } = await rig();
    await bill(numbered(3, 3));
    expect(await bill({ ...numbered(3, 3), inference_geo: "us" })).toEqual([0, 30, 0, 0]);
    expect((await post({ ...numbered(3, 3), inference_geo: "us" })).body.usage.inference_geo).toBe("us");
  });

  it("1.18: knows no way to clear the cache from outside", async () => {
    const { url, bill } = await rig();
    await bill(numbered(3, 3));
    const deleted = await fetch(`${url}/v1/messages`, {
      method: "DELETE",
      headers: { "x-api-key": "key-a" },
    });
    expect(deleted.status).toBe(404);
    expect(await bill(numbered(3, 3))).toEqual([30, 0, 0, 0]);
  });
});
