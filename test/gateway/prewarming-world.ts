/** A gateway that pre-warms a catalogue, before the emulator, on a clock that only the test moves. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { DEFAULT_SETTINGS, type Settings } from "../../src/config/index.ts";
import type { EmulatorOptions } from "../../src/emulator/index.ts";
import { createGatewayPrewarming } from "../../src/gateway/prewarming.ts";
import { quiet } from "../support/quiet.ts";
import { storageIn } from "../support/storage-in.ts";
import { API_KEY, MODEL, setUp, type WorldOptions } from "./world.ts";

/** Text of so many tokens, each one its own. */
export function words(name: string, tokens: number): string {
  return `${name} `.repeat(Math.ceil((tokens * 4) / (name.length + 1))).slice(0, tokens * 4);
}

/** The request of a persona, as its program sends it: a shared system prompt, and what is asked. */
export function persona(name: string, fields: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    model: MODEL,
    system: [
      { type: "text", text: words(`handbook of the ${name}`, 5_000), cache_control: { type: "ephemeral" } },
    ],
    ...fields,
  };
}

export interface PrewarmingOptions {
  readonly prefixes: readonly Record<string, unknown>[];
  readonly settings?: Partial<Settings>;
  readonly world?: WorldOptions;
  readonly emulated?: EmulatorOptions;
  /** What a gateway before this one has stored. */
  readonly stored?: Map<string, string>;
  readonly folder?: string;
}

export function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "keepwarm-catalogue-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export async function prewarmingWorld(options: PrewarmingOptions) {
  const {
    prefixes,
    settings = {},
    world: worldOptions,
    emulated,
    stored = new Map(),
    folder = aFolder(),
  } = options;
  const file = join(folder, "catalogue.json");
  const write = (all: readonly Record<string, unknown>[]) =>
    writeFileSync(file, JSON.stringify({ prefixes: all }));
  write(prefixes);
  const spending = storageIn(new Map());
  let prewarming: ReturnType<typeof createGatewayPrewarming> | null = null;
  const world = await setUp(
    { enableNew: false, notice: (request) => prewarming?.notice(request) ?? null, ...worldOptions },
    emulated,
  );
  const live = {
    ...DEFAULT_SETTINGS,
    upstream: world.emulatorUrl,
    prewarm: true,
    prewarmCatalogue: file,
    ...settings,
  };
  const ours = createGatewayPrewarming({
    settings: live,
    live: () => live,
    gateway: () => world.gateway,
    storage: storageIn(stored),
    spending,
    nameKey: "a key",
    env: { ANTHROPIC_API_KEY: API_KEY },
    clock: world.clock,
    logger: world.logger,
  });
  prewarming = ours;
  onTestFinished(() => ours.stop());
  const busy = () =>
    ours.view().isBusy || world.emulator.requests.some(({ status, aborted }) => status === 0 && !aborted);

  async function calm(): Promise<void> {
    await quiet(busy);
    await world.calm();
  }

  return {
    ...world,
    prewarming: ours,
    live,
    folder,
    file,
    stored,
    spending,
    write,
    calm,
    /** The gateway starts: what is warm from the start is. */
    async start(): Promise<void> {
      ours.apply();
      await calm();
    },
    /** Time passes in steps shorter than any margin, and what is sent on the way is answered. */
    async pass(ms: number, stepMs = 5_000): Promise<void> {
      for (let left = ms; left > 0; left -= stepMs) {
        await world.clock.pass(Math.min(left, stepMs));
        await calm();
      }
    },
    /** A turn of a new conversation, as a person's program sends it; resolves with its usage. */
    async turn(request: Record<string, unknown>, conversationId: string = crypto.randomUUID()) {
      const answer = await world.client.messages.create(
        { max_tokens: 16, messages: [{ role: "user", content: "Shall we?" }], ...request } as never,
        { headers: { "x-keepwarm-conversation": conversationId } },
      );
      await calm();
      return (answer as unknown as { usage: Record<string, number> }).usage;
    },
    /** What of the prompt was read, written, and neither. */
    figures(usage: Record<string, number>) {
      return {
        read: usage.cache_read_input_tokens ?? 0,
        wrote: usage.cache_creation_input_tokens ?? 0,
        uncached: usage.input_tokens ?? 0,
      };
    },
    /** Pre-warms that were sent, by the beginning of their system prompts. */
    preWarms: () => world.emulator.requests.filter(({ maxTokens }) => maxTokens !== null && maxTokens <= 1),
  };
}
