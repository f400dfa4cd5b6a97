import fc from "fast-check";
import { expect } from "vitest";
import type { GatewayOptions } from "../../../src/gateway/index.ts";
import { bareGateway } from "../wire.ts";
import { course, startUpstream } from "./course.ts";
import { judge } from "./judgement.ts";
import { type MadeResponse, request, response } from "./messages.ts";

/** More connections than this at once are left behind by somebody: one case uses a few. */
const MOST_OPEN = 20;

/** Compares so many exchanges through a gateway with the same ones without it. Prints the seed of a failure. */
export async function compare(
  runs: number,
  seed?: number,
  options: Partial<GatewayOptions> = {},
): Promise<void> {
  const upstream = await startUpstream();
  const { port, gateway, logger } = await bareGateway(`http://127.0.0.1:${upstream.port}`, {
    enableNew: true,
    maxConversations: 50,
    ...options,
  });
  let before: MadeResponse | null = null;
  const compared = fc.asyncProperty(request, response, async (asked, answer) => {
    const passed = await course(port, asked, upstream, answer);
    const direct =
      asked.isSure && asked.isWhole ? await course(upstream.port, asked, upstream, answer) : null;
    const judgement = judge(asked, answer, { direct, passed, before });
    before = answer;
    expect(judgement).toBe(null);
    expect(upstream.open()).toBeLessThan(MOST_OPEN);
  });
  await fc.assert(compared, {
    numRuns: runs,
    ...(seed === undefined ? {} : { seed }),
    interruptAfterTimeLimit: 540_000,
    markInterruptAsFailure: true,
  });
  expect(logger.at("error")).toEqual([]);
  await gateway.close();
  await expect.poll(() => upstream.open()).toBe(0);
  await upstream.close();
}
