/**
 * Clients whose requests are given another shape and signed right before they leave: Bedrock's, Vertex AI's. Their
 * middleware sees the Messages API's own shape, and what it sends is signed anew each time.
 */
import type { Watch } from "../../capture/index.ts";

/** A request as the SDK's middleware sees it (SDK 1.10.0, core/middleware.d.mts). */
interface SdkRequest extends RequestInit {
  readonly url: string;
  readonly headers: Headers;
}

export type Middleware = (
  request: SdkRequest,
  next: (request: SdkRequest) => Promise<Response>,
) => Promise<Response>;

/** Whether a client of the SDK adapts its requests, so that what leaves it cannot be repeated from outside. */
export function adaptsRequests(client: object): boolean {
  const adapting: unknown = Reflect.get(client, "backendMiddleware");
  if (typeof adapting !== "function" || !Array.isArray(Reflect.get(client, "middleware"))) return false;
  const steps: unknown = adapting.call(client);
  return Array.isArray(steps) && steps.length > 0;
}

export function middlewareOf(client: object): readonly unknown[] {
  const middleware: unknown = Reflect.get(client, "middleware");
  return Array.isArray(middleware) ? middleware : [];
}

/**
 * @param account what tells one account's requests from another's, where they carry no key
 */
export function watching(watch: Watch, account: string): Middleware {
  return (request, next) => {
    const { url, headers, ...rest } = request;
    const own = (["authorization", "x-api-key"] as const).map((name) => [name, headers.get(name)] as const);

    const sending: typeof globalThis.fetch = (input, init) => {
      const sent = new Headers(init?.headers);
      for (const [name, value] of own) {
        if (value === null) sent.delete(name);
        else sent.set(name, value);
      }
      return next({ ...rest, ...init, ...textOf(init?.body), url: String(input), headers: sent });
    };

    return watch(sending)(url, { ...rest, headers: asKey(headers, account) });
  };
}

/**
 * A cloud's bearer token is an account's, never a person's subscription; where there is none, a signature is made
 * later. Either way it is taken for the key that it stands for.
 */
function asKey(headers: Headers, account: string): Headers {
  const shown = new Headers(headers);
  if (shown.has("x-api-key")) return shown;
  shown.set("x-api-key", shown.get("authorization") ?? account);
  shown.delete("authorization");
  return shown;
}

/** Only text is adapted. */
function textOf(body: RequestInit["body"] | undefined): Pick<RequestInit, "body"> {
  return body instanceof Uint8Array ? { body: new TextDecoder().decode(body) } : {};
}
