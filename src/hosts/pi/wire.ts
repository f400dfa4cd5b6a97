/** A payload that pi is about to send, as the request that its Anthropic client makes of it. */
import type { PiAuth, PiModel, PiPayload, ShownHeaders } from "./readings.ts";

/** The API by which pi reaches Anthropic's models, and others that speak like them. */
export const MESSAGES_API = "anthropic-messages";

/** Members that the client takes out of the body: the first two become headers, the third is part of the address. */
const NOT_IN_BODY = new Set(["betas", "user_profile_id", "workspace_id"]);

/** In the addresses of a run that the gateway looks after. */
const RUN_PATH = "/~keepwarm/";

/** Key by key as it came: the order is part of the bytes. */
export function bodyOf(payload: unknown): object {
  return Object.fromEntries(Object.entries(Object(payload)).filter(([key]) => !NOT_IN_BODY.has(key)));
}

/** pi asks by the beta endpoint, always. */
export function urlOf({ baseUrl }: PiModel, auth: PiAuth | null): string {
  return `${(auth?.baseUrl ?? baseUrl).replace(/\/+$/, "")}/v1/messages?beta=true`;
}

export function isBehindRun({ baseUrl }: PiModel): boolean {
  return baseUrl.includes(RUN_PATH);
}

/**
 * All headers but the credentials.
 *
 * @param shown what pi's settings and other extensions add, as `before_provider_headers` tells it
 */
export function headersOf(
  { betas, user_profile_id: profile, workspace_id: workspace }: PiPayload,
  { headers: ofModel = {} }: PiModel,
  shown: ShownHeaders,
): Record<string, string> {
  return merged(
    {
      accept: "application/json",
      "content-type": "application/json",
      "anthropic-version": "2023-06-01",
      "anthropic-dangerous-direct-browser-access": "true",
    },
    ofModel,
    shown,
    betas === undefined ? {} : { "anthropic-beta": betas.length === 0 ? null : betas.join(",") },
    typeof profile === "string" ? { "anthropic-user-profile-id": profile } : {},
    typeof workspace === "string" ? { "anthropic-workspace-id": workspace } : {},
  );
}

/** A login's token goes as a bearer's, a key as `x-api-key`; headers that pi was told to send beat both. */
export function credentialsOf({ provider }: PiModel, auth: PiAuth | null): Record<string, string> {
  if (auth === null) return {};
  const { apiKey, headers = {} } = auth;
  if (apiKey === undefined) return merged(headers);
  const isToken = apiKey.includes("sk-ant-oat") || provider === "github-copilot";
  return merged(isToken ? { authorization: `Bearer ${apiKey}` } : { "x-api-key": apiKey }, headers);
}

/** What comes later beats what came before, whatever the case of its name. */
function merged(...sources: readonly ShownHeaders[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const source of sources) {
    for (const [name, value] of Object.entries(source)) {
      const lower = name.toLowerCase();
      if (value === null) delete headers[lower];
      else headers[lower] = value;
    }
  }
  return headers;
}
