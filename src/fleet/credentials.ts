/** Credentials: what a client came with is not stored, and what a worker sends with is its own. */
import {
  type CapturedHeaders,
  credentialOf,
  type HeaderPairs,
  headerPairs,
  headerValue,
  warmHeaders,
} from "../anthropic/index.ts";
import type { Keyring } from "./keyring.ts";

/** How a request carries its key. */
export type Carrier = "x-api-key" | "bearer";

export interface Stripped {
  /** Those of a warm, without anything that lets somebody in. */
  readonly headers: HeaderPairs;
  readonly carrier: Carrier;
  readonly secret: string;
}

/** Headers whose names say that they are secrets. */
const SECRET_NAME =
  /(^|-)(authorization|cookie2?|tokens?|secrets?|api-?keys?|passwords?|credentials?|signature)($|-)/i;

/** Takes the credential out of a request's headers. @returns why a fleet cannot warm with them, as a sentence */
export function stripCredential(captured: CapturedHeaders): Stripped | { readonly problem: string } {
  const pairs = warmHeaders(headerPairs(captured));
  const kind = credentialOf(pairs);
  if (kind !== "key") return { problem: PROBLEMS[kind] };
  const headers = pairs.filter(([name]) => !SECRET_NAME.test(name));
  const apiKey = headerValue(pairs, "x-api-key")?.trim() ?? "";
  const bearer = (headerValue(pairs, "authorization") ?? "").replace(/^bearer\s+/i, "").trim();
  if (apiKey !== "" && bearer !== "" && apiKey !== bearer) {
    return {
      problem: "Its request carries two credentials, and a fleet's worker has one for each workspace.",
    };
  }
  return apiKey === ""
    ? { headers, carrier: "bearer", secret: bearer }
    : { headers, carrier: "x-api-key", secret: apiKey };
}

const PROBLEMS = {
  subscription: "It is signed in with a person's subscription, which a fleet's workers never use.",
  signature: "Its requests are signed one by one, which a fleet's workers cannot do.",
  none: "Its request carries no API key, so no worker can tell which of its own to use.",
} as const;

export function withCredential(headers: HeaderPairs, carrier: Carrier, secret: string): HeaderPairs {
  return [...headers, carrier === "bearer" ? ["authorization", `Bearer ${secret}`] : ["x-api-key", secret]];
}

/** What a worker may send with. */
export interface Credentials {
  /** How the caches are told apart that it may warm. */
  readonly fingerprints: readonly string[];
  /** Undefined: none of its own has that fingerprint. */
  secretFor(fingerprint: string): string | undefined;
}

/** @param text API keys, with commas, spaces or lines between them */
export function createCredentials(text: string, keyring: Keyring): Credentials {
  const secrets = text.split(/[\s,]+/).filter((word) => word !== "");
  const byFingerprint = new Map(
    // What older keys of the fleet have written is still to be warmed.
    secrets.flatMap((secret) =>
      keyring.ids.map((keyId): [string, string] => [keyring.fingerprint(secret, keyId), secret]),
    ),
  );
  return {
    fingerprints: [...byFingerprint.keys()],
    secretFor: (fingerprint) => byFingerprint.get(fingerprint),
  };
}
