import { describe, expect, it } from "vitest";
import { createExtension } from "../../../src/hosts/dispatch/index.ts";
import { aService } from "../../support/service-under-test.ts";
import { MODEL, setUp, statIn } from "./world.ts";

/** Dispatch and a hub of the same person, on the system's clock. */
async function linked() {
  const { client, directory } = await aService();
  const env = { KEEPWARM_HOME: directory };
  const world = await setUp({ stateDirectory: directory, extension: createExtension({ env }) });
  const seen = async () => (await client.status()).conversations;
  world.kernel.emit("session-orchestrator/turn-started", { conversationId: "ada" });
  const turn = { conversationId: "ada", cwd: "/home/ada/dispatch", modelName: MODEL };
  world.kernel.emit("session-orchestrator/turn-settled", turn);
  await expect.poll(seen).toHaveLength(1);
  return { ...world, client, seen };
}

describe("conversations of Dispatch in keepwarm's console", () => {
  it("stand there with their folder and model, and are switched on from there", async () => {
    const { client, seen, surface } = await linked();
    expect(await seen()).toMatchObject([
      { id: "ada", host: "dispatch", modelName: MODEL, enabled: false, surface: { id: "cache-warming" } },
    ]);
    await client.setEnabled("ada", true);
    expect(surface().getSpec({ conversationId: "ada" }).fields[0]).toMatchObject({ value: true });
    await expect.poll(async () => (await seen())[0]?.enabled).toBe(true);
  });

  it("are warmed from there by Dispatch's own service", async () => {
    const { client, surface, warmed } = await linked();
    await client.setEnabled("ada", true);
    await client.warmNow("ada");
    expect(warmed).toMatchObject([{ conversationId: "ada", options: { modelName: MODEL } }]);
    expect(statIn(surface().getSpec({ conversationId: "ada" }), "Last Cache %")).toBe("100%");
  });

  it("are gone from there when their tab is closed, and when Dispatch ends", async () => {
    const { kernel, seen } = await linked();
    kernel.emit("session-orchestrator/turn-settled", { conversationId: "ben" });
    kernel.emit("session-orchestrator/conversation-closed", { conversationId: "ada" });
    await expect.poll(async () => (await seen()).map(({ id }) => id)).toEqual(["ben"]);
    await kernel.shutDown();
    await expect.poll(seen).toEqual([]);
  });
});
