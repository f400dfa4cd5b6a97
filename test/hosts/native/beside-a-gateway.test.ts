import { describe, expect, it, onTestFinished } from "vitest";
import { createNativeHost, requestTelling } from "../../../src/hosts/native/index.ts";
import { aService } from "../../support/service-under-test.ts";
import { API_KEY, MODEL, text } from "./world.ts";

/** A gateway, and a program with keepwarm inside it that has just had the same exchange. */
async function both() {
  const { client, directory, service } = await aService({ flags: { enableNew: true, keepWarm: "always" } });
  const url = service.gatewayUrl;
  const host = createNativeHost({
    name: "robot",
    telling: requestTelling,
    env: { KEEPWARM_HOME: directory, KEEPWARM_KEEP_WARM: "always" },
  });
  onTestFinished(() => host.dispose());
  const body = JSON.stringify({
    model: MODEL,
    max_tokens: 64,
    cache_control: { type: "ephemeral" },
    messages: [{ role: "user", content: text("handbook") }],
  });
  const headers = {
    "x-api-key": API_KEY,
    "anthropic-version": "2023-06-01",
    "content-type": "application/json",
  };
  const exchange = host.request({ conversationId: "ada", url: `${url}/v1/messages`, body, headers });
  const response = await fetch(`${url}/v1/messages`, {
    method: "POST",
    headers: { ...headers, "x-keepwarm-conversation": "theirs" },
    body,
  });
  await response.text();
  const usage = { inputTokens: 4_100, outputTokens: 9, cacheReadTokens: 0, cacheWriteTokens: 4_000 };
  exchange.ended({ usage, stopReason: "end_turn", model: MODEL });
  await host.command("ada", "on");
  const ids = async () => (await client.status()).conversations.map(({ id, host }) => [id, host]).toSorted();
  await expect.poll(ids).toEqual([
    ["ada", "robot"],
    ["theirs", null],
  ]);
  return { client, host };
}

describe("a program beside a gateway", () => {
  it("leaves to the gateway what that keeps warm, and says so", async () => {
    const { client, host } = await both();
    expect(await client.warmNow("theirs")).toMatchObject({ sent: true });
    await host.command("ada", "now");
    expect(await host.command("ada", "")).toMatch(
      /another keepwarm keeps this prefix warm already \(gateway, process \d+\)/,
    );
    // The gateway lets go of it.
    await client.setEnabled("theirs", false);
    await client.warmNow("ada");
    await expect
      .poll(async () => (await client.status()).conversations.find(({ id }) => id === "ada")?.lastWarmAt)
      .not.toBeNull();
  });

  it("has what it books counted by the gateway, once", async () => {
    const { client, host } = await both();
    await client.warmNow("ada");
    host.dispose();
    const warms = async () => {
      const { conversations } = await client.report(0);
      return conversations.find(({ conversationId }) => conversationId === "ada")?.warms;
    };
    await expect.poll(warms, { timeout: 15_000, interval: 200 }).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await warms()).toBe(1);
  });
});
