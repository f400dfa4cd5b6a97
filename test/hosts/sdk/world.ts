/** A real SDK program, keepwarm and the emulator in one process, on a clock that only the test moves. */
import Anthropic from "@anthropic-ai/sdk";
import { onTestFinished } from "vitest";
import { createEmulator, type EmulatorOptions } from "../../../src/emulator/index.ts";
import { createKeepwarm, type KeepwarmOptions } from "../../../src/hosts/sdk/index.ts";
import { quiet } from "../../support/quiet.ts";
import { createRecordingLogger } from "../../support/recording-logger.ts";
import { createVirtualClock } from "../../support/virtual-clock.ts";

export const MINUTE_MS = 60_000;
export const MODEL = "claude-opus-5-5";

/** As the real ones begin, so that it is known for an API key. */
export const API_KEY = "sk-ant-api03-of-a-test";

/** About `tokens` tokens of text that occurs nowhere else. */
export function text(topic: string, tokens = 4_000): string {
  return `${topic} ${"lorem ipsum dolor sit amet ".repeat(Math.ceil(tokens / 6))}`;
}

export async function setUp(options: KeepwarmOptions = {}, emulated: EmulatorOptions = {}) {
  const clock = createVirtualClock();
  const logger = createRecordingLogger();
  const emulator = createEmulator({ now: clock.now, ...emulated });
  const { url } = await emulator.listen();
  const keepwarm = createKeepwarm({
    enableNew: true,
    keepWarm: "always",
    logger,
    now: clock.now,
    monotonicNow: clock.monotonicNow,
    timers: clock.timers,
    ...options,
  });
  onTestFinished(async () => {
    keepwarm.dispose();
    await emulator.close();
  });
  const plain = new Anthropic({ baseURL: url, apiKey: API_KEY, authToken: null, maxRetries: 0 });
  const client = keepwarm.wrap(plain);

  /** Warm requests that arrived: those with `max_tokens` 0 or 1. */
  const warms = () => emulator.requests.filter(({ maxTokens }) => maxTokens !== null && maxTokens <= 1);

  /** Lets real I/O end: no conversation is warming, and every warm that arrived is answered. */
  async function calm(): Promise<void> {
    const busy = () =>
      warms().some(({ status }) => status === 0) ||
      keepwarm.warmer.conversations().some((id) => keepwarm.warmer.getStatus(id).phase === "warming");
    await quiet(busy);
  }

  /** The person is away: time passes in steps shorter than any margin, and each warm is answered on the way. */
  async function away(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 5_000) {
      await clock.pass(Math.min(left, 5_000));
      await calm();
    }
  }

  const only = () => {
    const [id, ...others] = keepwarm.warmer.conversations();
    if (id === undefined || others.length > 0) throw new Error("not exactly one conversation");
    return id;
  };
  return { clock, logger, emulator, url, keepwarm, plain, client, calm, away, warms, only };
}

/** A conversation of a program: it grows with every question, and its last block is marked. */
export class Talk {
  readonly messages: Anthropic.MessageParam[] = [];
  readonly #client: Pick<Anthropic, "messages">;
  readonly #system: string;
  readonly #conversationId: string | undefined;
  readonly #model: string;

  constructor(
    client: Pick<Anthropic, "messages">,
    system = text("handbook"),
    conversationId?: string,
    model: string = MODEL,
  ) {
    this.#client = client;
    this.#system = system;
    this.#conversationId = conversationId;
    this.#model = model;
  }

  get params(): Anthropic.MessageCreateParamsNonStreaming {
    return {
      model: this.#model,
      max_tokens: 256,
      cache_control: { type: "ephemeral" },
      system: [{ type: "text", text: this.#system, cache_control: { type: "ephemeral" } }],
      messages: this.messages,
    };
  }

  get headers(): Record<string, string> {
    return this.#conversationId === undefined ? {} : { "x-keepwarm-conversation": this.#conversationId };
  }

  async ask(question: string, { stream = false } = {}): Promise<Anthropic.Usage> {
    this.messages.push({ role: "user", content: question });
    const options = { headers: this.headers };
    const answer = await (stream
      ? this.#client.messages.stream(this.params, options).finalMessage()
      : this.#client.messages.create(this.params, options)
    ).finally(settled);
    this.messages.push({ role: "assistant", content: answer.content });
    return answer.usage;
  }
}

/** keepwarm does its part of a turn when its program does not wait for it: it has done it by now. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}

export function prefixOf(usage: Anthropic.Usage): number {
  return (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0);
}
