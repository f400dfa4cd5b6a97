/** Agents, a gateway and the emulator in one process, on a clock that only the test moves. */
import Anthropic from "@anthropic-ai/sdk";
import { onTestFinished } from "vitest";
import { createEmulator, type EmulatorOptions } from "../../src/emulator/index.ts";
import type { GatewayOptions } from "../../src/gateway/index.ts";
import { API_KEY, Talk, text } from "../hosts/sdk/world.ts";
import { quiet } from "../support/quiet.ts";
import { createVirtualClock } from "../support/virtual-clock.ts";
import { clockedGateway } from "./clocked-gateway.ts";

export { API_KEY, MINUTE_MS, MODEL, Talk, text } from "../hosts/sdk/world.ts";

export interface WorldOptions extends Partial<Omit<GatewayOptions, "upstream">> {
  /** Another upstream than the emulator, or one that stands before it. @default the emulator's */
  readonly upstream?: (emulatorUrl: string) => Promise<string> | string;
}

export async function setUp({ upstream, ...options }: WorldOptions = {}, emulated: EmulatorOptions = {}) {
  const clock = createVirtualClock();
  const emulator = createEmulator({ now: clock.now, ...emulated });
  const { url: emulatorUrl } = await emulator.listen();
  const { gateway, url, logger, entries } = await clockedGateway(clock, {
    upstream: new URL((await upstream?.(emulatorUrl)) ?? emulatorUrl),
    enableNew: true,
    ...options,
  });
  onTestFinished(async () => {
    await gateway.close();
    await emulator.close();
  });
  const { keeper } = gateway;
  const client = clientOf(url);
  /** The same client, straight to the emulator. */
  const direct = clientOf(emulatorUrl);

  /** Warm requests that arrived: those with `max_tokens` 0 or 1. */
  const warms = () => emulator.requests.filter(({ maxTokens }) => maxTokens !== null && maxTokens <= 1);

  /** Requests that stay unanswered, as one does whose body never ends: waited for once. */
  const hanging = new Set<unknown>();

  /** Lets real I/O end: nothing is generating or warming, and every request that arrived is answered. */
  async function calm(): Promise<void> {
    const unanswered = () =>
      emulator.requests.filter((one) => one.status === 0 && !one.aborted && !hanging.has(one));
    const busy = () =>
      unanswered().length > 0 ||
      keeper.warmsInFlight() > 0 ||
      keeper.warmer
        .conversations()
        .some((id) => ["warming", "generating"].includes(keeper.warmer.getStatus(id).phase));
    await quiet(busy);
    for (const one of unanswered()) hanging.add(one);
  }

  /** The person is away: time passes in steps shorter than any margin, and each warm is answered on the way. */
  async function away(ms: number): Promise<void> {
    await calm();
    for (let left = ms; left > 0; left -= 5_000) {
      await clock.pass(Math.min(left, 5_000));
      await calm();
    }
  }

  /** A conversation through the gateway, named when it has an id; when a question is answered, all is calm. */
  function talk(conversationId?: string, system = text(`handbook of ${conversationId}`)): Talk {
    const speaking = new Talk(client, system, conversationId);
    const ask = speaking.ask.bind(speaking);
    speaking.ask = (...question) => ask(...question).finally(calm);
    return speaking;
  }

  const only = () => {
    const [one, ...others] = keeper.conversations();
    if (one === undefined || others.length > 0) throw new Error("not exactly one conversation");
    return one.id;
  };
  const phase = (id: string) => keeper.warmer.getStatus(id).phase;

  return {
    clock,
    logger,
    emulator,
    emulatorUrl,
    entries,
    gateway,
    keeper,
    url,
    client,
    direct,
    warms,
    calm,
    away,
    talk,
    only,
    phase,
  };
}

export type World = Awaited<ReturnType<typeof setUp>>;

export function clientOf(baseURL: string, options: { readonly apiKey?: string } = {}): Anthropic {
  return new Anthropic({ baseURL, apiKey: API_KEY, authToken: null, maxRetries: 0, ...options });
}
