/** A cloud in front of the emulator, and a client of the SDK family for it: the model in the path, each body signed. */
import { createHmac } from "node:crypto";
import { BaseAnthropic, type ClientOptions } from "@anthropic-ai/sdk/client";
import { Messages } from "@anthropic-ai/sdk/resources/messages/messages";
import { API_KEY } from "./world.ts";

const SECRET = "a secret of this test";

function signatureOf(url: string, body: string): string {
  return createHmac("sha256", SECRET).update(url).update(body).digest("hex");
}

type Middleware = ReturnType<BaseAnthropic["backendMiddleware"]>[number];

const adapt: Middleware = (request, next) => {
  const { model, stream, ...rest } = JSON.parse(String(request.body));
  const verb = stream ? "invoke-with-response-stream" : "invoke";
  const url = request.url.replace(/\/v1\/messages.*/, `/model/${encodeURIComponent(model)}/${verb}`);
  const body = JSON.stringify(rest);
  const headers = new Headers(request.headers);
  headers.set("authorization", `AWS4-HMAC-SHA256 ${signatureOf(url, body)}`);
  return next({ ...request, url, headers, body });
};

export class CloudClient extends BaseAnthropic {
  readonly messages = new Messages(this);

  constructor(options: ClientOptions = {}) {
    super({ baseURL: "https://cloud.example", maxRetries: 0, ...options, apiKey: null, authToken: null });
  }

  protected override validateHeaders(): void {}

  protected override _shouldResolveDefaultCredentials(): boolean {
    return false;
  }

  override backendMiddleware() {
    return [adapt];
  }
}

export interface Edge {
  readonly fetch: typeof globalThis.fetch;
  /** What arrived: address, headers, body. */
  readonly arrived: { readonly url: string; readonly headers: Headers; readonly body: string }[];
}

/** Answers only what is signed, by the emulator at `upstream`. */
export function cloudAt(upstream: string): Edge {
  const arrived: Edge["arrived"] = [];
  async function answer(
    input: Parameters<typeof globalThis.fetch>[0],
    init: RequestInit = {},
  ): Promise<Response> {
    const url = String(input);
    const body = String(init.body);
    const headers = new Headers(init.headers);
    arrived.push({ url, headers, body });
    if (headers.get("authorization") !== `AWS4-HMAC-SHA256 ${signatureOf(url, body)}`)
      return Response.json({ message: "The request signature does not match" }, { status: 403 });
    const [, model = "", verb] = /\/model\/([^/]+)\/(.+)$/.exec(url) ?? [];
    const stream = verb === "invoke-with-response-stream";
    return await fetch(`${upstream}/v1/messages`, {
      method: "POST",
      headers: {
        "x-api-key": API_KEY,
        "anthropic-version": "2023-06-01",
        "content-type": "application/json",
      },
      body: JSON.stringify({ model: decodeURIComponent(model), stream, ...JSON.parse(body) }),
      ...(init.signal ? { signal: init.signal } : {}),
    });
  }
  return { arrived, fetch: answer };
}
