/** Headers as hosts have them: a `Headers`, Node's plain object, or pairs. */
export type CapturedHeaders =
  | Iterable<readonly [string, string]>
  | Readonly<Record<string, string | readonly string[] | undefined>>;

/** As much of a `Headers` as is read here; names in lower case. */
export type HeaderReader = Pick<Headers, "get">;

/** As much of a `Response` as is read here. */
export interface ResponseParts {
  readonly status: number;
  readonly headers: HeaderReader;
  readonly body: AsyncIterable<Uint8Array> | null;
}

export type HeaderPairs = readonly (readonly [name: string, value: string])[];

/** RFC 9110 § 7.6.1, and what belongs to the connection by older custom. */
const hopByHop = [
  "connection",
  "expect",
  "http2-settings",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

/** True of the captured bytes or of its client's wait, no longer of what is sent. The encoding is fetch's affair. */
const ofTheBytes = [
  "accept-encoding",
  "content-digest",
  "content-encoding",
  "content-length",
  "content-md5",
  "digest",
  "host",
  "repr-digest",
  "x-stainless-timeout",
];

/** Would make the warm pass for the captured request itself, in the API's eyes or in somebody's traces. */
const identity = [
  "b3",
  "baggage",
  "elastic-apm-traceparent",
  "grpc-trace-bin",
  "idempotency-key",
  "newrelic",
  "request-id",
  "sentry-trace",
  "traceparent",
  "tracestate",
  "uber-trace-id",
  "x-amzn-trace-id",
  "x-client-request-id",
  "x-cloud-trace-context",
  "x-correlation-id",
  "x-idempotency-key",
  "x-request-id",
  "x-stainless-retry-count",
  "x-trace-id",
];

const dropped = new Set([...hopByHop, ...ofTheBytes, ...identity]);
const droppedPrefixes = ["x-b3-", "x-datadog-", "x-ot-span-", ":"];

/** All headers as pairs, names as captured. */
export function headerPairs(headers: CapturedHeaders): HeaderPairs {
  if (Symbol.iterator in headers) {
    return [...(headers as Iterable<readonly [string, string]>)].map(([name, value]) => [name, value]);
  }
  return Object.entries(headers).flatMap(([name, value]) => {
    if (value === undefined) return [];
    const values = typeof value === "string" ? [value] : value;
    return values.map((one) => [name, one] as const);
  });
}

/** Every value of a header, joined by commas as HTTP reads them; null when it is not there. */
export function headerValue(pairs: HeaderPairs, name: string): string | null {
  const values = pairs.filter(([other]) => other.toLowerCase() === name).map(([, value]) => value);
  return values.length === 0 ? null : values.join(", ");
}

/**
 * The headers of a warm: those of the captured request, in its order and spelling, beta headers included,
 * less those that belonged to its connection, its bytes or its identity.
 */
export function warmHeaders(pairs: HeaderPairs): HeaderPairs {
  const connection = headerValue(pairs, "connection") ?? "";
  const namedByConnection = new Set(connection.split(",").map((name) => name.trim().toLowerCase()));
  return pairs.filter(([name]) => {
    const lower = name.toLowerCase();
    if (dropped.has(lower) || namedByConnection.has(lower)) return false;
    return !droppedPrefixes.some((prefix) => lower.startsWith(prefix));
  });
}

/** Whether `anthropic-beta` names this feature. */
export function hasBeta(pairs: HeaderPairs, feature: string): boolean {
  const value = headerValue(pairs, "anthropic-beta") ?? "";
  return value.split(",").some((name) => name.trim() === feature);
}

export type Credential = "key" | "subscription" | "signature" | "none";

/** How API keys begin. The SDK sends them as bearer tokens (1.10.0, `apiKeyAuth`), other clients as `x-api-key`. */
const API_KEY = /^bearer\s+sk-ant-api/i;

/** Whether a request is for certain signed in with a person's subscription. */
export function isSubscriptionLogin(pairs: HeaderPairs): boolean {
  const isToken = ["authorization", "x-api-key"].some((name) =>
    /sk-ant-oat/i.test(headerValue(pairs, name) ?? ""),
  );
  return (
    isToken ||
    pairs.some(([name, value]) => name.toLowerCase() === "anthropic-beta" && /(^|[\s,])oauth-/.test(value))
  );
}

/**
 * What kind of credential a request carries. A bearer token that is not plainly an API key is taken for a
 * person's subscription, because an OAuth login and a key of another kind cannot be told apart for certain.
 * A signature covers the body, so it does not survive the edit.
 */
export function credentialOf(pairs: HeaderPairs): Credential {
  const authorization = headerValue(pairs, "authorization")?.trim() ?? "";
  const apiKey = headerValue(pairs, "x-api-key")?.trim() ?? "";
  if (/^aws4-/i.test(authorization) || headerValue(pairs, "signature") !== null) return "signature";
  if (isSubscriptionLogin(pairs) || (/^bearer\s/i.test(authorization) && !API_KEY.test(authorization)))
    return "subscription";
  return authorization !== "" || apiKey !== "" ? "key" : "none";
}
