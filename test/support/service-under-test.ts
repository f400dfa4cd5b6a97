/** A whole gateway in this process, on real clocks and sockets: its ports, its files, and the emulator behind it. */
import { onTestFinished } from "vitest";
import { type ConfigSources, loadConfig } from "../../src/config/index.ts";
import { createEmulator, type EmulatorOptions } from "../../src/emulator/index.ts";
import { type Service, startService } from "../../src/gateway/index.ts";
import { type ControlClient, controlToken, discover } from "../../src/hub/index.ts";
import { aStateDirectory } from "./control-under-test.ts";
import { createRecordingLogger, type RecordingLogger } from "./recording-logger.ts";

export interface ServiceUnderTest {
  readonly service: Service;
  readonly client: ControlClient;
  readonly directory: string;
  readonly token: string;
  readonly url: string;
  /** Of the console and the control API. */
  readonly port: number;
  readonly logger: RecordingLogger;
  /** Sends a question through the gateway, and reads the answer to its end. */
  ask(conversationId: string, question?: string): Promise<{ readonly status: number; readonly body: string }>;
}

export interface ServiceOptions {
  /** One that was there before. @default its own, removed afterwards */
  readonly directory?: string;
  readonly flags?: NonNullable<ConfigSources["flags"]>;
  readonly env?: Readonly<Record<string, string>>;
  readonly emulated?: EmulatorOptions;
}

export async function aService({
  directory = aStateDirectory(),
  flags = {},
  env = {},
  emulated = {},
}: ServiceOptions = {}): Promise<ServiceUnderTest> {
  const emulator = createEmulator(emulated);
  const { url: upstream } = await emulator.listen();
  const logger = createRecordingLogger();
  const config = loadConfig({
    env: { KEEPWARM_HOME: directory, KEEPWARM_UPSTREAM: upstream, ...env },
    flags: { port: "0", consolePort: "0", ...flags },
  });
  const service = await startService({ config, directory, version: "0.1.0", logger });
  onTestFinished(async () => {
    await service.stop();
    await emulator.close();
  });
  const found = await discover(directory);
  if (found.state !== "running") throw new Error(found.state);
  return {
    service,
    client: found.client,
    directory,
    token: await controlToken(directory),
    url: service.controlUrl,
    port: Number(new URL(service.controlUrl).port),
    logger,
    async ask(conversationId, question = "Shall we begin?") {
      const answer = await fetch(`${service.gatewayUrl}/v1/messages`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "x-api-key": "sk-ant-api03-nobodys",
          "anthropic-version": "2023-06-01",
          "x-keepwarm-conversation": conversationId,
        },
        body: JSON.stringify({
          model: "claude-opus-5-5",
          max_tokens: 16,
          system: [
            {
              type: "text",
              text: `The handbook of ${conversationId}. `.repeat(1_500),
              cache_control: { type: "ephemeral" },
            },
          ],
          messages: [{ role: "user", content: question }],
        }),
      });
      return { status: answer.status, body: await answer.text() };
    },
  };
}
