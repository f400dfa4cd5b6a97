/** Bedrock and Vertex AI in front of the emulator, as their clients meet them: what is not signed in is turned away. */
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type Anthropic from "@anthropic-ai/sdk";
import { API_KEY } from "../sdk/world.ts";
import { FOLDER } from "./install.ts";

export type CloudClient = Pick<Anthropic, "messages"> & {
  withOptions(options: object): CloudClient;
};

type CloudClass = new (options: object) => CloudClient;

const require = createRequire(join(FOLDER, "any.js"));

export async function clientClass(name: "AnthropicBedrock" | "AnthropicVertex"): Promise<CloudClass> {
  const module = name === "AnthropicBedrock" ? "bedrock-sdk" : "vertex-sdk";
  const file = join(FOLDER, "node_modules", "@anthropic-ai", module, "index.mjs");
  return (await import(pathToFileURL(file).href))[name];
}

export interface Arrived {
  readonly url: string;
  readonly authorization: string;
  readonly body: string;
  readonly status: number;
}

export interface Cloud {
  readonly fetch: typeof globalThis.fetch;
  readonly arrived: Arrived[];
}

type Admits = (request: Request, body: string) => boolean | Promise<boolean>;

function cloud(
  upstream: string,
  path: RegExp,
  admits: Admits,
  answer: (response: Response) => Response,
): Cloud {
  const arrived: Arrived[] = [];
  async function send(
    input: Parameters<typeof globalThis.fetch>[0],
    init: RequestInit = {},
  ): Promise<Response> {
    const request = new Request(input, { ...init, signal: null });
    const body = await request.clone().text();
    const response = (await admits(request, body))
      ? answer(await toEmulator(upstream, path, request.url, body))
      : Response.json({ message: "not signed in" }, { status: 403 });
    const authorization = request.headers.get("authorization") ?? "";
    arrived.push({ url: request.url, authorization, body, status: response.status });
    return response;
  }
  return { fetch: send, arrived };
}

async function toEmulator(upstream: string, path: RegExp, url: string, body: string): Promise<Response> {
  const [, model = "", verb = ""] = path.exec(url) ?? [];
  const { anthropic_version: _, anthropic_beta: __, ...rest } = JSON.parse(body);
  const headers = {
    "x-api-key": API_KEY,
    "anthropic-version": "2023-06-01",
    "content-type": "application/json",
  };
  const named = { model: decodeURIComponent(model), ...rest, stream: /stream/.test(verb) };
  return await fetch(`${upstream}/v1/messages`, { method: "POST", headers, body: JSON.stringify(named) });
}

export const AWS_KEYS = {
  awsAccessKey: "AKIDEXAMPLE",
  awsSecretKey: "a secret of this test",
  awsRegion: "us-east-1",
};

export function bedrock(upstream: string, admits: Admits = isSigned): Cloud {
  return cloud(upstream, /\/model\/([^/]+)\/(invoke\S*)$/, admits, asEventStream);
}

/** @param token the one that holds at this moment */
export function vertex(upstream: string, token: () => string): Cloud {
  const admits: Admits = ({ headers }) => headers.get("authorization") === `Bearer ${token()}`;
  return cloud(upstream, /\/models\/([^/:]+):(\w+)$/, admits, (response) => response);
}

/** Signs what arrived once more, and compares. */
async function isSigned(request: Request, body: string): Promise<boolean> {
  const { SignatureV4 } = require("@smithy/signature-v4");
  const { Sha256 } = require("@aws-crypto/sha256-js");
  const { HttpRequest } = require("@smithy/protocol-http");
  const told = request.headers.get("authorization") ?? "";
  const names = /SignedHeaders=([^,]+)/.exec(told)?.[1]?.split(";") ?? [];
  const url = new URL(request.url);
  const ofSigning = new Set(["x-amz-date", "x-amz-content-sha256"]);
  const headers = Object.fromEntries(
    names
      .filter((name) => !ofSigning.has(name))
      .map((name) => [name, name === "host" ? url.host : (request.headers.get(name) ?? "")]),
  );
  const date = request.headers.get("x-amz-date") ?? "";
  const signingDate = new Date(date.replace(/^(....)(..)(..T..)(..)(..Z)$/, "$1-$2-$3:$4:$5"));
  const signer = new SignatureV4({
    service: "bedrock",
    region: AWS_KEYS.awsRegion,
    credentials: { accessKeyId: AWS_KEYS.awsAccessKey, secretAccessKey: AWS_KEYS.awsSecretKey },
    sha256: Sha256,
  });
  const { protocol, host: hostname, pathname: path } = url;
  const again = new HttpRequest({ method: "POST", protocol, hostname, path, headers, body });
  const signed = await signer.sign(again, { signingDate });
  return signed.headers.authorization === told;
}

/** Bedrock frames what the API streams. */
function asEventStream(response: Response): Response {
  if (response.headers.get("content-type")?.includes("text/event-stream") !== true) return response;
  const { EventStreamCodec } = require("@smithy/eventstream-codec");
  const codec = new EventStreamCodec(
    (bytes: Uint8Array) => new TextDecoder().decode(bytes),
    (text: string) => new TextEncoder().encode(text),
  );
  const frame = (data: string): Uint8Array =>
    codec.encode({
      headers: {
        ":event-type": { type: "string", value: "chunk" },
        ":content-type": { type: "string", value: "application/json" },
        ":message-type": { type: "string", value: "event" },
      },
      body: Buffer.from(JSON.stringify({ bytes: Buffer.from(data).toString("base64") })),
    });
  let rest = "";
  const framing = new TransformStream<string, Uint8Array>({
    transform(text, controller) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (line.startsWith("data: ")) controller.enqueue(frame(line.slice(6)));
    },
  });
  const body = response.body?.pipeThrough(new TextDecoderStream()).pipeThrough(framing);
  return new Response(body, {
    status: response.status,
    headers: { "content-type": "application/vnd.amazon.eventstream" },
  });
}
