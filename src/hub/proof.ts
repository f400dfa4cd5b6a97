/**
 * How a gateway proves itself before it is shown the token: it answers a nonce with an HMAC that only
 * who knows the token can make. See docs/control.md.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/** What may be asked as a nonce: at least 16 bytes of base64url, and not so much that it is a burden. */
const NONCE = /^[\w-]{22,256}$/;

export function newNonce(): string {
  return randomBytes(24).toString("base64url");
}

export function isNonce(text: string): boolean {
  return NONCE.test(text);
}

/**
 * The proof of knowing `token`, for this nonce and no other, at this port and no other: one that was got from a
 * gateway elsewhere proves nothing here.
 */
export function proofOf(token: string, nonce: string, port: number): string {
  return createHmac("sha256", token).update(`keepwarm-proof:${port}:${nonce}`).digest("base64url");
}

/** Compares in a time that tells nothing of where two secrets differ, nor of how long either is. */
export function isSameSecret(a: string, b: string): boolean {
  return timingSafeEqual(digest(a), digest(b));
}

function digest(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
