/** A program with keepwarm inside it, and the emulator, in one process, on a clock that only the test moves. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { readMessage } from "../../../src/anthropic/index.ts";
import { createEmulator, type EmulatorOptions } from "../../../src/emulator/index.ts";
import type { Usage } from "../../../src/host.ts";
import {
  createNativeHost,
  type NativeExchange,
  type NativeHost,
  type NativeHostOptions,
  type NativeRequest,
  requestTelling,
} from "../../../src/hosts/native/index.ts";
import { quiet } from "../../support/quiet.ts";
import { createRecordingLogger } from "../../support/recording-logger.ts";
import { createVirtualClock } from "../../support/virtual-clock.ts";
import { API_KEY, MODEL, text } from "../sdk/world.ts";

export { API_KEY, MINUTE_MS, MODEL, text } from "../sdk/world.ts";

export interface WorldOptions extends Partial<Omit<NativeHostOptions, "env">> {
  readonly env?: Readonly<Record<string, string>>;
  /** Shared by several programs of one person. @default a new one */
  readonly stateDirectory?: string;
}

export function newStateDirectory(): string {
  const folder = mkdtempSync(join(tmpdir(), "keepwarm-native-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export async function setUp(
  { env = {}, stateDirectory, ...options }: WorldOptions = {},
  emulated: EmulatorOptions = {},
) {
  const directory = stateDirectory ?? newStateDirectory();
  const clock = createVirtualClock();
  const logger = createRecordingLogger();
  const emulator = createEmulator({ now: clock.now, ...emulated });
  const { url } = await emulator.listen();
  const host = createNativeHost({
    name: "robot",
    telling: requestTelling,
    logger,
    now: clock.now,
    monotonicNow: clock.monotonicNow,
    timers: clock.timers,
    env: { KEEPWARM_HOME: directory, KEEPWARM_KEEP_WARM: "always", ...env },
    ...options,
  });
  onTestFinished(async () => {
    host.dispose();
    await emulator.close();
  });

  const hosts = [host];

  /** Warm requests that arrived: those with `max_tokens` 0 or 1. */
  const warms = () => emulator.requests.filter(({ maxTokens }) => maxTokens !== null && maxTokens <= 1);

  /** Lets real I/O end: nothing is generating or warming, and every warm that arrived is answered. */
  async function calm(): Promise<void> {
    const isBusy = ({ keeper: { warmer, warmsInFlight } }: NativeHost) =>
      warmsInFlight() > 0 ||
      warmer.conversations().some((id) => ["warming", "generating"].includes(warmer.getStatus(id).phase));
    const busy = () => warms().some(({ status }) => status === 0) || hosts.some(isBusy);
    await quiet(busy);
  }

  /** The person is away: time passes in steps shorter than any margin, and each warm is answered on the way. */
  async function away(ms: number): Promise<void> {
    await calm();
    for (let left = ms; left > 0; left -= 5_000) {
      await clock.pass(Math.min(left, 5_000));
      await calm();
    }
  }

  const talk = (conversationId = "ada", over: Partial<NativeRequest> = {}) =>
    new Conversation({ url, conversationId, over, open: (request) => host.request(request), calm });

  /** Another program of the same person. */
  function another(name: string) {
    const other = createNativeHost({
      name,
      telling: requestTelling,
      logger,
      now: clock.now,
      monotonicNow: clock.monotonicNow,
      timers: clock.timers,
      env: { KEEPWARM_HOME: directory, KEEPWARM_KEEP_WARM: "always", ...env },
    });
    onTestFinished(() => other.dispose());
    hosts.push(other);
    return other;
  }

  return {
    another,
    directory,
    clock,
    logger,
    emulator,
    url,
    host,
    warms,
    calm,
    away,
    talk,
  };
}

interface ConversationOptions {
  readonly url: string;
  readonly conversationId: string;
  readonly over: Partial<NativeRequest>;
  readonly open: ReturnType<typeof import("../../../src/hosts/native/index.ts").createNativeHost>["request"];
  readonly calm: () => Promise<void>;
}

/** A conversation of a program that tells its payloads, and sends them itself. */
export class Conversation {
  readonly #options: ConversationOptions;
  readonly #messages: object[] = [];

  constructor(options: ConversationOptions) {
    this.#options = options;
  }

  get payload(): object {
    return {
      model: MODEL,
      max_tokens: 256,
      stream: false,
      cache_control: { type: "ephemeral" },
      system: [{ type: "text", text: text(`handbook of ${this.#options.conversationId}`) }],
      messages: this.#messages,
    };
  }

  /** Others that tell of the same requests. */
  readonly alsoToldTo: NativeHost[] = [];

  async ask(question: string): Promise<Usage> {
    const { url, conversationId, over, calm } = this.#options;
    const open = (request: NativeRequest): NativeExchange => {
      const opened = [this.#options.open, ...this.alsoToldTo.map((host) => host.request)].map((tell) =>
        tell(request),
      );
      return {
        answered: (head) => opened.map((one) => one.answered(head)),
        ended: (answer) => opened.map((one) => one.ended(answer)),
        failed: (reason, head) => opened.map((one) => one.failed(reason, head)),
      };
    };
    this.#messages.push({ role: "user", content: question });
    const body = JSON.stringify(this.payload);
    const headers = {
      "x-api-key": API_KEY,
      "anthropic-version": "2023-06-01",
      "content-type": "application/json",
    };
    const exchange = open({ conversationId, url: `${url}/v1/messages`, body, headers, ...over });
    const response = await fetch(`${url}/v1/messages`, { method: "POST", headers, body });
    const answer = readMessage(await response.text());
    if (!response.ok || answer.usage === null) {
      exchange.failed(`status ${response.status}`, { status: response.status, headers: response.headers });
      throw new Error(`status ${response.status}`);
    }
    const { usage, stopReason, model } = answer;
    exchange.answered({ status: 200, headers: response.headers });
    this.#messages.push({ role: "assistant", content: `answer to ${question}` });
    exchange.ended({ usage, stopReason, model });
    await calm();
    return usage;
  }
}
