import { mkdtempSync, rmSync } from "node:fs";
import { type IncomingMessage, type OutgoingHttpHeaders, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";
import { type Controlled, createControlServer } from "../../src/console/index.ts";
import { controlToken, type GatewayRecord, publish } from "../../src/hub/index.ts";

/** A state directory of the test's own. */
export function aStateDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "keepwarm-state-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export interface ControlUnderTest {
  readonly directory: string;
  readonly token: string;
  readonly url: string;
  readonly port: number;
  readonly record: GatewayRecord;
  /** What went wrong inside. */
  readonly errors: unknown[];
  close(): Promise<void>;
}

export interface ControlOptions {
  readonly directory?: string;
  readonly heartbeatMs?: number;
  /** The folder of the page's files. @default none is served */
  readonly page?: string;
  readonly links?: { readonly deadlineMs?: number };
  readonly feed?: NonNullable<Parameters<typeof createControlServer>[0]["feed"]>;
}

/** A control server on a free port, published in a state directory of its own. */
export async function controlOf(
  controlled: Controlled,
  { directory = aStateDirectory(), heartbeatMs = 15_000, page, feed, links }: ControlOptions = {},
): Promise<ControlUnderTest> {
  const token = await controlToken(directory);
  const errors: unknown[] = [];
  const server = createControlServer({
    token,
    controlled,
    onError: (error) => errors.push(error),
    heartbeatMs,
    ...(page === undefined ? {} : { page }),
    ...(feed === undefined ? {} : { feed }),
    ...(links === undefined ? {} : { links }),
  });
  const { url, port } = await server.listen(0);
  const { version, gatewayUrl, startedAt } = controlled.info();
  const record = { pid: process.pid, gatewayUrl, controlUrl: url, startedAt, version };
  await publish(directory, record);
  onTestFinished(() => server.close());
  return { directory, token, url, port, record, errors, close: () => server.close() };
}

export interface Told {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** A request as raw as `node:http` makes them: fetch sets Host and Origin by itself. */
export async function tell(
  url: string,
  path: string,
  options: { method?: string; headers?: OutgoingHttpHeaders | readonly string[]; body?: string } = {},
): Promise<Told> {
  const { method = "GET", headers = {}, body } = options;
  const { hostname, port } = new URL(url);
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const asking = request({ hostname, port, path, method, headers, agent: false });
    asking.on("response", resolve).on("error", reject);
    asking.on("connect", (response) => resolve(response));
    asking.end(body);
  });
  return { status: answer.statusCode ?? 0, headers: answer.headers, body: await text(answer) };
}
