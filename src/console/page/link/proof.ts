/**
 * Whether the gateway is behind this page's address, before it is shown the token: when it has gone,
 * another program may have taken its port. The same challenge as that of every other client.
 */
import { CHALLENGE_HEADER, PROOF_HEADER } from "../../../hub/headers.ts";

export type Proof = "proven" | "impostor" | "unreachable";

export async function prove(token: string, signal: AbortSignal): Promise<Proof> {
  const nonce = base64url(crypto.getRandomValues(new Uint8Array(32)));
  try {
    const answer = await fetch("/v1/status", {
      headers: { [CHALLENGE_HEADER]: nonce },
      redirect: "error",
      cache: "no-store",
      signal,
    });
    const proof = answer.headers.get(PROOF_HEADER);
    return proof !== null && (await verify(token, nonce, proof)) ? "proven" : "impostor";
  } catch {
    return "unreachable";
  }
}

async function verify(token: string, nonce: string, proof: string): Promise<boolean> {
  const utf8 = new TextEncoder();
  const key = await crypto.subtle.importKey(
    "raw",
    utf8.encode(token),
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["verify"],
  );
  // Compares in constant time.
  return crypto.subtle.verify(
    "HMAC",
    key,
    bytesOf(proof),
    utf8.encode(`keepwarm-proof:${location.port || "80"}:${nonce}`),
  );
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  } catch {
    return new Uint8Array();
  }
}
